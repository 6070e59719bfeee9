/*
 * XEP-0231 Bits of Binary: what an account's clients gave out lately, for
 * those who ask when the client has gone.
 *
 * Somebody reads a message that waited for him, which refers to a picture, and
 * asks the client that sent it; by then it may be gone, and the picture lost.
 * So the account's home remembers what its clients answered to such questions,
 * under the hash by which it is asked, and answers for clients that aren't
 * there any more. A client that is there is always asked itself.
 *
 * Only what fits its hash is remembered (§2.5): nobody can be given something
 * else. Whoever asks must know the hash, and so was told of it. It is memory
 * of a loop, a fixed piece in which the oldest makes room, and of which one
 * account has a small share.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/session.h"
#include "modules/modules.h"
#include "modules/roster.h"
#include "xmpp/base64.h"
#include "xmpp/hashes.h"
#include <stdlib.h>
#include <string.h>

enum {
	BITS = 128, SHARE = 16,              /* of a loop, of an account */
	SIZE_MOST = 8192,                    /* bytes: what §2.1 calls small */
	TEXT_MOST = (SIZE_MOST + 2) / 3 * 4, CID_MOST = 160, TYPE_MOST = 80,
};
static const msec DAY = 86400000;            /* what isn't told for how long it is good, and what is for longer */

struct bit {
	int64_t account;             /* 0: nothing is here */
	msec    good_until;
	int64_t age;                 /* grows: the smallest is the oldest */
	char    cid[CID_MOST + 1], type[TYPE_MOST + 1], text[TEXT_MOST + 1];
};
static _Thread_local struct bit *bits;
static _Thread_local int64_t age;

static bool is_good(const struct bit *b)
{
	return b->account && b->good_until > clock_wall();
}

static struct bit *find(int64_t account, const char *cid)
{
	for (unsigned i = 0; bits && i < BITS; i++)
		if (bits[i].account == account && strcmp(bits[i].cid, cid) == 0 && is_good(&bits[i]))
			return &bits[i];
	return NULL;
}

/* What is past, or was never used, is the oldest. */
static int64_t age_of(const struct bit *b)
{
	return is_good(b) ? b->age : 0;
}

/* The account's own oldest if it has its share, else the oldest of all. */
static struct bit *make_room(int64_t account)
{
	struct bit *oldest = &bits[0], *own = NULL;
	unsigned count = 0;
	for (unsigned i = 0; i < BITS; i++) {
		struct bit *b = &bits[i];
		if (age_of(b) < age_of(oldest))
			oldest = b;
		if (b->account != account || !is_good(b))
			continue;
		count++;
		if (!own || b->age < own->age)
			own = b;
	}
	return count >= SHARE ? own : oldest;
}

/* --- what may be remembered --- */

/* "sha1+8f35…@bob.xmpp.org" */
static bool fits(struct arena *a, const char *cid, const void *data, size_t size)
{
	const char *plus = strchr(cid, '+'), *at = plus ? strchr(plus, '@') : NULL;
	if (!at || strcmp(at, "@bob.xmpp.org") != 0)
		return false;
	const char *hex = hash_hex(a, arena_copy(a, cid, (size_t)(plus - cid)), data, size);
	return hex && strcmp(hex, arena_copy(a, plus + 1, (size_t)(at - plus) - 1)) == 0;
}

/* §2.4. 0: it isn't to be kept. */
static msec good_for(const struct xml *data)
{
	const char *text = xml_get(data, "max-age");
	char *end = NULL;
	long long seconds = text ? strtoll(text, &end, 10) : 0;
	if (!text)
		return DAY;
	if (end == text || *end || seconds <= 0)
		return 0;
	return seconds >= DAY / 1000 ? DAY : (msec)seconds * 1000;
}

static bool is_worth_keeping(struct arena *a, const struct xml *data)
{
	const char *cid = xml_get(data, "cid"), *type = xml_get(data, "type"), *text = xml_text(data, a);
	size_t size = 0;
	if (!cid || !type || strlen(cid) > CID_MOST || strlen(type) > TYPE_MOST || strlen(text) > TEXT_MOST || !good_for(data))
		return false;
	const unsigned char *bytes = base64_decode(a, text, &size);
	return bytes && size && size <= SIZE_MOST && fits(a, cid, bytes, size);
}

/* Its length was looked at. */
static void put(char *to, const char *text)
{
	memcpy(to, text, strlen(text) + 1);
}

/* A client answered somebody. */
static enum stanza_error given(struct turn *t)
{
	const struct xml *data = t->payload;
	if (t->type != TYPE_RESULT || !xml_is(data, NS_BITS, "data") || t->account->id <= 0 || !is_worth_keeping(t->arena, data))
		return OK;
	if (!bits)
		bits = mem_pages(BITS * sizeof *bits);
	struct bit *b = find(t->account->id, xml_get(data, "cid"));
	if (!b)
		b = make_room(t->account->id);
	b->account = t->account->id;
	b->good_until = clock_wall() + good_for(data);
	b->age = ++age;
	put(b->cid, xml_get(data, "cid"));
	put(b->type, xml_get(data, "type"));
	put(b->text, xml_text(data, t->arena));
	return OK;
}

/* --- what is answered --- */

static bool answer(struct turn *t)
{
	struct arena *a = t->arena;
	const char *cid = xml_get(t->payload, "cid");
	const struct bit *b = cid ? find(t->account->id, cid) : NULL;
	if (!b)
		return false;
	turn_reply(t, EL(a, NS_BITS, "data", ATTR(a, "cid", arena_string(a, b->cid)), ATTR(a, "type", arena_string(a, b->type)),
		ATTR(a, "max-age", arena_printf(a, "%lld", (long long)(b->good_until - clock_wall()) / 1000)), TEXT(a, arena_string(a, b->text))));
	return true;
}

/* Of a client that isn't there. */
static enum stanza_error asked(struct turn *t)
{
	bool is_asked = t->type == TYPE_GET && xml_is(t->payload, NS_BITS, "data");
	return is_asked && !account_session(t->account, t->to->resource) && answer(t) ? HANDLED : OK;
}

/* Of the account. A stranger whose hash isn't here is told what is told of a name that doesn't exist. */
static enum stanza_error ask(struct turn *t)
{
	if (answer(t))
		return OK;
	return roster_may_see(t->account, t->from) ? ITEM_NOT_FOUND : SERVICE_UNAVAILABLE;
}

const struct module mod_bits = {
	.name             = "bits",
	.title            = "Bits of Binary",
	.xep              = 231,
	.account_features = FEATURES(NS_BITS),
	.iqs              = IQS({ NS_BITS, "data", IQ_GET, TO_ACCOUNT, ask }),
	.hooks            = HOOKS(ON_IQ_SENT(AT_KEEP, given), ON_IQ_PASSING(AT_MISS, asked)),
};

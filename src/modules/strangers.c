/*
 * XEP-0205 §4.6, §4.8: what is written to strangers is what bulk mail is made of.
 *
 * A stranger is who isn't in the roster and whom the account has lately neither
 * written to nor heard from. One account may turn to so many of them in an
 * hour, and ask so many for their presence. Who answers, or goes on talking,
 * pays nothing. What is remembered is small and live: a hash of each of the
 * last addresses, contacts among them, so that the roster is seldom looked
 * through; one in a hundred million strangers passes for a friend.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/meter.h"
#include "core/account.h"
#include "core/host.h"
#include "core/limit.h"
#include "modules/modules.h"
#include "modules/roster.h"
#include <string.h>

enum { HOUR = 3600, REMEMBERED = 32 };

struct company {                     /* live, of an account */
	struct meter strangers, subscriptions;
	uint32_t     known[REMEMBERED];
	unsigned     next;
};

/* Units are parts of an hour, so that "so many in an hour" is a whole rate. */
static void limit(struct meter *m, unsigned most)
{
	meter_init(m, most, (int64_t)most * HOUR, clock_now());
}

static struct company *company_of(const struct turn *t)
{
	struct company *c = account_live(t->account, &mod_strangers);
	if (!c) {
		c = NEW(struct company);
		limit(&c->strangers, t->host->strangers);
		limit(&c->subscriptions, t->host->subscriptions);
		account_set_live(t->account, &mod_strangers, c);
	}
	return c;
}

/* No debt: who is refused may try again as soon as an hour's share has come in. */
static bool take(struct meter *m, unsigned most)
{
	m->per_second = most;                        /* as a reload may have changed it */
	m->burst = (int64_t)most * HOUR;
	meter_take(m, 0, clock_now());
	if (m->level < HOUR)
		return false;
	m->level -= HOUR;
	return true;
}

static uint32_t hash_of(const char *bare)
{
	return (uint32_t)hash_bytes(0, bare, strlen(bare)) | 1;
}

static bool is_known(const struct company *c, const char *bare)
{
	uint32_t hash = hash_of(bare);
	for (unsigned i = 0; i < REMEMBERED; i++)
		if (c->known[i] == hash)
			return true;
	return false;
}

static void remember(struct company *c, const char *bare)
{
	if (!is_known(c, bare))
		c->known[c->next++ % REMEMBERED] = hash_of(bare);
}

static bool is_stranger(struct turn *t, const struct company *c)
{
	return !jid_same_bare(t->to, t->account->address) && !is_known(c, t->to->bare) && !roster_contact(t, t->to->bare).is_listed;
}

static enum stanza_error too_many(struct turn *t, enum limit which, const char *words)
{
	limit_reached(which);
	return turn_refuse(t, UNEXPECTED_REQUEST, words, EL(t->arena, NS_ERRORS, "too-many-stanzas"));
}

static bool is_limited(const struct turn *t, unsigned most)
{
	return most && t->host->hosts->limits.enabled;
}

/* What somebody gets: a service or a host is nobody, and answers and goodbyes are no approach. */
static bool approaches(const struct turn *t)
{
	return t->was_addressed && t->to->local && t->type != TYPE_ERROR && t->type != TYPE_RESULT
	    && t->type != TYPE_UNAVAILABLE && t->type != TYPE_UNSUBSCRIBE && t->type != TYPE_UNSUBSCRIBED && t->type != TYPE_SUBSCRIBED;
}

static enum stanza_error sent(struct turn *t)
{
	if (!approaches(t) || !is_limited(t, t->host->strangers))
		return OK;
	struct company *c = company_of(t);
	if (is_stranger(t, c) && !take(&c->strangers, t->host->strangers))
		return too_many(t, LIMIT_STRANGERS, "Too many strangers within an hour");
	remember(c, t->to->bare);
	return OK;
}

static enum stanza_error presence_sent(struct turn *t)
{
	if (t->kind != KIND_SUBSCRIBE || t->type != TYPE_SUBSCRIBE)
		return sent(t);
	if (!is_limited(t, t->host->subscriptions) || !t->was_addressed)
		return OK;
	struct company *c = company_of(t);
	if (!take(&c->subscriptions, t->host->subscriptions))
		return too_many(t, LIMIT_SUBSCRIPTIONS, "Too many subscription requests within an hour");
	remember(c, t->to->bare);
	return OK;
}

/* Who wrote may be answered. */
static enum stanza_error came(struct turn *t)
{
	if (t->from && t->type != TYPE_ERROR && is_limited(t, t->host->strangers))
		remember(company_of(t), t->from->bare);
	return OK;
}

const struct module mod_strangers = {
	.name      = "strangers",
	.title     = "Strangers",
	.xep       = 205,
	.hooks     = HOOKS(ON_MESSAGE_SENT(AT_LIMIT, sent), ON_PRESENCE_SENT(AT_LIMIT, presence_sent), ON_IQ_SENT(AT_LIMIT, sent),
		ON_MESSAGE(AT_LIMIT, came)),
	.live_free = mem_free,
};

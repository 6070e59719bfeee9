/*
 * Another implementation of struct session_stream, over nothing but acks.
 *
 * Who wakes it gets it when all receipts of the old connection are settled:
 * only then is it certain which h the client must be told (a stanza that is
 * counted later would come twice, one that is counted early might be lost).
 */
#include "streams/hibernate.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/mem.h"
#include "core/home.h"
#include "xml/xml.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum { HIBERNATION_MAGIC = 0x68696265, REMEMBERED = 4096 };
static const msec REMEMBERED_FOR = 24 * 3600 * 1000;

struct hibernation {
	unsigned        magic;
	struct session *session;
	struct acks    *acks;
	struct last_stream last;
	struct timer    timer;       /* until it ends */
	msec            until, since;        /* monotonic; wall clock */
	const struct waker *waker;   /* NULL: nobody waits for it */
	void           *waker_with;
};

static const struct session_stream stream;

static struct hibernation *hibernation_of(const struct session *s)
{
	if (s->stream != &stream)
		return NULL;
	struct hibernation *h = s->stream_with;
	CHECK(h, HIBERNATION_MAGIC);
	return h;
}

bool hibernates(const struct session *s)
{
	return s->stream == &stream;
}

struct acks *hibernation_acks(const struct session *s)
{
	struct hibernation *h = hibernation_of(s);
	return h ? h->acks : NULL;
}

/* --- those that have ended --- */

struct ended {
	struct hash_node by_id;
	struct list      link;       /* oldest first */
	msec             until;
	uint32_t         h;
	char             id[ACKS_ID + 1];
	char             account[];
};

static struct memory {
	struct hash by_id;
	struct list in_order;
} memories[HOMES_LIMIT];             /* each its home's alone */

static struct memory *memory_here(void)
{
	const struct home *home = home_here();
	return &memories[home ? home->number : 0];       /* unit tests have no loop */
}

static void make_room(struct memory *m)
{
	if (!m->in_order.next)
		list_init(&m->in_order);
	LIST_EACH(&m->in_order, struct ended, link, e) {
		if (m->by_id.count < REMEMBERED && e->until > clock_now())
			return;
		hash_remove(&m->by_id, &e->by_id);
		list_remove(&e->link);
		mem_free(e);
	}
}

void hibernation_remember(const struct session *s, const char *id)
{
	sessions_may_resume(-1);
	if (s->settled != s->received)
		return;
	struct memory *m = memory_here();
	make_room(m);
	size_t size = strlen(s->account->jid) + 1;
	struct ended *e = mem_new(sizeof *e + size);
	memcpy(e->id, id, sizeof e->id);
	memcpy(e->account, s->account->jid, size);
	e->h = s->settled;
	e->until = clock_now() + REMEMBERED_FOR;
	hash_put(&m->by_id, &e->by_id, e->id);
	list_append(&m->in_order, &e->link);
}

bool hibernation_remembers(const char *bare, const char *id, uint32_t *h)
{
	struct hash_node *n = hash_find(&memory_here()->by_id, id);
	const struct ended *e = n ? CONTAINER(n, struct ended, by_id) : NULL;
	if (!e || strcmp(e->account, bare) != 0)
		return false;
	*h = e->h;
	return true;
}

/* --- its end --- */

static void destroy(struct hibernation *h)
{
	timer_stop(&h->timer);
	h->magic = 0;
	mem_free(h);
}

static void dismiss_waker(struct hibernation *h)
{
	const struct waker *waker = h->waker;
	h->waker = NULL;
	if (waker)
		waker->missed(h->waker_with);
}

static void end(struct hibernation *h, const char *why)
{
	struct arena *a = arena_new();
	uint64_t first;
	const struct untaken *untaken = acks_untaken(h->acks, a, &first);
	hibernation_remember(h->session, acks_id(h->acks));
	session_ended(h->session, untaken, first, why);
	arena_free(a);
	dismiss_waker(h);
	acks_free(h->acks);
	destroy(h);
}

static void expired(struct timer *timer)
{
	limit_reached(LIMIT_RESUME_TIME);
	end(CONTAINER(timer, struct hibernation, timer), "its client didn't come back");
}

static void overflowed(struct timer *timer)
{
	struct hibernation *h = CONTAINER(timer, struct hibernation, timer);
	bool by_bytes;
	acks_are_over(h->acks, &by_bytes);
	limit_reached(by_bytes ? LIMIT_ACKS_BYTES : LIMIT_ACKS_STANZAS);
	end(h, "too much waits for its client");
}

/* --- struct session_stream --- */

static uint64_t send_stanza(void *with, const struct xml *stanza)
{
	struct hibernation *h = with;
	struct buf text = { 0 };
	bool by_bytes;
	xml_print(&text, stanza, NS_CLIENT);
	acks_sent(h->acks, NULL, buf_start(&text), buf_length(&text));
	buf_clear(&text);
	if (acks_are_over(h->acks, &by_bytes))
		timer_start(&h->timer, 0, overflowed);           /* not here: whoever sends isn't done with this session */
	return acks_last(h->acks);
}

/* A server that stops takes it along: kept.c. */
static void end_stream(void *with, enum stream_error error, const char *text)
{
	if (error != STREAM_SYSTEM_SHUTDOWN)
		end(with, text ? text : error == STREAM_NONE ? "closed by the server" : stream_error_name(error));
}

static void wake(struct hibernation *h)
{
	h->waker->woken(h->waker_with, h->session, h->acks);
	ASSERT(h->session->stream != &stream);
	destroy(h);
}

static void settled(void *with, uint32_t count, unsigned unsettled, size_t bytes)
{
	struct hibernation *h = with;
	if (h->waker && !unsettled)
		wake(h);
}

static struct session_facts facts(void *with)
{
	struct hibernation *h = with;
	struct session_facts f = { .mechanism = h->last.mechanism, .hibernates_since = h->since, .queued = acks_count(h->acks) };
	f.hibernates_until = clock_wall() + h->until - clock_now();
	memcpy(f.tag, h->last.tag, sizeof f.tag);
	return f;
}

static bool is_slow(void *with)
{
	return true;
}

static const struct session_stream stream = { send_stanza, end_stream, settled, facts, is_slow, NULL, NULL, .hibernates = true };

/* --- its beginning, and those who come for it --- */

static struct hibernation *hibernation_new(struct session *s, struct acks *acks, const struct last_stream *last, msec time)
{
	struct hibernation *h = NEW(struct hibernation);
	*h = (struct hibernation){ .magic = HIBERNATION_MAGIC, .session = s, .acks = acks, .last = *last, .since = clock_wall() };
	h->until = clock_now() + time;
	timer_start(&h->timer, time, expired);
	return h;
}

void hibernate(struct session *s, struct acks *acks, const struct last_stream *last)
{
	acks_rest(acks);
	session_change_stream(s, &stream, hibernation_new(s, acks, last, acks_time(acks)));
}

void hibernation_wake(struct session *s, const struct waker *waker, void *with)
{
	struct hibernation *h = hibernation_of(s);
	dismiss_waker(h);
	h->waker = waker;
	h->waker_with = with;
	timer_stop(&h->timer);
	if (s->settled == s->received)
		wake(h);
}

void hibernation_leave(struct account *account, void *with)
{
	EACH_SESSION(account, s) {
		struct hibernation *h = hibernation_of(s);
		if (!h || !h->waker || h->waker_with != with)
			continue;
		h->waker = NULL;
		timer_start(&h->timer, h->until - clock_now(), expired);
	}
}

/* --- over a restart --- */

struct xml *hibernation_save(const struct session *s, struct arena *a)
{
	const struct hibernation *h = hibernation_of(s);
	return EL(a, NS_CALL, "hibernation", ATTR(a, "since", arena_printf(a, "%lld", (long long)h->since)),
		ATTR(a, "left", arena_printf(a, "%lld", (long long)(h->until - clock_now()))), acks_save(h->acks, a));
}

static msec number(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

const struct untaken *hibernation_untaken(const struct xml *el, struct arena *a, uint64_t *first)
{
	struct acks *acks = acks_restore(xml_child(el, NS_CALL, "acks"));
	const struct untaken *untaken = acks ? acks_untaken(acks, a, first) : NULL;
	acks_free(acks);
	return untaken;
}

/* While the server was down nobody could come back, so that time isn't counted. */
bool hibernation_restore(struct session *s, const struct xml *el)
{
	struct last_stream last = { .mechanism = NULL };
	struct acks *acks = acks_restore(xml_child(el, NS_CALL, "acks"));
	if (!acks)
		return false;
	stream_tag(last.tag, 'S', 0);
	struct hibernation *h = hibernation_new(s, acks, &last, number(el, "left"));
	h->since = number(el, "since");
	sessions_may_resume(1);
	session_begin(s, &stream, h);
	return true;
}

/*
 * A queue of what was printed. Numbers begin with 1 at <enabled/>, and `h` is
 * the same modulo 2^32.
 */
#include "streams/acks.h"
#include "base/mem.h"
#include "base/random.h"
#include "xml/parser.h"
#include "xmpp/datetime.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

struct copy {
	struct copy *next;
	msec   since;                /* wall clock */
	size_t size;
	char   text[];
};

struct acks {
	struct acks_bounds bounds;
	struct copy *first, *last;   /* sent and not acknowledged */
	uint64_t taken, sent;        /* numbers: the newest acknowledged, the newest sent */
	size_t   held;
	uint32_t told;               /* the last h of ours */
	bool     is_awaited;         /* our <r/> has no answer yet */
	bool     owes;               /* the client asked when not everything was settled */
	uint32_t owed;               /* up to here it wants to know */
	char     id[ACKS_ID + 1];    /* "": it can't be resumed */
	msec     time;
	/* The unanswered <r/>. The timer runs on when it is answered, and is rarely started. */
	struct timer timer;
	msec     asked_at;
	uint64_t left;               /* what had left the connection by then */
	struct conn *conn;           /* where it was asked */
	void   (*unanswered)(void *with);
	void    *with;
};

struct acks *acks_new(const struct acks_bounds *bounds)
{
	struct acks *k = NEW(struct acks);
	k->bounds = *bounds;
	return k;
}

void acks_free(struct acks *k)
{
	if (!k)
		return;
	timer_stop(&k->timer);
	for (struct copy *c = k->first, *next; c; c = next) {
		next = c->next;
		mem_free(c);
	}
	mem_free(k);
}

/* --- resumption --- */

void acks_let_resume(struct acks *k, msec time)
{
	random_text(k->id, ACKS_ID);
	k->time = time;
}

const char *acks_id(const struct acks *k)
{
	return *k->id ? k->id : NULL;
}

msec acks_time(const struct acks *k)
{
	return k->time;
}

void acks_rest(struct acks *k)
{
	timer_stop(&k->timer);
	k->is_awaited = k->owes = false;
	k->conn = NULL;
}

/* --- asking --- */

/* A slow connection that still moves may not even have carried our question. */
static uint64_t left_by_now(const struct acks *k)
{
	return conn_total(k->conn) - conn_queued(k->conn);
}

static void watch_answer(struct acks *k, msec after);

static void look_for_answer(struct timer *timer)
{
	struct acks *k = CONTAINER(timer, struct acks, timer);
	msec waited = clock_now() - k->asked_at;
	if (!k->is_awaited)
		return;
	if (waited < k->bounds.answer) {
		watch_answer(k, k->bounds.answer - waited);
	} else if (conn_queued(k->conn) && left_by_now(k) != k->left) {
		k->left = left_by_now(k);
		watch_answer(k, k->bounds.answer);
	} else {
		k->unanswered(k->with);
	}
}

static void watch_answer(struct acks *k, msec after)
{
	if (k->bounds.answer && k->unanswered)
		timer_start(&k->timer, after, look_for_answer);
}

void acks_watch(struct acks *k, void (*unanswered)(void *with), void *with)
{
	k->unanswered = unanswered;
	k->with = with;
}

void acks_request(struct acks *k, struct conn *conn)
{
	static const char r[] = "<r xmlns='urn:xmpp:sm:3'/>";
	if (k->is_awaited || !conn)
		return;
	k->is_awaited = true;
	k->asked_at = clock_now();
	k->conn = conn;
	conn_write(conn, r, sizeof r - 1);
	if (!timer_is_running(&k->timer))
		watch_answer(k, k->bounds.answer);
}

/* --- outbound --- */

static void keep(struct acks *k, const char *bytes, size_t size, msec since)
{
	struct copy *c = mem_resize(NULL, sizeof *c + size);
	c->next = NULL;
	c->since = since;
	c->size = size;
	memcpy(c->text, bytes, size);
	if (k->last)
		k->last->next = c;
	else
		k->first = c;
	k->last = c;
	k->sent++;
	k->held += size;
}

void acks_sent(struct acks *k, struct conn *conn, const char *bytes, size_t size)
{
	keep(k, bytes, size, clock_wall());
	acks_request(k, conn);
}

bool acks_may_say(const struct acks *k, uint32_t h)
{
	return h - (uint32_t)k->taken <= k->sent - k->taken;
}

/* How many that weren't known to have arrived. */
static uint32_t take(struct acks *k, uint32_t h)
{
	uint32_t more = h - (uint32_t)k->taken;
	for (uint32_t left = more; left; left--) {
		struct copy *c = k->first;
		k->first = c->next;
		if (!k->first)
			k->last = NULL;
		k->held -= c->size;
		k->taken++;
		mem_free(c);
	}
	return more;
}

/* What was sent since we asked last has had no question: without one its end would never be heard of. */
static void ask_for_the_rest(struct acks *k, struct conn *conn)
{
	if (k->taken != k->sent)
		acks_request(k, conn);
}

void acks_taken(struct acks *k, struct conn *conn, uint32_t h, uint64_t *taken)
{
	k->is_awaited = false;
	uint32_t more = take(k, h);
	*taken = k->taken;
	if (more)                            /* who says nothing new isn't asked again until there is more */
		ask_for_the_rest(k, conn);
}

uint64_t acks_last(const struct acks *k)
{
	return k->sent;
}

unsigned acks_count(const struct acks *k)
{
	return (unsigned)(k->sent - k->taken);
}

bool acks_are_over(const struct acks *k, bool *by_bytes)
{
	*by_bytes = k->held > k->bounds.bytes;
	return *by_bytes || k->sent - k->taken > k->bounds.stanzas;
}

const struct untaken *acks_untaken(const struct acks *k, struct arena *a, uint64_t *first)
{
	struct untaken *all = arena_alloc(a, (size_t)(k->sent - k->taken + 1) * sizeof *all);
	size_t n = 0;
	for (const struct copy *c = k->first; c; c = c->next)
		all[n++] = (struct untaken){ xml_parse(a, c->text, c->size, NS_CLIENT), c->since };
	*first = k->taken + 1;
	return all;
}

/* --- sent again --- */

/* XEP-0203 §2: a message that comes late says since when. As printed, so its last tag is known. */
static void send_stamped(struct conn *conn, const struct copy *c, const char *domain)
{
	static const char message[] = "<message", end[] = "</message>";
	const size_t tail = sizeof end - 1;
	bool is_message = c->size > sizeof message + tail && memcmp(c->text, message, sizeof message - 1) == 0
	               && memcmp(c->text + c->size - tail, end, tail) == 0;
	if (!is_message || memmem(c->text, c->size, NS_DELAY, strlen(NS_DELAY))) {        /* it says so already */
		conn_write(conn, c->text, c->size);
		return;
	}
	struct arena *a = arena_new();
	conn_write(conn, c->text, c->size - tail);
	xml_print(conn_out(conn), EL(a, NS_DELAY, "delay", ATTR(a, "from", domain), ATTR(a, "stamp", datetime_print_msec(a, c->since))), NS_CLIENT);
	conn_write(conn, end, tail);
	arena_free(a);
}

void acks_resume(struct acks *k, struct conn *conn, uint32_t h, const char *domain, uint64_t *taken)
{
	take(k, h);
	*taken = k->taken;
	for (const struct copy *c = k->first; c; c = c->next)
		send_stamped(conn, c, domain);
	ask_for_the_rest(k, conn);
}

/* --- inbound --- */

/* By hand: it is written once or twice for each message, and printf costs as much as a tenth of a turn. */
static void tell(struct conn *conn, uint32_t h)
{
	char a[48] = "<a xmlns='urn:xmpp:sm:3' h='", digits[10];
	size_t size = strlen(a), n = 0;
	do
		digits[n++] = (char)('0' + h % 10);
	while ((h /= 10));
	while (n)
		a[size++] = digits[--n];
	memcpy(a + size, "'/>", 3);
	conn_write(conn, a, size + 3);
}

void acks_answer(struct acks *k, struct conn *conn, uint32_t settled, uint32_t received)
{
	tell(conn, settled);
	k->told = settled;
	k->owes = settled != received;
	k->owed = received;
}

void acks_settled(struct acks *k, struct conn *conn, uint32_t settled)
{
	if (!k->owes || settled == k->told)
		return;
	tell(conn, settled);
	k->told = settled;
	k->owes = (int32_t)(k->owed - settled) > 0;
}

/* --- over a restart --- */

static const char *print_number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

struct xml *acks_save(const struct acks *k, struct arena *a)
{
	struct xml *el = EL(a, NS_CALL, "acks", ATTR(a, "id", arena_string(a, k->id)), ATTR(a, "time", print_number(a, k->time)),
		ATTR(a, "taken", print_number(a, (int64_t)k->taken)), ATTR(a, "stanzas", print_number(a, k->bounds.stanzas)),
		ATTR(a, "bytes", print_number(a, (int64_t)k->bounds.bytes)), ATTR(a, "answer", print_number(a, k->bounds.answer)));
	for (const struct copy *c = k->first; c; c = c->next)
		xml_append(el, EL(a, NS_CALL, "copy", ATTR(a, "since", print_number(a, c->since)), TEXT(a, arena_copy(a, c->text, c->size))));
	return el;
}

static int64_t number(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

struct acks *acks_restore(const struct xml *el)
{
	const struct acks_bounds bounds = { (unsigned)number(el, "stanzas"), (size_t)number(el, "bytes"), number(el, "answer") };
	const char *id = xml_get(el, "id");
	if (!id || strlen(id) != ACKS_ID)
		return NULL;
	struct acks *k = acks_new(&bounds);
	struct arena *a = arena_new();
	memcpy(k->id, id, sizeof k->id);
	k->time = number(el, "time");
	k->taken = k->sent = (uint64_t)number(el, "taken");
	for (const struct xml *c = xml_child(el, NS_CALL, "copy"); c; c = xml_next(c, NS_CALL, "copy")) {
		const char *text = xml_text(c, a);
		keep(k, text, strlen(text), number(c, "since"));
	}
	arena_free(a);
	return k;
}

/*
 * XEP-0160: messages wait for a user who is away.
 *
 *   nobody there (AT_MISS)                → a row; the sender's receipt waits for it
 *   somebody there, and the sender counts → a row *in flight* (AT_KEEP), which goes
 *   on a receipt; or there is a session     when the client has the message
 *   that hibernates, and no other (XEP-0198)
 *   a session says it is available        → the rows, oldest first, in pages
 *
 * A row leaves the table only when a client has its message, so twice is
 * possible and never is not. One session at a time is read to; pages wait
 * for a client that is slow to take the last one.
 *
 * Counts are upper bounds: rows go without telling us. They are made right by
 * a page that holds everything, and by counting again before anything is
 * refused.
 */
#include "modules/offline.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/session.h"
#include "modules/modules.h"
#include "modules/offline_portable.h"
#include "xml/parser.h"
#include "xmpp/datetime.h"
#include <stdlib.h>
#include <string.h>

enum {
	PAGE = 50,                           /* rows */
	PAGE_BYTES = 256 * 1024,
	WAIT_LEAST = 50, WAIT_MOST = 3200,   /* ms until a slow client is looked at again: doubled each time */
	LOST = 30000,                        /* ms after which reading that was to go on has been lost */
};

/* Tried again when its outcome was unknown, and then it may be there. */
static const char Q_PUT[] = "INSERT INTO offline (id, account, stored_at, size, stanza) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING";
static const char Q_FORGET[] = "DELETE FROM offline WHERE id = ?1";
static const char Q_PAGE[] = "SELECT id, stored_at, stanza FROM offline WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
static const char Q_COUNT[] = "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM offline WHERE account = ?1";
static const char Q_REMOVE[] = "DELETE FROM offline WHERE account = ?1";

/* --- how much there is --- */

struct amount {
	int64_t count, bytes;        /* at most */
	bool    may_be_less;         /* something was given to a client since they were counted */
};

static void *load(struct account *account, const struct rows *rows)
{
	const struct row *row = rows->first;
	if (!row || !row_int(row, 0))
		return NULL;
	struct amount *amount = NEW(struct amount);
	amount->count = row_int(row, 0);
	amount->bytes = row_int(row, 1);
	amount->may_be_less = true;
	return amount;
}

static struct amount *amount_of(struct account *account)
{
	struct amount *amount = account_data(account, &mod_offline);
	if (!amount) {
		amount = NEW(struct amount);
		account_set_data(account, &mod_offline, amount);
	}
	return amount;
}

static bool fits(const struct turn *t, int64_t size)
{
	const struct amount *amount = amount_of(t->account);
	int64_t most = host_int(t->host, &mod_offline, "limit"), bytes = host_int(t->host, &mod_offline, "limit_bytes");
	return (!most || amount->count < most) && (!bytes || amount->bytes + size <= bytes);
}

/* XEP-0160 §2 */
static enum stanza_error is_full(const struct turn *t)
{
	int64_t most = host_int(t->host, &mod_offline, "limit");
	limit_reached(most && amount_of(t->account)->count >= most ? LIMIT_OFFLINE : LIMIT_OFFLINE_BYTES);
	return SERVICE_UNAVAILABLE;
}

/* --- putting down --- */

static const char *text_of(struct turn *t)
{
	return xml_string(t->arena, t->stanza, NS_CLIENT);
}

static int64_t count_one(struct turn *t, const char *text)
{
	struct amount *amount = amount_of(t->account);
	amount->count++;
	amount->bytes += (int64_t)strlen(text);
	return clock_key();
}

static int64_t put(struct turn *t, const char *text)
{
	int64_t key = count_one(t, text);
	turn_append(t, Q_PUT, V(key), V(t->account->id), V(turn_since(t)), V((int64_t)strlen(text)), V(text));
	return key;
}

static bool takes_messages(const struct session *s)
{
	return s->stream && s->is_available && s->priority >= 0;
}

/* RFC 6121 §8.5.2, §8.5.3: to this very resource, or else to those that take what is sent to the account. */
static bool will_be_delivered(const struct turn *t)
{
	if (t->to->resource && account_session(t->account, t->to->resource))
		return true;
	EACH_SESSION(t->account, s)
		if (takes_messages(s))
			return true;
	return false;
}

/* All sessions that it will go to, the best ones, hibernate. */
static bool nobody_is_there(const struct turn *t)
{
	bool is_there = false;
	int best = -1;
	if (!sessions_hibernate(t->account))
		return false;
	const struct session *named = t->to->resource ? account_session(t->account, t->to->resource) : NULL;
	if (named)
		return named->stream->hibernates;
	EACH_SESSION(t->account, s) {
		if (!takes_messages(s) || s->priority < best)
			continue;
		is_there = (s->priority == best && is_there) || !s->stream->hibernates;
		best = s->priority;
	}
	return !is_there;
}

/*
 * Its sender's receipt says it is safe: so it is on disk until a client has it. And so is what waits for a client that may not
 * come back, whoever sent it.
 */
static enum stanza_error keep(struct turn *t)
{
	int64_t key = turn_kept_key(t);
	if (!key && ((!t->wants_keeping && !nobody_is_there(t)) || offline_worth(t->stanza, t->type) != WORTH_KEEPING))
		return OK;
	if (!will_be_delivered(t))
		return OK;                               /* AT_MISS sees to it, within the limits */
	turn_flight(t, Q_FORGET, key ? key : put(t, text_of(t)));
	amount_of(t->account)->may_be_less = true;
	return OK;
}

/* For a session that hibernated when the server stopped: what it holds is safe from now on. */
static int64_t put_flight(struct turn *t, const struct xml *message, enum type type, msec since)
{
	if (offline_worth(message, type) != WORTH_KEEPING)
		return 0;
	const char *text = xml_string(t->arena, message, NS_CLIENT);
	int64_t key = count_one(t, text);
	turn_write(t, Q_PUT, V(key), V(t->account->id), V(since), V((int64_t)strlen(text)), V(text));
	amount_of(t->account)->may_be_less = true;
	return key;
}

static enum stanza_error store(struct turn *t)
{
	put(t, text_of(t));
	return HANDLED;
}

static enum stanza_error counted(struct turn *t, const struct rows *rows)
{
	struct amount *amount = amount_of(t->account);
	amount->count = row_int(rows->first, 0);
	amount->bytes = row_int(rows->first, 1);
	amount->may_be_less = false;
	EACH_SESSION(t->account, s)
		if (s->flights)
			amount->may_be_less = true;
	return fits(t, (int64_t)strlen(text_of(t))) ? store(t) : is_full(t);
}

static enum stanza_error miss(struct turn *t)
{
	if (t->is_delivered)
		return OK;
	if (turn_kept_key(t))
		return HANDLED;                          /* its row is there */
	switch (offline_worth(t->stanza, t->type)) {
	case WORTH_NOTHING:
		return HANDLED;
	case WORTH_AN_ERROR:
		return SERVICE_UNAVAILABLE;
	case WORTH_KEEPING:
		break;
	}
	if (fits(t, (int64_t)strlen(text_of(t))))
		return store(t);
	if (amount_of(t->account)->may_be_less)
		return turn_read_to_write(t, counted, Q_COUNT, V(t->account->id));
	return is_full(t);
}

/* --- reading to a session --- */

struct reading {                     /* live: who is read to */
	int64_t session;             /* its number; 0: nobody */
	msec    lost_at;             /* nothing has come of it by then: it was lost */
};

static struct reading *reading_of(struct account *account)
{
	struct reading *r = account_live(account, &mod_offline);
	if (!r) {
		r = NEW(struct reading);
		account_set_live(account, &mod_offline, r);
	}
	return r;
}

static int64_t number(const struct turn *t, const char *name)
{
	const char *text = t->kind == KIND_CALL ? xml_get(t->stanza, name) : NULL;
	return text ? strtoll(text, NULL, 10) : 0;
}

/* One that hibernates gets what comes, and not what waits here: another may read that, or its client when it is back. */
static bool reads(const struct session *s)
{
	return takes_messages(s) && !s->stream->hibernates;
}

/* The turn is a session's presence or return, or a call to go on. */
static struct session *reader(const struct turn *t)
{
	struct session *s = t->kind == KIND_CALL ? session_find(t->account, number(t, "session")) : t->session;
	return s && reads(s) ? s : NULL;
}

static void go_on_later(struct turn *t, const struct session *s, int64_t after, msec wait)
{
	struct arena *a = t->arena;
	struct reading *r = reading_of(t->account);
	r->session = s->number;
	r->lost_at = clock_now() + wait + LOST;
	turn_later(t, wait, EL(a, NS_CALL, "offline-page", ATTR(a, "session", arena_printf(a, "%lld", (long long)s->number)),
		ATTR(a, "after", arena_printf(a, "%lld", (long long)after)), ATTR(a, "wait", arena_printf(a, "%lld", (long long)wait))));
}

/* By us, when it came back from a session that had ended. */
static bool is_stamped(const struct xml *message, const char *from, const char *stamp)
{
	for (const struct xml *el = xml_child(message, NS_DELAY, "delay"); el; el = xml_next(el, NS_DELAY, "delay")) {
		const char *by = xml_get(el, "from"), *at = xml_get(el, "stamp");
		if (by && at && strcmp(by, from) == 0 && strcmp(at, stamp) == 0)
			return true;
	}
	return false;
}

/* XEP-0203: since when it waited, and where; for old clients XEP-0091 says the same. */
static void stamp(struct turn *t, struct xml *message, msec since)
{
	struct arena *a = t->arena;
	const char *domain = t->account->address->domain, *at = datetime_print_msec(a, since);
	if (!is_stamped(message, domain, at))
		xml_append(message, EL(a, NS_DELAY, "delay", ATTR(a, "from", domain), ATTR(a, "stamp", at), TEXT(a, "Offline Storage")));
	if (t->host && t->host->legacy_stamps)
		xml_append(message, EL(a, NS_DELAY_LEGACY, "x", ATTR(a, "from", domain), ATTR(a, "stamp", datetime_print_legacy(a, since)),
			TEXT(a, "Offline Storage")));
}

static void deliver(struct turn *t, struct session *s, const struct row *row)
{
	const char *text = row_text(row, 2);
	struct xml *message = xml_parse(t->arena, text, strlen(text), NS_CLIENT);
	if (!message) {
		log_problem("OFFLINE", "%s: the message of row %lld can't be read", t->account->jid, (long long)row_int(row, 0));
		return;
	}
	stamp(t, message, row_int(row, 1));
	turn_deliver_kept(t, s, message, Q_FORGET, row_int(row, 0));
	amount_of(t->account)->may_be_less = true;
}

/* All there is, so the counts are right again. No other turn ran since it was read. */
static void take_amount(struct turn *t, const struct rows *rows)
{
	struct amount *amount = amount_of(t->account);
	amount->count = rows->count;
	amount->bytes = 0;
	for (const struct row *row = rows->first; row; row = row->next)
		amount->bytes += (int64_t)strlen(row_text(row, 2));
}

static enum stanza_error page_found(struct turn *t, const struct rows *rows)
{
	struct session *s = reader(t);
	int64_t after = number(t, "after");
	size_t bytes = 0;
	if (!after && rows->count < PAGE)
		take_amount(t, rows);
	reading_of(t->account)->session = 0;
	if (!s)
		return OK;
	for (const struct row *row = rows->first; row && bytes < PAGE_BYTES; row = row->next) {
		after = row_int(row, 0);
		bytes += strlen(row_text(row, 2));
		if (!account_is_in_flight(t->account, after))
			deliver(t, s, row);
	}
	if (rows->count == PAGE || bytes >= PAGE_BYTES)
		go_on_later(t, s, after, WAIT_LEAST);
	return OK;
}

static enum stanza_error read_page(struct turn *t)
{
	return turn_read_to_write(t, page_found, Q_PAGE, V(t->account->id), V(number(t, "after")), V((int64_t)PAGE));
}

static bool is_read_to(struct turn *t)
{
	const struct reading *r = reading_of(t->account);
	const struct session *s = r->session ? session_find(t->account, r->session) : NULL;
	return s && reads(s) && clock_now() < r->lost_at;
}

static enum stanza_error available(struct turn *t)
{
	const struct amount *amount = account_data(t->account, &mod_offline);
	if (t->was_addressed || t->type != TYPE_AVAILABLE || !amount || !amount->count || !reader(t) || is_read_to(t))
		return OK;
	return read_page(t);
}

static enum stanza_error resumed(struct turn *t)
{
	const struct amount *amount = t->account->state == ACCOUNT_READY ? account_data(t->account, &mod_offline) : NULL;
	return amount && amount->count && reader(t) && !is_read_to(t) ? read_page(t) : OK;
}

/* The last page is still on its way: more of it would only fill queues. */
static bool is_behind(const struct session *s)
{
	return session_flights(s, PAGE) == PAGE || s->stream->is_slow(s->stream_with);
}

/* Somebody else who is there, from the start. */
static void read_to_another(struct turn *t, const struct session *than)
{
	EACH_SESSION(t->account, s) {
		if (s == than || !reads(s))
			continue;
		go_on_later(t, s, 0, WAIT_LEAST);
		return;
	}
}

static enum stanza_error next_page(struct turn *t)           /* a call: from ourselves */
{
	struct session *s = t->account->state == ACCOUNT_READY ? reader(t) : NULL;
	struct reading *r = reading_of(t->account);
	msec wait = number(t, "wait");
	if (r->session != number(t, "session"))
		return HANDLED;
	if (!s) {                                    /* it takes messages no more */
		r->session = 0;
		if (t->account->state == ACCOUNT_READY)
			read_to_another(t, NULL);
		return HANDLED;
	}
	if (!is_behind(s))
		return read_page(t);
	go_on_later(t, s, number(t, "after"), wait * 2 < WAIT_MOST ? wait * 2 : WAIT_MOST);
	return HANDLED;
}

/* What the client hadn't taken is read to another one, from the start. */
static enum stanza_error gone(struct turn *t)
{
	const struct amount *amount = account_data(t->account, &mod_offline);
	bool another_reads = is_read_to(t) && reading_of(t->account)->session != t->session->number;
	if (!amount || !amount->count || another_reads || t->account->state != ACCOUNT_READY)
		return OK;
	read_to_another(t, t->session);
	return OK;
}

const struct module mod_offline = {
	.name        = "offline",
	.title       = "Offline Messages",
	.xep         = 160,
	.features    = FEATURES(NS_OFFLINE),
	.calls       = CALLS({ "offline-page", next_page }),
	.hooks       = HOOKS(ON_MESSAGE(AT_KEEP, keep), ON_MESSAGE(AT_MISS, miss), ON_PRESENCE_SENT(AT_MISS, available),
		ON_SESSION_RESUMED(AT_MISS, resumed), ON_SESSION_GONE(AT_MISS, gone)),
	.forget      = FORGET(Q_REMOVE),
	.options     = OPTIONS(
		{ "limit", OPTION_INT, "1000", "Messages that wait for one account; 0: no limit" },
		{ "limit_bytes", OPTION_SIZE, "10M", "Bytes of them; 0: no limit" }),
	.per_account = &(const struct per_account){
		"SELECT COUNT(*), COALESCE(SUM(size), 0) FROM offline WHERE account = " ACCOUNT_ID, load, mem_free },
	.live_free   = mem_free,
	.flight      = Q_FORGET,
	.flight_put  = put_flight,
	.portable    = &offline_portable,
	.migrations  = MIGRATIONS({ "offline", 1,
		"CREATE TABLE offline (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, stored_at INTEGER NOT NULL, size INTEGER NOT NULL, stanza TEXT NOT NULL);"
		"CREATE INDEX offline_account ON offline (account, id, size);" }),
};

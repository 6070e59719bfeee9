/*
 * A session from its binding to its end.
 *
 * Both are turns of its account. Between them, stanzas come in and become
 * turns, and stanzas go out to its stream. When the stream ends, what the
 * client may not have is routed again, behind the turn that takes the session
 * out of its account.
 */
#include "core/session.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/limit.h"
#include "core/slots.h"
#include "core/turn_out.h"
#include "xml/parser.h"
#include <string.h>

struct flight {                      /* a message on its way to the client, whose row goes when it is there */
	struct flight *next;
	uint64_t    number;
	const char *sql;
	int64_t     key;
};

struct orphan {                      /* a stanza whose session can't take it: a signal ready to go */
	struct orphan *next;
	struct signal *signal;
};

/* --- binding --- */

struct bind {
	const char *resource;        /* NULL: ours to choose */
	const struct session_stream *stream;
	void *with;                  /* NULL: cancelled */
	bool  was_replaced;          /* the old session of this name was told to go */
};

static struct session *session_new(struct account *account, const char *resource, const struct bind *b)
{
	struct arena *a = arena_new_small(arena_room(sizeof(struct session)) + jid_size(account->address, resource));
	struct session *s = ARENA_NEW(a, struct session);
	s->magic = SESSION_MAGIC;
	s->arena = a;
	s->account = account;
	s->jid = jid_with(a, account->address, resource);
	s->resource = s->jid->resource;
	s->stream = b->stream;
	s->stream_with = b->with;
	s->number = clock_key();
	s->since = clock_wall();
	list_append(&account->sessions, &s->in_account);
	account->session_count++;
	list_remove(&account->quiet);
	account->home->counts.sessions++;
	return s;
}

static void refuse_bind(struct bind *b, enum stanza_error error)
{
	if (b->with)
		b->stream->bound(b->with, NULL, error);
}

static const char *chosen_resource(struct turn *t, const struct bind *b)
{
	char random[13];
	return b->resource ? b->resource : arena_string(t->arena, random_text(random, 12));
}

/* RFC 6120 §7.7.2.2: what happens to a resource that is taken. OK: go on; HANDLED: comes again behind the old one's end. */
static enum stanza_error resolve_conflict(struct turn *t, struct bind *b, const char **resource)
{
	struct session *old = account_session(t->account, *resource);
	if (!old)
		return OK;
	switch (t->host->conflict) {
	case CONFLICT_REFUSE:
		return CONFLICT;
	case CONFLICT_RENAME:
		b->resource = NULL;
		*resource = chosen_resource(t, b);
		return OK;
	case CONFLICT_REPLACE:
		break;
	}
	if (b->was_replaced)
		return RESOURCE_CONSTRAINT;          /* it doesn't go */
	b->was_replaced = true;
	session_end(old, STREAM_CONFLICT, "Replaced by a new session of the same resource");
	t->out->is_waiting = true;
	turn_queue_always(t);
	return HANDLED;
}

static enum stanza_error bind_begin(struct turn *t)
{
	struct bind *b = t->out->with;
	struct account *account = t->account;
	enum stanza_error error = !b->with ? HANDLED : account->state == ACCOUNT_FAILED ? RESOURCE_CONSTRAINT
		: account->state != ACCOUNT_READY ? NOT_AUTHORIZED : account->is_disabled ? NOT_ALLOWED : OK;
	const char *resource = chosen_resource(t, b);
	if (error == OK)
		error = resolve_conflict(t, b, &resource);
	if (error == OK && account->session_count >= t->host->resources) {
		limit_reached(LIMIT_RESOURCES);
		error = RESOURCE_CONSTRAINT;
	}
	if (error == OK && !jid_with(t->arena, account->address, resource))
		error = BAD_REQUEST;
	if (error != OK) {
		if (error != HANDLED)
			refuse_bind(b, error);
		return HANDLED;
	}
	t->session = session_new(account, resource, b);
	session_hold(t->session);
	b->stream->bound(b->with, t->session, OK);
	t->out->line = modules_line(SESSION_BOUND, &t->out->count);
	return OK;
}

void session_bind(const char *bare, const char *resource, const struct session_stream *stream, void *with)
{
	struct arena *a = arena_new();
	struct turn *t = turn_new(a, account_get(bare));
	struct bind *b = ARENA_NEW(a, struct bind);
	b->resource = arena_string(a, resource);
	b->stream = stream;
	b->with = with;
	t->to = t->account->address;
	t->out->begin = bind_begin;
	t->out->with = b;
	turn_queue_always(t);
}

void session_bind_cancel(const char *bare, void *with)
{
	struct account *account = account_find(bare);
	if (!account)
		return;
	LIST_EACH(&account->mailbox.turns, struct turn_out, link, out) {
		struct bind *b = out->begin == bind_begin ? out->with : NULL;
		if (b && b->with == with)
			b->with = NULL;
	}
}

/* --- stanzas in --- */

void session_use_acks(struct session *s)
{
	s->has_acks = true;
	s->received = s->settled = 0;
	receipts_forget(s);
	s->unsettled_bytes = 0;
}

static void address(struct turn *t, struct xml *el)
{
	struct session *s = t->session;
	const char *to = xml_get(el, "to");
	t->from = jid_copy(t->arena, s->jid);
	xml_set(t->arena, el, "from", t->from->full);
	t->was_addressed = to != NULL;
	t->to = to ? jid_parse(t->arena, to) : s->account->address;
}

static void count_kind(struct home_counts *counts, enum kind kind)
{
	*(kind == KIND_MESSAGE ? &counts->messages : kind == KIND_INFO ? &counts->iqs : &counts->presences) += 1;
}

void session_receive(struct session *s, struct arena *a, struct xml *el, size_t bytes)
{
	CHECK(s, SESSION_MAGIC);
	struct turn *t = turn_new(a, s->account);
	t->session = s;
	session_hold(s);
	s->received++;
	s->account->home->counts.stanzas_in++;
	t->out->receipt = receipt_new(s, (uint32_t)bytes);
	t->stanza = el;
	t->id = xml_get(el, "id");
	bool is_known = type_of(el, &t->kind, &t->type);
	count_kind(&s->account->home->counts, t->kind);
	address(t, el);
	t->payload = t->kind == KIND_INFO ? xml_first(el) : NULL;
	t->wants_keeping = s->has_acks && t->kind == KIND_MESSAGE;
	if (t->to && is_known) {
		turn_queue(t);
		return;
	}
	enum stanza_error wrong = t->to ? BAD_REQUEST : JID_MALFORMED;
	t->to = s->account->address;
	t->was_addressed = false;
	turn_fail(t, wrong);
}

/* --- stanzas out --- */

static void flight_add(struct session *s, uint64_t number, const char *sql, int64_t key)
{
	struct flight *f = NEW(struct flight);
	*f = (struct flight){ NULL, number, sql, key };
	if (s->flights_last)
		s->flights_last->next = f;
	else
		s->flights = f;
	s->flights_last = f;
}

static void orphan_add(struct session *s, const struct xml *stanza, int64_t kept_key)
{
	if (strcmp(stanza->name, "message") != 0)
		return;
	struct arena *a = arena_new();
	struct xml *copy = xml_clone(a, stanza);
	const char *from = xml_get(copy, "from"), *to = xml_get(copy, "to");
	struct orphan *o = ARENA_NEW(a, struct orphan);
	enum kind kind;
	enum type type;
	type_of(copy, &kind, &type);
	const struct jid *target = to ? jid_parse(a, to) : NULL;
	if (!target || strcmp(target->bare, s->account->jid) != 0)
		target = jid_copy(a, s->account->address);
	o->signal = signal_new(a, copy, from ? jid_parse(a, from) : NULL, target, kind, type);
	o->signal->kept_key = kept_key;
	if (!o->signal->from) {
		arena_free(a);
		return;
	}
	if (s->orphans_last)
		s->orphans_last->next = o;
	else
		s->orphans = o;
	s->orphans_last = o;
}

void session_put(struct session *s, const struct output *o)
{
	if (!s->stream) {
		orphan_add(s, o->stanza, o->flight_key);
		return;
	}
	uint64_t number = s->stream->send(s->stream_with, o->stanza);
	s->account->home->counts.stanzas_out++;
	if (o->flight_sql)
		flight_add(s, number, o->flight_sql, o->flight_key);
}

/*
 * Rows that have done their duty go; nobody waits for it. Their keys are
 * remembered until no read can bring such a row back: one that was asked
 * before the commit may be answered after it.
 */
struct forgetting {
	struct store_job job;
	struct list      link;
	struct arena    *arena;
	struct account  *account;
	struct flight   *flights;
	bool             is_done;
};

static void free_flights(struct flight *f)
{
	for (struct flight *next; f; f = next) {
		next = f->next;
		mem_free(f);
	}
}

void flights_sweep(struct account *account)
{
	LIST_EACH(&account->forgettings, struct forgetting, link, g) {
		if (!g->is_done || account->mailbox.reading)
			continue;
		list_remove(&g->link);
		free_flights(g->flights);
		arena_free(g->arena);
	}
}

static void forgotten(void *thing)
{
	struct forgetting *g = CONTAINER(thing, struct forgetting, job);
	if (g->job.outcome != STORE_OK)
		log_problem("STORE", "%s: a delivered message's row stays and will be delivered again: %s", g->account->jid, g->job.why.text);
	g->is_done = true;
	flights_sweep(g->account);
}

static void forget_done(struct store_job *job)                   /* on a store thread */
{
	post(CONTAINER(job, struct forgetting, job)->account->home->loop, forgotten, job);
}

static void forget_rows(struct account *account, struct flight *flights)
{
	struct arena *a = arena_new();
	struct forgetting *g = ARENA_NEW(a, struct forgetting);
	g->arena = a;
	g->account = account;
	g->flights = flights;
	g->job.done = forget_done;
	for (struct flight *f = flights; f; f = f->next) {
		struct statement *st = ARENA_NEW(a, struct statement);
		st->sql = f->sql;
		st->values = ARENA_NEW(a, struct value);
		*st->values = value_int(f->key);
		st->count = 1;
		st->next = g->job.first;
		g->job.first = st;
	}
	list_append(&account->forgettings, &g->link);
	list_append(&account->home->jobs, &g->job.link);
	store_submit_many(home_store(), &account->home->jobs);   /* now: streams tell us when the round's jobs have left */
}

void session_taken(struct session *s, uint64_t number)
{
	struct flight *first = s->flights, *last = NULL;
	for (struct flight *f = first; f && f->number <= number; f = f->next)
		last = f;
	if (!last)
		return;
	s->flights = last->next;
	if (!s->flights)
		s->flights_last = NULL;
	last->next = NULL;
	forget_rows(s->account, first);
}

unsigned session_flights(const struct session *s, unsigned most)
{
	unsigned count = 0;
	for (const struct flight *f = s->flights; f && count < most; f = f->next)
		count++;
	return count;
}

static bool has_key(const struct flight *f, int64_t key)
{
	while (f && f->key != key)
		f = f->next;
	return f;
}

bool account_is_in_flight(const struct account *account, int64_t key)
{
	EACH_SESSION(account, s)
		if (has_key(s->flights, key))
			return true;
	LIST_EACH(&account->forgettings, struct forgetting, link, g)
		if (has_key(g->flights, key))
			return true;
	return false;
}

/* --- its end --- */

void session_hold(struct session *s)
{
	s->holders++;
}

void session_let_go(struct session *s)
{
	if (--s->holders || !s->is_gone)
		return;
	s->magic = 0;
	bytes_drop(s->presence);
	arena_free(s->arena);
}

static void send_orphans(struct session *s)
{
	for (struct orphan *o = s->orphans, *next; o; o = next) {
		next = o->next;
		signal_send(o->signal);      /* the orphan lies in its arena */
	}
	s->orphans = NULL;
}

static void leave(struct turn *t, void *with)
{
	struct session *s = t->session;
	list_remove(&s->in_account);
	s->account->session_count--;
	s->account->home->counts.sessions--;
	s->is_gone = true;
	for (struct flight *f = s->flights, *next; f; f = next) {
		next = f->next;
		mem_free(f);                 /* its row stays: an offline message */
	}
	s->flights = NULL;
	receipts_forget(s);
	slots_free(&s->data, SLOTS_SESSION);
	send_orphans(s);
	account_quiet(s->account);
}

static enum stanza_error gone_begin(struct turn *t)
{
	turn_then(t, leave, NULL);
	t->out->line = modules_line(SESSION_GONE, &t->out->count);
	return OK;
}

static int64_t flight_key(const struct session *s, uint64_t number)
{
	for (const struct flight *f = s->flights; f; f = f->next)
		if (f->number == number)
			return f->key;
	return 0;
}

static struct log_who who(const struct session *s)
{
	struct session_facts f = s->stream->facts(s->stream_with);
	struct log_who w = { .jid = s->jid->full };
	memcpy(w.tag, f.tag, sizeof w.tag);
	memcpy(w.peer, f.peer, sizeof w.peer);
	return w;
}

void session_ended(struct session *s, const struct xml *const *untaken, uint64_t first, const char *why)
{
	CHECK(s, SESSION_MAGIC);
	LOG_OF(LOG_LOW, who(s), "session ended: %s", why);
	for (; untaken && *untaken; untaken++, first++)
		orphan_add(s, *untaken, flight_key(s, first));
	s->stream = NULL;
	s->stream_with = NULL;
	struct turn *t = turn_new(arena_new(), s->account);
	t->session = s;
	session_hold(s);
	t->from = s->jid;
	t->to = s->account->address;
	t->out->begin = gone_begin;
	turn_queue_always(t);
}

void session_cost(struct session *s, unsigned stanzas)
{
	CHECK(s, SESSION_MAGIC);
	if (stanzas && s->stream && s->stream->cost)
		s->stream->cost(s->stream_with, stanzas);
}

msec session_idle(const struct session *s)
{
	return s->stream && s->stream->heard ? clock_now() - s->stream->heard(s->stream_with) : 0;
}

void session_end(struct session *s, enum stream_error error, const char *text)
{
	if (s->stream)
		s->stream->end(s->stream_with, error, text);
}

void sessions_reset(struct account *account)
{
	EACH_SESSION(account, s)
		session_end(s, STREAM_RESET, NULL);
}

/* --- looking up --- */

struct session *account_session(const struct account *account, const char *resource)
{
	EACH_SESSION(account, s)
		if (s->stream && strcmp(s->resource, resource) == 0)
			return s;
	return NULL;
}

struct session *session_find(const struct account *account, int64_t number)
{
	EACH_SESSION(account, s)
		if (s->number == number)
			return s;
	return NULL;
}

struct xml *session_presence(const struct session *s, struct arena *a)
{
	return s->presence ? xml_parse(a, s->presence->data, s->presence->size, NS_CLIENT) : NULL;
}

void session_keep_presence(struct session *s, const struct xml *presence)
{
	struct buf text = { 0 };
	bytes_drop(s->presence);
	s->presence = NULL;
	if (!presence)
		return;
	xml_print(&text, presence, NS_CLIENT);
	s->presence = bytes_new(buf_start(&text), buf_length(&text));
	buf_clear(&text);
}

void *session_data(const struct session *s, const struct module *m)
{
	return slots_get(s->data, SLOTS_SESSION, m);
}

void session_set_data(struct session *s, const struct module *m, void *data)
{
	slots_set(&s->data, SLOTS_SESSION, m, data);
}

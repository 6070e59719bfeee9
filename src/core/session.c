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
#include "core/session_inside.h"
#include "core/slots.h"
#include "core/tap.h"
#include "core/turn_out.h"
#include "xml/parser.h"
#include "xmpp/datetime.h"
#include <stdatomic.h>
#include <string.h>

struct orphan {                      /* a stanza whose session can't take it: a signal ready to go */
	struct orphan *next;
	struct signal *signal;
};

/* --- binding --- */

struct bind {
	const char *resource;        /* NULL: ours to choose */
	const struct session_stream *stream;
	void *with;                  /* NULL: cancelled */
	bool  is_again;              /* an old session of this name is the same client's */
	bool  was_replaced;          /* the old session of this name was told to go */
};

struct session *session_new(struct account *account, const char *resource)
{
	struct arena *a = arena_new_small(arena_room(sizeof(struct session)) + jid_size(account->address, resource));
	struct session *s = ARENA_NEW(a, struct session);
	s->magic = SESSION_MAGIC;
	s->arena = a;
	s->account = account;
	s->jid = jid_with(a, account->address, resource);
	s->resource = s->jid->resource;
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

/* The old session goes, and the bind comes again behind its end. */
static enum stanza_error make_way(struct turn *t, struct bind *b, struct session *old, const char *why)
{
	if (b->was_replaced)
		return RESOURCE_CONSTRAINT;          /* it doesn't go */
	b->was_replaced = true;
	session_end(old, STREAM_CONFLICT, why);
	t->out->is_waiting = true;
	turn_queue_always(t);
	return HANDLED;
}

/* RFC 6120 §7.7.2.2: what happens to a resource that is taken. OK: go on; HANDLED: comes again behind the old one's end. */
static enum stanza_error resolve_conflict(struct turn *t, struct bind *b, const char **resource)
{
	static const char why[] = "Replaced by a new session of the same resource";
	struct session *old = account_session(t->account, *resource);
	if (!old)
		return OK;
	if (old->stream->hibernates)                 /* its client is here, and begins anew */
		return make_way(t, b, old, why);
	switch (b->is_again ? CONFLICT_REPLACE : t->host->conflict) {
	case CONFLICT_REFUSE:
		return CONFLICT;
	case CONFLICT_RENAME:
		b->resource = NULL;
		*resource = chosen_resource(t, b);
		return OK;
	case CONFLICT_REPLACE:
		break;
	}
	return make_way(t, b, old, why);
}

static struct session *first_hibernating(const struct account *account)
{
	EACH_SESSION(account, s)
		if (s->stream && s->stream->hibernates)
			return s;
	return NULL;
}

/* A client that binds anew each time it loses its connection shall not shut its user out. */
static enum stanza_error find_place(struct turn *t, struct bind *b)
{
	if (t->account->session_count < t->host->resources)
		return OK;
	struct session *old = first_hibernating(t->account);
	if (old)
		return make_way(t, b, old, "Its account has too many sessions");
	limit_reached(LIMIT_RESOURCES);
	return RESOURCE_CONSTRAINT;
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
	if (error == OK)
		error = find_place(t, b);
	if (error == OK && !jid_with(t->arena, account->address, resource))
		error = BAD_REQUEST;
	if (error != OK) {
		if (error != HANDLED)
			refuse_bind(b, error);
		return HANDLED;
	}
	t->session = session_new(account, resource);
	session_begin(t->session, b->stream, b->with);
	session_hold(t->session);
	b->stream->bound(b->with, t->session, OK);
	t->out->line = modules_line(SESSION_BOUND, &t->out->count);
	return OK;
}

static void bind(const char *bare, const char *resource, bool is_again, const struct session_stream *stream, void *with)
{
	struct arena *a = arena_new();
	struct turn *t = turn_new(a, account_get(bare));
	struct bind *b = ARENA_NEW(a, struct bind);
	b->resource = arena_string(a, resource);
	b->stream = stream;
	b->with = with;
	b->is_again = is_again;
	t->to = t->account->address;
	t->out->begin = bind_begin;
	t->out->with = b;
	turn_queue_always(t);
}

void session_bind(const char *bare, const char *resource, const struct session_stream *stream, void *with)
{
	bind(bare, resource, false, stream, with);
}

void session_bind_again(const char *bare, const char *resource, const struct session_stream *stream, void *with)
{
	bind(bare, resource, true, stream, with);
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

/* --- a stream that looks for its session --- */

struct visit {
	void (*fn)(struct turn *, void *with);
	void *with;                  /* NULL: cancelled */
};

static enum stanza_error visit_begin(struct turn *t)
{
	struct visit *v = t->out->with;
	if (v->with)
		v->fn(t, v->with);
	return HANDLED;
}

void session_visit(const char *bare, void (*fn)(struct turn *, void *with), void *with)
{
	struct arena *a = arena_new();
	struct turn *t = turn_new(a, account_get(bare));
	struct visit *v = ARENA_NEW(a, struct visit);
	*v = (struct visit){ fn, with };
	t->to = t->account->address;
	t->out->begin = visit_begin;
	t->out->with = v;
	turn_queue_always(t);
}

void session_visit_cancel(const char *bare, void *with)
{
	struct account *account = account_find(bare);
	if (!account)
		return;
	LIST_EACH(&account->mailbox.turns, struct turn_out, link, out) {
		struct visit *v = out->begin == visit_begin ? out->with : NULL;
		if (v && v->with == with)
			v->with = NULL;
	}
}

static enum stanza_error resumed_begin(struct turn *t)
{
	t->out->line = modules_line(SESSION_RESUMED, &t->out->count);
	return OK;
}

static void tell_resumed(struct session *s)
{
	struct turn *t = turn_new(arena_new(), s->account);
	t->session = s;
	session_hold(s);
	t->from = s->jid;
	t->to = s->account->address;
	t->out->begin = resumed_begin;
	turn_queue_always(t);
}

static void count_hibernating(struct session *s, int by)
{
	if (s->stream && s->stream->hibernates)
		s->account->home->counts.sessions_hibernating += (uint64_t)by;
}

bool sessions_hibernate(const struct account *account)
{
	return account->home->counts.sessions_hibernating;
}

static atomic_int resumable;

void sessions_may_resume(int more)
{
	atomic_fetch_add(&resumable, more);
}

bool sessions_are_resumable(void)
{
	return atomic_load(&resumable) > 0;
}

void session_begin(struct session *s, const struct session_stream *stream, void *with)
{
	CHECK(s, SESSION_MAGIC);
	s->stream = stream;
	s->stream_with = with;
	count_hibernating(s, 1);
}

void session_change_stream(struct session *s, const struct session_stream *stream, void *with)
{
	CHECK(s, SESSION_MAGIC);
	bool hibernated = s->stream->hibernates;
	count_hibernating(s, -1);
	s->stream = stream;
	s->stream_with = with;
	count_hibernating(s, 1);
	if (hibernated && !stream->hibernates)
		tell_resumed(s);
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
	if (s->is_inactive && t->kind != KIND_INFO)
		modules_attention(s);
	address(t, el);
	t->payload = t->kind == KIND_INFO ? xml_first(el) : NULL;
	t->wants_keeping = s->has_acks && t->kind == KIND_MESSAGE;
	if (tap_is_open(s->account->home))
		tap_show_turn(t, !t->to || !is_known);
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

void flight_add(struct session *s, uint64_t number, const char *sql, int64_t key, struct delivery *delivery)
{
	struct flight *f = NEW(struct flight);
	*f = (struct flight){ NULL, number, sql, key, delivery };
	if (s->flights_last)
		s->flights_last->next = f;
	else
		s->flights = f;
	s->flights_last = f;
}

/* XEP-0280 §10.3: nobody hears of a copy that failed, and the message itself has gone its own way. */
static bool is_carbon(const struct xml *message)
{
	return xml_child(message, NS_CARBONS, "received") || xml_child(message, NS_CARBONS, "sent");
}

/* XEP-0198 §4: a message goes to another session, or waits, or is refused; a request is refused; all else has lost its sense. */
static bool is_worth_routing(const struct xml *stanza, enum kind *kind, enum type *type)
{
	type_of(stanza, kind, type);
	return (*kind == KIND_MESSAGE && !is_carbon(stanza)) || (*kind == KIND_INFO && (*type == TYPE_GET || *type == TYPE_SET));
}

static struct orphan *orphan_new(const struct session *s, const struct xml *stanza, enum kind kind, enum type type)
{
	struct arena *a = arena_new();
	struct xml *copy = xml_clone(a, stanza);
	const char *from = xml_get(copy, "from"), *to = xml_get(copy, "to");
	struct orphan *o = ARENA_NEW(a, struct orphan);
	const struct jid *sender = from ? jid_parse(a, from) : NULL, *target = to ? jid_parse(a, to) : NULL;
	if (!target || strcmp(target->bare, s->account->jid) != 0)
		target = kind == KIND_MESSAGE ? jid_copy(a, s->account->address) : s->jid;
	o->signal = signal_new(a, copy, sender, target, kind, type);
	if (sender)
		return o;
	arena_free(a);                       /* our own question: nobody waits for an answer */
	return NULL;
}

/* XEP-0203: since when it was on its way. */
static void stamp(const struct session *s, struct signal *signal, msec since)
{
	struct arena *a = signal->arena;
	struct xml *copy = xml_shallow(a, signal->stanza);
	xml_append(copy, EL(a, NS_DELAY, "delay", ATTR(a, "from", arena_string(a, s->account->address->domain)),
		ATTR(a, "stamp", datetime_print_msec(a, since))));
	signal->stanza = copy;
}

/* `since` 0: it was never sent. */
static void orphan_add(struct session *s, const struct xml *stanza, int64_t kept_key, msec since)
{
	enum kind kind;
	enum type type;
	struct orphan *o = is_worth_routing(stanza, &kind, &type) ? orphan_new(s, stanza, kind, type) : NULL;
	if (!o)
		return;
	o->signal->kept_key = kept_key;
	o->signal->since = since;
	if (since && kind == KIND_MESSAGE && !xml_child(stanza, NS_DELAY, "delay"))
		stamp(s, o->signal, since);
	if (s->orphans_last)
		s->orphans_last->next = o;
	else
		s->orphans = o;
	s->orphans_last = o;
}

void session_give(struct session *s, const struct xml *stanza)
{
	if (!s->stream)
		return;
	if (tap_is_open(s->account->home))
		tap_show_session(TAP_OUT, s, stanza);
	s->stream->send(s->stream_with, stanza);
	s->account->home->counts.stanzas_out++;
}

void session_set_inactive(struct session *s, bool is_inactive)
{
	if (s->is_inactive == is_inactive)
		return;
	s->is_inactive = is_inactive;
	modules_attention(s);
}

/* What has a row is never held back: that its client has it is known by the number that its stream gave it. */
static bool is_held_back(struct session *s, const struct output *o)
{
	return s->is_inactive && modules_hold_back(s, o->stanza, !o->flight_sql);
}

/* Only one that counts would have it sent once more. */
static bool somebody_counts(const struct turn *t)
{
	for (const struct output *o = t->out->outputs; o; o = o->next)
		if (o->session && o->stanza == t->stanza && o->session->has_acks)
			return true;
	return false;
}

static struct delivery *delivery_of(struct turn *t, const struct output *o)
{
	if (t->out->takers < 2 || o->stanza != t->stanza || t->kind != KIND_MESSAGE)
		return NULL;
	if (!t->out->delivery && somebody_counts(t))
		t->out->delivery = NEW(struct delivery);
	if (t->out->delivery)
		t->out->delivery->holders++;
	return t->out->delivery;
}

/* This session's client has it, or never will. True: so may, or does, that of another. */
static bool delivery_leave(struct delivery *d, bool is_taken)
{
	if (!d)
		return false;
	d->is_taken |= is_taken;
	bool others = d->is_taken || d->holders > 1;
	if (--d->holders == 0)
		mem_free(d);
	return others;
}

void session_put(struct turn *t, const struct output *o)
{
	struct session *s = o->session;
	if (!s->stream) {
		orphan_add(s, o->stanza, o->flight_key, 0);
		return;
	}
	if (is_held_back(s, o))
		return;
	if (tap_is_open(s->account->home))
		tap_show_session(TAP_OUT, s, o->stanza);
	uint64_t number = s->stream->send(s->stream_with, o->stanza);
	s->account->home->counts.stanzas_out++;
	struct delivery *delivery = delivery_of(t, o);
	if (o->flight_sql || delivery)
		flight_add(s, number, o->flight_sql, o->flight_key, delivery);
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
		delivery_leave(f->delivery, true);
		if (!f->sql)
			continue;
		struct statement *st = ARENA_NEW(a, struct statement);
		st->sql = f->sql;
		st->values = ARENA_NEW(a, struct value);
		*st->values = value_int(f->key);
		st->count = 1;
		st->next = g->job.first;
		g->job.first = st;
	}
	if (!g->job.first) {
		free_flights(flights);
		arena_free(a);
		return;
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
		delivery_leave(f->delivery, false);
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

/* What another session's client has, or may yet have, isn't sent once more. */
static void orphan_of(struct session *s, const struct untaken *u, struct flight *f)
{
	bool others = f && delivery_leave(f->delivery, false);
	if (f)
		f->delivery = NULL;
	if (!others)
		orphan_add(s, u->stanza, f ? f->key : 0, u->since);
}

static void orphans_of(struct session *s, const struct untaken *u, uint64_t number)
{
	struct flight *f = s->flights;
	for (; u && u->stanza; u++, number++) {
		while (f && f->number < number)
			f = f->next;
		orphan_of(s, u, f && f->number == number ? f : NULL);
	}
}

static struct log_who who(const struct session *s)
{
	struct session_facts f = s->stream->facts(s->stream_with);
	struct log_who w = { .jid = s->jid->full };
	memcpy(w.tag, f.tag, sizeof w.tag);
	memcpy(w.peer, f.peer, sizeof w.peer);
	return w;
}

void session_ended(struct session *s, const struct untaken *untaken, uint64_t first, const char *why)
{
	CHECK(s, SESSION_MAGIC);
	LOG_OF(LOG_LOW, who(s), "session ended: %s", why);
	orphans_of(s, untaken, first);
	count_hibernating(s, -1);
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

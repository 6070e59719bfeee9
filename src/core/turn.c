/*
 * A turn from its first step to its last.
 *
 *   queued in its account's mailbox
 *     → begins: a line of stations for a message or a presence, one handler for an IQ or a call
 *     → may hop (to the database, to the pool) and go on
 *     → ends: an error, or all is well
 *     → with writes: commits, its account waits for it (turn_store.c)
 *     → then: what it said in turn_then, its outputs leave, its receipt is let go
 */
#include "core/turn_out.h"
#include "base/check.h"
#include "core/call.h"
#include "core/limit.h"
#include "core/session.h"
#include "core/source.h"
#include <string.h>

struct turn *turn_new(struct arena *a, struct account *account)
{
	struct whole { struct turn turn; struct turn_out out; } *w = ARENA_NEW(a, struct whole);
	w->turn.arena = a;
	w->turn.account = account;
	w->turn.host = account->host;
	w->turn.out = &w->out;
	w->out.turn = &w->turn;
	list_init(&w->out.link);
	return &w->turn;
}

/* --- its queue --- */

static bool may_run(const struct account *account)
{
	return account->state != ACCOUNT_LOADING && !account->mailbox.is_held && !list_is_empty(&account->mailbox.turns);
}

bool turns_are_waiting(const struct account *account)
{
	return !list_is_empty(&account->mailbox.turns);
}

void turns_wake(struct account *account)
{
	if (may_run(account) && list_is_empty(&account->mailbox.ready))
		list_append(&account->home->ready, &account->mailbox.ready);
}

void turn_queue_always(struct turn *t)
{
	struct account *account = t->account;
	list_append(&account->mailbox.turns, &t->out->link);
	account->mailbox.length++;
	turns_wake(account);
}

void turn_queue(struct turn *t)
{
	if (t->account->mailbox.length < t->account->home->hosts->limits.mailbox) {
		turn_queue_always(t);
		return;
	}
	limit_reached(LIMIT_MAILBOX);
	turn_fail(t, RESOURCE_CONSTRAINT);
}

void turn_queue_first(struct turn *t)
{
	struct account *account = t->account;
	list_prepend(&account->mailbox.turns, &t->out->link);
	account->mailbox.length++;
	turns_wake(account);
}

/* It goes on waiting, as far as its caller sees. */
void turn_again(struct turn *t)
{
	if (t->out->holds)
		t->out->holds = t->account->mailbox.is_held = false;
	t->out->is_waiting = true;
	turn_queue_first(t);
}

/* --- how it ends --- */

/* The turn's own stanza may leave with the turn's arena, so that signal is sent last and the turn isn't touched any more. */
static void let_out(struct turn *t)
{
	struct signal *last = NULL;
	for (struct output *o = t->out->outputs; o; o = o->next) {
		if (o->session) {
			session_put(t, o);
			session_let_go(o->session);
			continue;
		}
		struct signal *s = route_out(t, o);
		if (s)
			last = s;
	}
	if (t->out->ticket.number)
		call_answer(t->out->ticket, t->out->answer);
	struct receipt *receipt = t->out->receipt;
	struct session *session = t->session;
	if (last)
		signal_send(last);
	else
		arena_free(t->arena);
	receipt_drop(receipt);
	if (session)
		session_let_go(session);
}

void turn_kept(struct turn *t)
{
	struct account *account = t->account;
	for (struct then *then = t->out->thens; then; then = then->next)
		then->fn(t, then->with);
	ASSERT(!t->out->writes || t->out->job.outcome == STORE_OK);
	if (t->out->append)
		append_submit(t);
	bool held = t->out->holds;
	let_out(t);
	if (held) {
		account->mailbox.is_held = false;
		turns_wake(account);
	}
}

static bool may_be_answered(const struct turn *t)
{
	return t->stanza && t->kind != KIND_CALL && t->type != TYPE_ERROR && t->type != TYPE_RESULT
	    && t->type != TYPE_UNAVAILABLE && t->type != TYPE_PROBE;
}

static void answer_error(struct turn *t, enum stanza_error error, const char *text, const struct xml *application, struct xml *beside)
{
	if (!may_be_answered(t))
		return;
	struct xml *reply = stanza_error_reply(t->arena, t->stanza, error, text, application);
	if (!reply)
		return;
	xml_set(t->arena, reply, "from", t->was_addressed ? t->to->full : t->account->jid);
	xml_set(t->arena, reply, "to", t->from->full);
	if (t->host && t->host->legacy_codes)
		stanza_error_add_code(t->arena, reply);
	xml_append(reply, beside);
	output_add(t, reply, t->session, false);
}

static void forget_outputs(struct turn *t)
{
	for (struct output *o = t->out->outputs; o; o = o->next)
		if (o->session)
			session_let_go(o->session);
	t->out->outputs = t->out->outputs_last = NULL;
}

/* Check first, change after: who returns an error has queued no write. */
static void end_with_error(struct turn *t, enum stanza_error error)
{
	struct turn_out *out = t->out;
	ASSERT(!out->writes && !out->append);
	out->thens = out->thens_last = NULL;         /* a read that failed behind them: they never ran */
	forget_outputs(t);
	answer_error(t, error, NULL, NULL, NULL);
	out->answer = NULL;
	turn_kept(t);
}

void turn_end(struct turn *t, enum stanza_error verdict)
{
	if (verdict != OK && verdict != HANDLED)
		end_with_error(t, verdict);
	else if (t->out->writes)
		turn_commit(t);
	else
		turn_kept(t);
}

void turn_fail(struct turn *t, enum stanza_error error)
{
	end_with_error(t, error);
}

/* --- how it goes --- */

static inline enum stanza_error pass_stop(struct turn *t, const struct stop *stop)
{
	return t->host && t->host->off & stop->bit ? OK : stop->run(t);
}

static void go_on(struct turn *t, enum stanza_error verdict)
{
	struct turn_out *out = t->out;
	while (verdict == OK && !out->is_waiting) {
		if (out->at < out->count)
			verdict = pass_stop(t, &out->line[out->at++]);
		else if (out->after) {
			hook_function *after = out->after;
			out->after = NULL;
			verdict = after(t);
		} else
			break;
	}
	if (!out->is_waiting)
		turn_end(t, verdict);
}

void turn_go_on(struct turn *t, enum stanza_error verdict)
{
	t->out->is_waiting = false;
	go_on(t, verdict);
}

static void take_line(struct turn *t, enum event event, hook_function *after)
{
	t->out->line = modules_line(event, &t->out->count);
	t->out->after = after;
}

static enum stanza_error call_begin(struct turn *t)
{
	const struct call_handler *h = modules_call(t->stanza->name);
	return h ? h->run(t) : ITEM_NOT_FOUND;
}

/* What a stranger gets from an account that exists. */
static enum stanza_error told_to_strangers(const struct turn *t)
{
	bool known;
	const struct iq_handler *h = t->kind == KIND_INFO && t->payload
		? modules_iq(t->payload, t->type == TYPE_GET ? IQ_GET : IQ_SET, TO_ACCOUNT, t->host ? t->host->off : 0, &known) : NULL;
	return h && h->stranger != OK ? h->stranger : SERVICE_UNAVAILABLE;
}

/* RFC 6121 §8.5.1; XEP-0030 §8 wants an empty list, as a stranger gets it from an account that exists. */
static enum stanza_error refuse_unknown(struct turn *t)
{
	if (t->type == TYPE_GET && !t->to->resource && xml_is(t->payload, NS_DISCO_ITEMS, "query")) {
		turn_reply(t, EL(t->arena, NS_DISCO_ITEMS, "query", ATTR(t->arena, "node", xml_get(t->payload, "node"))));
		return HANDLED;
	}
	return t->kind == KIND_MESSAGE || t->kind == KIND_INFO ? told_to_strangers(t) : HANDLED;
}

static bool is_shut(const struct account *account)
{
	return account->is_disabled || (account->host && account->host->is_suspended);
}

static enum stanza_error begin(struct turn *t)
{
	bool sent = t->session != NULL;
	if (t->out->begin)
		return t->out->begin(t);
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (t->account->state == ACCOUNT_UNKNOWN && t->kind != KIND_CALL)
		return source_meet(t, refuse_unknown);
	if (is_shut(t->account) && !sent && !t->out->kept_key && (t->kind == KIND_MESSAGE || t->kind == KIND_INFO))
		return refuse_unknown(t);            /* its roster goes on, and what was kept before waits */
	switch (t->kind) {
	case KIND_MESSAGE:
		take_line(t, sent ? MESSAGE_SENT : MESSAGE, sent ? route_on : NULL);
		return OK;
	case KIND_SUBSCRIBE:
	case KIND_NOTIFY:
		take_line(t, sent ? PRESENCE_SENT : PRESENCE, sent && t->was_addressed ? route_on : NULL);
		return OK;
	case KIND_INFO:
		return sent ? iq_sent(t) : iq_arrived(t);
	case KIND_CALL:
		return call_begin(t);
	}
	BUG("a kind of signal");
}

/* What was loaded under an older configuration is loaded again before the next turn. */
static bool is_outdated(struct account *account)
{
	return account->state == ACCOUNT_READY && account->generation != account->home->hosts->generation;
}

void turns_run(struct account *account, unsigned most)
{
	if (is_outdated(account)) {
		account_reload(account);
		return;
	}
	for (; most && may_run(account); most--) {
		struct turn_out *out = CONTAINER(list_first(&account->mailbox.turns), struct turn_out, link);
		struct home *home = account->home;
		list_remove(&out->link);
		account->mailbox.length--;
		home->counts.turns++;
		out->turn->host = account->host;
		out->is_waiting = false;
		go_on(out->turn, begin(out->turn));
	}
	turns_wake(account);
}

/* --- what a handler may say --- */

void output_add(struct turn *t, const struct xml *stanza, struct session *session, bool is_own)
{
	struct output *o = ARENA_NEW(t->arena, struct output);
	o->stanza = stanza;
	o->session = session;
	if (session)
		session_hold(session);       /* it may end while the turn waits */
	o->is_own = is_own;
	if (stanza == t->stanza && session) {
		o->flight_sql = t->out->flight_sql;
		o->flight_key = t->out->flight_key;
		t->out->takers++;
	}
	if (t->out->outputs_last)
		t->out->outputs_last->next = o;
	else
		t->out->outputs = o;
	t->out->outputs_last = o;
}

void turn_reply(struct turn *t, struct xml *payload)
{
	struct arena *a = t->arena;
	struct xml *reply = EL(a, NS_CLIENT, "iq", ATTR(a, "type", "result"), ATTR(a, "id", t->id), ATTR(a, "to", t->from->full),
		t->was_addressed ? ATTR(a, "from", t->to->full) : NULL, payload);
	output_add(t, reply, t->session, false);
}

enum stanza_error turn_refuse(struct turn *t, enum stanza_error error, const char *text, const struct xml *application)
{
	return turn_refuse_with(t, error, text, application, NULL);
}

enum stanza_error turn_refuse_with(struct turn *t, enum stanza_error error, const char *text, const struct xml *application, struct xml *beside)
{
	ASSERT(!t->out->writes && !t->out->thens);
	answer_error(t, error, text, application, beside);
	return HANDLED;
}

void turn_send(struct turn *t, struct xml *stanza)
{
	if (!xml_get(stanza, "from"))
		xml_set(t->arena, stanza, "from", t->account->jid);
	output_add(t, stanza, NULL, false);
}

void turn_deliver(struct turn *t, struct session *s, const struct xml *stanza)
{
	output_add(t, stanza, s, false);
	if (stanza == t->stanza)
		t->is_delivered = true;
}

bool turn_delivers_to(const struct turn *t, const struct session *s)
{
	for (const struct output *o = t->out->outputs; o; o = o->next)
		if (o->session == s && o->stanza == t->stanza)
			return true;
	return false;
}

void turn_flight(struct turn *t, const char *sql, int64_t key)
{
	if (t->account->is_anonymous)
		return;                              /* there is no row */
	t->out->flight_sql = sql;
	t->out->flight_key = t->out->kept_key = key;
}

void turn_deliver_kept(struct turn *t, struct session *s, const struct xml *stanza, const char *sql, int64_t key)
{
	output_add(t, stanza, s, false);
	t->out->outputs_last->flight_sql = sql;
	t->out->outputs_last->flight_key = key;
}

int64_t turn_kept_key(const struct turn *t)
{
	return t->out->kept_key;
}

msec turn_since(const struct turn *t)
{
	return t->out->since ? t->out->since : clock_wall();
}

void turn_then(struct turn *t, void (*fn)(struct turn *, void *), void *with)
{
	struct then *then = ARENA_NEW(t->arena, struct then);
	then->fn = fn;
	then->with = with;
	if (t->out->thens_last)
		t->out->thens_last->next = then;
	else
		t->out->thens = then;
	t->out->thens_last = then;
}

void turn_answer(struct turn *t, struct xml *payload)
{
	t->out->answer = payload;
}

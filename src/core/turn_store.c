/*
 * What a turn asks of the database, and of others. An anonymous user's writes end here: nothing of it is kept.
 *
 * A commit: the turn's writes in one job; its account takes no other turn
 * until it is on disk. An append: a job of its own, with copies of its values,
 * because its turn doesn't wait for it; it holds the receipt. A read: waits for
 * the account's earlier appends, so that everybody reads their own writes.
 *
 * How each can fail (docs/storage.md): a commit that is known to have failed
 * loads the account again and answers with an error; one whose outcome is
 * unknown also begins the live part anew; an append is tried again for a while
 * and then its message is bounced.
 */
#include "core/turn_out.h"
#include "base/check.h"
#include "base/log.h"
#include "core/session.h"
#include <string.h>

static struct statement *statement(struct arena *a, const char *sql, const struct value *values, size_t count)
{
	struct statement *s = ARENA_NEW(a, struct statement);
	s->sql = sql;
	s->values = arena_alloc(a, count * sizeof *values);
	memcpy(s->values, values, count * sizeof *values);
	s->count = (unsigned)count;
	return s;
}

static void submit(struct home *home, struct store_job *job)
{
	list_append(&home->jobs, &job->link);
}

/* --- commits --- */

void turn_write_values(struct turn *t, const char *sql, const struct value *values, size_t count)
{
	if (t->account->is_anonymous)
		return;
	struct statement *s = statement(t->arena, sql, values, count);
	if (t->out->writes_last)
		t->out->writes_last->next = s;
	else
		t->out->writes = s;
	t->out->writes_last = s;
}

/* Known to have failed: what its handler changed in memory is loaded again; the sender hears of it. */
static void turn_lost(struct turn *t)
{
	struct account *account = t->account;
	struct turn_out *out = t->out;
	log_problem("STORE", "%s: a change was not kept: %s", account->jid, out->job.why.text);
	home_write_failed(account->home, out->job.why.text);
	bool unknown = out->job.outcome == STORE_UNKNOWN;
	out->writes = NULL;
	out->thens = NULL;
	out->holds = false;
	account->mailbox.is_held = false;
	turn_fail(t, RESOURCE_CONSTRAINT);
	account_reload(account);
	if (unknown)
		sessions_reset(account);
}

static void committed(void *thing)
{
	struct turn *t = CONTAINER(thing, struct turn_out, job)->turn;
	if (t->out->job.outcome == STORE_OK)
		turn_kept(t);
	else
		turn_lost(t);
}

static void commit_done(struct store_job *job)                           /* on a store thread */
{
	post(CONTAINER(job, struct turn_out, job)->turn->account->home->loop, committed, job);
}

void turn_commit(struct turn *t)
{
	struct turn_out *out = t->out;
	out->holds = t->account->mailbox.is_held = true;
	out->job = (struct store_job){ .first = out->writes, .done = commit_done };
	submit(t->account->home, &out->job);
}

/* --- appends --- */

struct append {
	struct store_job job;
	struct list      link;               /* the account's appends under way, in order */
	struct arena    *arena;
	struct account  *account;
	struct receipt  *receipt;
	uint64_t         number;
	msec             since;
	struct timer     again;
	const struct xml *head;              /* the stanza's attributes, to bounce it; NULL: nothing to bounce */
};

void turn_append_values(struct turn *t, const char *sql, const struct value *values, size_t count)
{
	struct append *p = t->out->append;
	if (t->account->is_anonymous)
		return;
	if (!p) {
		struct arena *a = arena_new();
		p = ARENA_NEW(a, struct append);
		p->arena = a;
		t->out->append = p;
	}
	struct statement *s = statement(p->arena, sql, values, count);
	for (unsigned i = 0; i < s->count; i++) {
		struct value *v = &s->values[i];
		if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
			v->bytes = arena_copy(p->arena, v->bytes, (size_t)v->number);
	}
	struct statement **end = &p->job.first;
	while (*end)
		end = &(*end)->next;
	*end = s;
}

static void append_finish(struct append *p)
{
	struct account *account = p->account;
	list_remove(&p->link);
	receipt_drop(p->receipt);
	arena_free(p->arena);
	LIST_EACH(&account->mailbox.reads, struct turn_out, link, out) {
		if (!account_may_read(account, out->read_after))
			break;
		list_remove(&out->link);
		turn_submit_read(out->turn);
	}
	if (account->state == ACCOUNT_LOADING)
		accounts_load_next(account->home);
}

/* Patience ended: the sender is told, unless a client already has the message. */
static void append_bounce(struct append *p)
{
	log_problem("STORE", "%s: a message could not be kept: %s", p->account->jid, p->job.why.text);
	struct arena *a = arena_new();
	struct xml *error = p->head ? stanza_error_reply(a, xml_clone(a, p->head), RESOURCE_CONSTRAINT, NULL, NULL) : NULL;      /* a reply borrows; p ends first */
	if (error && p->account->host && p->account->host->legacy_codes)
		stanza_error_add_code(a, error);
	struct jid *to = error ? jid_parse(a, xml_get(error, "to")) : NULL;
	if (to)
		signal_send(signal_new(a, error, jid_parse(a, p->account->jid), to, KIND_MESSAGE, TYPE_ERROR));
	else
		arena_free(a);
}

static void append_again(struct timer *timer)
{
	struct append *p = CONTAINER(timer, struct append, again);
	submit(p->account->home, &p->job);
}

static void appended(void *thing)
{
	struct append *p = CONTAINER(thing, struct append, job);
	if (p->job.outcome != STORE_OK)
		home_write_failed(p->account->home, p->job.why.text);
	if (p->job.outcome == STORE_OK) {
		append_finish(p);
	} else if (clock_now() - p->since < p->account->home->hosts->limits.append_patience) {
		timer_start(&p->again, 200, append_again);
	} else {
		append_bounce(p);
		append_finish(p);
	}
}

static void append_done(struct store_job *job)                           /* on a store thread */
{
	post(CONTAINER(job, struct append, job)->account->home->loop, appended, job);
}

void append_submit(struct turn *t)
{
	struct append *p = t->out->append;
	t->out->append = NULL;
	p->account = t->account;
	p->receipt = t->out->receipt;
	receipt_hold(p->receipt);
	p->since = clock_now();
	p->number = ++t->account->mailbox.appended;
	if (t->stanza && t->kind == KIND_MESSAGE && t->type != TYPE_ERROR && !t->is_delivered && t->from)
		p->head = EL(p->arena, NS_CLIENT, "message", ATTR(p->arena, "from", arena_string(p->arena, t->from->full)),
			ATTR(p->arena, "to", arena_string(p->arena, t->to->full)), ATTR(p->arena, "id", arena_string(p->arena, t->id)));
	list_append(&t->account->mailbox.appends, &p->link);
	p->job.done = append_done;
	submit(t->account->home, &p->job);
}

/* --- reads --- */

bool account_may_read(const struct account *account, uint64_t after)
{
	struct list *first = list_first(&account->mailbox.appends);
	return !first || CONTAINER(first, struct append, link)->number > after;
}

static void read_finished(void *thing)
{
	struct turn *t = CONTAINER(thing, struct turn_out, job)->turn;
	struct turn_out *out = t->out;
	bool ok = out->job.outcome == STORE_OK;
	if (!ok)
		log_problem("STORE", "%s: could not read: %s", t->account->jid, out->job.why.text);
	t->account->mailbox.reading--;
	out->is_waiting = false;
	enum stanza_error verdict = ok ? out->found(t, out->job.results[0]) : RESOURCE_CONSTRAINT;
	flights_sweep(t->account);           /* behind `found`, which may have been given a row that is gone by now */
	if (!out->is_waiting)
		turn_go_on(t, verdict);
}

static void read_done(struct store_job *job)                             /* on a store thread */
{
	post(CONTAINER(job, struct turn_out, job)->turn->account->home->loop, read_finished, job);
}

void turn_submit_read(struct turn *t)
{
	submit(t->account->home, &t->out->job);
}

enum stanza_error turn_read_values(struct turn *t, read_function *found, bool holds, const char *sql, const struct value *values, size_t count)
{
	struct turn_out *out = t->out;
	struct mailbox *box = &t->account->mailbox;
	ASSERT(!out->writes);                                            /* writes are queued after the last read */
	out->found = found;
	out->is_waiting = true;
	if (holds && !out->holds)
		out->holds = box->is_held = true;
	out->job = (struct store_job){ .first = statement(t->arena, sql, values, count), .is_read = true, .arena = t->arena, .done = read_done };
	out->read_after = box->appended;
	box->reading++;
	if (account_may_read(t->account, out->read_after))
		turn_submit_read(t);
	else
		list_append(&box->reads, &out->link);
	return HANDLED;
}

/* --- who answers late --- */

enum stanza_error turn_wait(struct turn *t, bool holds, enum stanza_error (*found)(struct turn *, void *), void *with)
{
	struct turn_out *out = t->out;
	out->worked = found;
	out->with = with;
	out->is_waiting = true;
	if (holds && !out->holds)
		out->holds = t->account->mailbox.is_held = true;
	t->account->mailbox.reading++;
	return HANDLED;
}

void turn_came(struct turn *t)
{
	t->account->mailbox.reading--;
	t->out->is_waiting = false;
	enum stanza_error verdict = t->out->worked(t, t->out->with);
	if (!t->out->is_waiting)
		turn_go_on(t, verdict);
}

/* --- the pool --- */

static void do_work(void *thing)                                         /* on a worker */
{
	struct turn *t = thing;
	t->out->work(t->out->with);
}

static void work_done(void *thing)
{
	struct turn *t = thing;
	t->out->is_waiting = false;
	enum stanza_error verdict = t->out->worked(t, t->out->with);
	if (!t->out->is_waiting)
		turn_go_on(t, verdict);
}

enum stanza_error turn_work(struct turn *t, void (*work)(void *), enum stanza_error (*found)(struct turn *, void *), void *with)
{
	t->out->work = work;
	t->out->worked = found;
	t->out->with = with;
	t->out->is_waiting = t->out->holds = t->account->mailbox.is_held = true;
	loop_work(do_work, work_done, t);
	return HANDLED;
}

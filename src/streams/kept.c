/*
 * One row for each session: its id, its account, and the rest as XML.
 */
#include "streams/kept.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "core/session.h"
#include "core/turn.h"
#include "streams/hibernate.h"
#include "xml/parser.h"
#include <string.h>

static const char Q_PUT[] = "INSERT INTO kept_session (id, jid, state) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET state = excluded.state";
static const char Q_ALL[] = "SELECT id, jid, state FROM kept_session";
static const char Q_REMOVE[] = "DELETE FROM kept_session WHERE id = ?1";

/* --- at the end --- */

struct writing {
	struct arena *arena;
	struct store_job job;
	struct statement **end;
	unsigned count;
};

static void add(struct writing *w, const struct session *s)
{
	struct arena *a = w->arena;
	struct xml *el = session_save(s, a);
	struct statement *st = ARENA_NEW(a, struct statement);
	xml_append(el, hibernation_save(s, a));
	st->sql = Q_PUT;
	st->values = arena_alloc(a, 3 * sizeof *st->values);
	st->values[0] = value_text(arena_string(a, acks_id(hibernation_acks(s))));
	st->values[1] = value_text(s->account->jid);
	st->values[2] = value_text(xml_string(a, el, NS_CALL));
	st->count = 3;
	*w->end = st;
	w->end = &st->next;
	w->count++;
}

static bool add_account(struct hash_node *n, void *with)
{
	EACH_SESSION(CONTAINER(n, struct account, by_jid), s)
		if (hibernates(s))
			add(with, s);
	return true;
}

bool kept_write(struct fail *why)
{
	struct writing w = { .arena = arena_new() };
	bool ok = true;
	w.end = &w.job.first;
	for (unsigned i = 0; i < homes_count(); i++)
		hash_each(&home_number(i)->accounts, add_account, &w);
	if (w.count)
		ok = store_run(home_store(), &w.job) || fail(why, "%s", w.job.why.text);
	if (ok && w.count)
		log_major("SERVER", "%u sessions wait for their clients and for the next start", w.count);
	arena_free(w.arena);
	return ok;
}

/* --- at the start --- */

struct kept {                        /* lies in its arena */
	struct kept  *next;
	struct arena *arena;
	const char   *id, *jid, *state;
	/* While its turn runs. */
	const struct xml *el;
	struct flight *flights;
};

static struct kept *of_home[HOMES_LIMIT];            /* written before the loops start; each is its loop's then */

static void take(const struct row *row)
{
	struct arena *a = arena_new();
	struct kept *k = ARENA_NEW(a, struct kept);
	k->arena = a;
	k->id = arena_string(a, row_text(row, 0));
	k->jid = arena_string(a, row_text(row, 1));
	k->state = arena_string(a, row_text(row, 2));
	struct kept **list = &of_home[home_of(k->jid)->number];
	k->next = *list;
	*list = k;
}

bool kept_read(struct fail *why)
{
	struct arena *a = arena_new();
	struct statement st = { .sql = Q_ALL };
	struct store_job job = { .first = &st, .is_read = true, .arena = a };
	bool ok = store_run(home_store(), &job) || fail(why, "the sessions that were kept can't be read: %s", job.why.text);
	for (const struct row *row = ok ? job.results[0]->first : NULL; row; row = row->next)
		take(row);
	if (ok && job.results[0]->count)
		log_major("SERVER", "%u sessions were kept, and wait for their clients", job.results[0]->count);
	arena_free(a);
	return ok;
}

static void again(struct turn *t, void *with)
{
	struct kept *k = with;
	struct session *s = session_restore(t, k->el, k->flights);
	if (!hibernation_restore(s, xml_child(k->el, NS_CALL, "hibernation")))
		BUG("it was looked at before");
	arena_free(k->arena);
}

static void restore(struct turn *t, void *with)
{
	struct kept *k = with;
	struct arena *a = t->arena;
	uint64_t first;
	k->el = xml_parse(k->arena, k->state, strlen(k->state), NS_CALL);
	const struct untaken *untaken = hibernation_untaken(xml_child(k->el, NS_CALL, "hibernation"), a, &first);
	if (t->account->state == ACCOUNT_FAILED || !t->account->host) {
		arena_free(k->arena);                /* it stays where it is, for a start that can read it, or that serves its domain */
		return;
	}
	turn_write(t, Q_REMOVE, V(arena_string(a, k->id)));
	if (!untaken || !session_may_return(t, k->el)) {
		log_problem("SERVER", "%s: a session that was kept can't be made again", k->jid);
		arena_free(k->arena);
		return;
	}
	k->flights = session_flights_again(t, k->el, untaken, first);
	turn_then(t, again, k);
}

void kept_restore(void)
{
	struct kept **list = &of_home[home_here()->number];
	for (struct kept *k = *list, *next; k; k = next) {
		next = k->next;
		session_visit(k->jid, restore, k);
	}
	*list = NULL;
}

/*
 * sqlite: with a path is another server's database on this machine: its
 * accounts' keys are read, and nothing else of it.
 *
 * It is opened for each question, on a worker: its server may come and go, and
 * may put another file in its place.
 */
#include "core/source_inside.h"
#include "base/log.h"
#include "core/turn_out.h"
#include <string.h>
#include <sys/stat.h>

static const char Q_KEYS[] =
	"SELECT hash, rounds, salt, stored, server FROM credential WHERE account = (SELECT id FROM account WHERE jid = ?1) ORDER BY hash = ?2 DESC, hash DESC";
static const char Q_IS_THERE[] = "SELECT 1 FROM account WHERE jid = ?1";

struct peek {                                /* in its turn's arena, which is the worker's meanwhile */
	struct turn     *turn;
	struct source   *source;             /* a share */
	struct store_job job;
	struct statement statement;
	struct value     values[2];
	sqlite_found    *found;
};

static void peek(void *thing)                /* on a worker */
{
	struct peek *p = thing;
	const bool was_down = atomic_load(&p->source->is_lost), is_down = !store_peek(p->source->rest, &p->job);
	if (is_down != was_down && atomic_exchange(&p->source->is_lost, is_down) == was_down)
		log_major("AUTH", is_down ? "%s can't be asked for passwords: %s. Who logs in by it is told to try later" : "%s answers again", p->source->name,
			p->job.why.text);
}

static void peeked(void *thing)
{
	struct peek *p = thing;
	turn_came(p->turn);
}

static enum stanza_error found(struct turn *t, void *with)
{
	struct peek *p = with;
	source_drop(p->source);
	return p->job.outcome == STORE_OK ? p->found(t, p->job.results[0]) : RESOURCE_CONSTRAINT;
}

static enum stanza_error ask(struct turn *t, struct source *s, bool holds, const char *sql, const char *hash, sqlite_found *then)
{
	struct peek *p = ARENA_NEW(t->arena, struct peek);
	*p = (struct peek){ .turn = t, .source = source_share(s), .found = then, .values = { V(t->account->jid), V(hash) } };
	p->statement = (struct statement){ .sql = sql, .values = p->values, .count = hash ? 2 : 1 };
	p->job = (struct store_job){ .first = &p->statement, .is_read = true, .arena = t->arena };
	loop_work(peek, peeked, p);
	return turn_wait(t, holds, found, p);
}

enum stanza_error sqlite_keys(struct turn *t, struct source *s, const char *hash, sqlite_found *then)
{
	return ask(t, s, false, Q_KEYS, hash, then);
}

enum stanza_error sqlite_is_there(struct turn *t, struct source *s, sqlite_found *then)
{
	return ask(t, s, true, Q_IS_THERE, NULL, then);
}

static bool sqlite_open(struct source *s, struct fail *why)
{
	struct stat st;
	return stat(s->rest, &st) == 0 || fail_errno(why, "cannot look at the database %s", s->rest);
}

const struct source_kind source_sqlite = {
	.scheme = "sqlite", .can = SOURCE_KEYS | SOURCE_KNOWS | SOURCE_SHA_1 | SOURCE_SHA_256 | SOURCE_SHA_512, .open = sqlite_open,
};

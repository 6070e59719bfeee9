/*
 * One job, with a statement for each domain that wants none: a look into an
 * index that is empty nearly everywhere. A domain that isn't served keeps what
 * it has, like its accounts.
 */
#include "core/clear_sweep.h"
#include "base/log.h"

static const char Q_CLEAR_SWEEP[] = "DELETE FROM clear_password WHERE host = ?1";

struct sweep {
	struct store_job job;
	struct arena    *arena;
};

static void swept(struct store_job *job)                         /* on a store thread */
{
	struct sweep *s = CONTAINER(job, struct sweep, job);
	if (job->outcome != STORE_OK)
		log_problem("AUTH", "passwords in the clear that no mechanism needs any more can't be removed: %s", job->why.text);
	arena_free(s->arena);
}

static bool add(struct hash_node *n, void *with)
{
	struct sweep *s = with;
	const struct host *host = CONTAINER(n, struct host, by_name);
	if (host->passwords.keeps_clear)
		return true;
	struct statement *one = ARENA_NEW(s->arena, struct statement);
	one->sql = Q_CLEAR_SWEEP;
	one->values = ARENA_NEW(s->arena, struct value);
	*one->values = V(arena_string(s->arena, host->name));
	one->count = 1;
	one->next = s->job.first;
	s->job.first = one;
	return true;
}

void clear_sweep(struct store *store, const struct hosts *hosts)
{
	struct arena *a = arena_new();
	struct sweep *s = ARENA_NEW(a, struct sweep);
	s->arena = a;
	s->job.done = swept;
	hash_each((struct hash *)(uintptr_t)&hosts->by_name, add, s);
	if (s->job.first)
		store_submit(store, &s->job);
	else
		arena_free(a);
}

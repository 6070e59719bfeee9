/*
 * A read finds whose domains have some, a write removes those that don't want
 * them. A domain that isn't served keeps what it has, like its accounts.
 */
#include "core/clear_sweep.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"

static const char Q_CLEAR_DOMAINS[] = "SELECT DISTINCT host FROM clear_password";
static const char Q_CLEAR_SWEEP[] = "DELETE FROM clear_password WHERE host = ?1";

struct sweep {
	struct store_job job;
	struct arena    *arena;
	struct store    *store;
	struct hosts    *hosts;
};

static void over(struct sweep *s)
{
	if (s->job.outcome != STORE_OK)
		log_problem("AUTH", "passwords in the clear that no mechanism needs any more can't be removed: %s", s->job.why.text);
	hosts_drop(s->hosts);
	arena_free(s->arena);
}

static void swept(struct store_job *job)                         /* on a store thread, as what follows */
{
	over(CONTAINER(job, struct sweep, job));
}

static bool is_unwanted(const struct hosts *hosts, const char *domain)
{
	struct hash_node *n = hash_find(&hosts->by_name, domain);
	return n && !CONTAINER(n, struct host, by_name)->passwords.keeps_clear;
}

static struct statement *deletion(struct arena *a, const char *domain, struct statement *next)
{
	struct statement *s = ARENA_NEW(a, struct statement);
	s->next = next;
	s->sql = Q_CLEAR_SWEEP;
	s->values = ARENA_NEW(a, struct value);
	*s->values = V(domain);
	s->count = 1;
	return s;
}

static void found(struct store_job *job)
{
	struct sweep *s = CONTAINER(job, struct sweep, job);
	struct statement *first = NULL;
	for (const struct row *row = job->outcome == STORE_OK ? job->results[0]->first : NULL; row; row = row->next)
		if (is_unwanted(s->hosts, row_text(row, 0)))
			first = deletion(s->arena, row_text(row, 0), first);
	if (!first) {
		over(s);
		return;
	}
	*job = (struct store_job){ .first = first, .done = swept };
	store_submit(s->store, job);
}

void clear_sweep(struct store *store, struct hosts *hosts)
{
	struct arena *a = arena_new();
	struct sweep *s = ARENA_NEW(a, struct sweep);
	struct statement *read = ARENA_NEW(a, struct statement);
	read->sql = Q_CLEAR_DOMAINS;
	s->arena = a;
	s->store = store;
	s->hosts = hosts_share(hosts);
	s->job = (struct store_job){ .first = read, .is_read = true, .arena = a, .done = found };
	store_submit(store, &s->job);
}

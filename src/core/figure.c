/*
 * The table of all figures, a loop's first.
 */
#include "core/figure.h"
#include "core/home.h"
#include "core/server.h"
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- what isn't a loop's --- */

#define READ(name, expression) static int64_t name(void) { return (int64_t)(expression); }

static int64_t waiting_ms(void)
{
	msec since = store_waiting_since(home_store());
	return since ? clock_now() - since : 0;
}

static int64_t resident(void)
{
	long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%*s %lld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

/* In use, and kept for later, by malloc; what is apart from it (blocks of arenas, threads' stacks) is in the resident bytes only. */
static int64_t allocated(void)
{
	struct mallinfo2 m = mallinfo2();
	return (int64_t)(m.uordblks + m.hblkhd);
}

READ(spare, mallinfo2().fordblks)
READ(store_memory, store_figures(home_store()).cache_bytes)
READ(commits, store_figures(home_store()).commits)
READ(jobs, store_figures(home_store()).jobs)
READ(failed, store_figures(home_store()).failed)
READ(reads, store_figures(home_store()).reads)
READ(wal, store_figures(home_store()).wal_bytes)
READ(waiting, store_waiting(home_store()))
READ(batches_1, store_figures(home_store()).batches[0])
READ(batches_10, store_figures(home_store()).batches[1])
READ(batches_100, store_figures(home_store()).batches[2])
READ(batches_more, store_figures(home_store()).batches[3])
READ(commit_ms, store_figures(home_store()).commit_ms)
READ(waited_ms, store_figures(home_store()).waited_ms)
READ(degraded, home_here()->is_degraded)
READ(domains, hosts_here()->count)
READ(started, server.started / 1000)

#define FIGURE_ROW(field, kind, name, label, help) { name, label, help, kind, offsetof(struct home_counts, field), NULL },
static const struct figure table[] = {
	LOOP_FIGURES(FIGURE_ROW)
	{ "store_commits", NULL, "Commits", FIGURE_COUNT, 0, commits },
	{ "store_jobs", NULL, "Writes that were handed over, each of one or more statements", FIGURE_COUNT, 0, jobs },
	{ "store_jobs_failed", NULL, "Writes and reads that failed", FIGURE_COUNT, 0, failed },
	{ "store_reads", NULL, "Reads", FIGURE_COUNT, 0, reads },
	{ "store_batches", "jobs=\"1\"", "Commits by how many writes they held", FIGURE_COUNT, 0, batches_1 },
	{ "store_batches", "jobs=\"2-10\"", "Commits by how many writes they held", FIGURE_COUNT, 0, batches_10 },
	{ "store_batches", "jobs=\"11-100\"", "Commits by how many writes they held", FIGURE_COUNT, 0, batches_100 },
	{ "store_batches", "jobs=\"more\"", "Commits by how many writes they held", FIGURE_COUNT, 0, batches_more },
	{ "store_commit_ms", NULL, "Milliseconds that commits took, all together", FIGURE_COUNT, 0, commit_ms },
	{ "store_waited_ms", NULL, "Milliseconds that writes waited until they were on disk, all together", FIGURE_COUNT, 0, waited_ms },
	{ "store_waiting", NULL, "Writes and reads that wait", FIGURE_NOW, 0, waiting },
	{ "store_waiting_ms", NULL, "Milliseconds that the oldest write waits", FIGURE_NOW, 0, waiting_ms },
	{ "store_wal_bytes", NULL, "Bytes of the write-ahead log", FIGURE_NOW, 0, wal },
	{ "store_degraded", NULL, "1: nothing was committed for too long, and new logins are refused", FIGURE_NOW, 0, degraded },
	{ "memory_resident_bytes", NULL, "Memory of the process", FIGURE_NOW, 0, resident },
	{ "memory_bytes", "of=\"malloc\"", "Memory by who holds it", FIGURE_NOW, 0, allocated },
	{ "memory_bytes", "of=\"malloc, spare\"", "Memory by who holds it", FIGURE_NOW, 0, spare },
	{ "memory_bytes", "of=\"store's pages\"", "Memory by who holds it", FIGURE_NOW, 0, store_memory },
	{ "domains", NULL, "Domains that are served", FIGURE_NOW, 0, domains },
	{ "start_time_seconds", NULL, "When the server started, in seconds since 1970", FIGURE_NOW, 0, started },
};

size_t figures_count(void)
{
	return sizeof table / sizeof *table;
}

const struct figure *figure_number(size_t n)
{
	return &table[n];
}

uint64_t figure_of_loop(const struct figure *f, const struct home_counts *counts)
{
	uint64_t n;
	memcpy(&n, (const char *)counts + f->at, sizeof n);
	return n;
}

/* --- for Prometheus --- */

static void add(struct buf *out, const char *format, const char *a, const char *b, const char *c)
{
	char line[512];
	int n = snprintf(line, sizeof line, format, a, b, c);
	buf_add(out, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

/* "_total" behind what only grows; one head for all with the same name. */
void figures_print(struct buf *out, const int64_t values[])
{
	for (size_t i = 0; i < figures_count(); i++) {
		const struct figure *f = &table[i];
		bool is_first = !i || strcmp(table[i - 1].name, f->name) != 0;
		const char *suffix = f->kind == FIGURE_COUNT ? "_total" : "";
		char number[32];
		snprintf(number, sizeof number, "%lld", (long long)values[i]);
		if (is_first) {
			add(out, "# HELP jackdaw_%s%s %s\n", f->name, suffix, f->help);
			add(out, "# TYPE jackdaw_%s%s %s\n", f->name, suffix, f->kind == FIGURE_COUNT ? "counter" : "gauge");
		}
		add(out, "jackdaw_%s%s%s", f->name, suffix, f->label ? "{" : " ");
		if (f->label)
			add(out, "%s} %s%s", f->label, "", "");
		add(out, "%s\n%s%s", number, "", "");
	}
}

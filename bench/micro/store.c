/*
 * Group commit: what a row costs, by how many share a commit; and how many jobs
 * a second the store keeps, by how many are in flight.
 *
 *   store [folder] [seconds]
 *
 * Each job inserts a row of about 600 bytes with an index, as an archive would.
 * In the first part so many are handed over at once, and the next when all are
 * done; in the second whoever hears that a job is done submits the next one.
 * The folder decides what is measured: it must lie on the disk in question, not
 * in memory. The p50 and p99 are of the time from submit to done.
 */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "micro.h"
#include "store/store.h"

enum { ROW = 600, SAMPLES = 1 << 20 };

struct run {
	struct store *store;
	atomic_bool stop;
	atomic_int flying;
	sem_t  landed;                   /* the last one is done, and none follows */
	size_t done;                     /* the writer's alone */
	float  *waits_ms;
};

struct one {
	struct store_job job;
	struct statement statement;
	struct value values[4];
	struct run *run;
	struct timespec from;
};

static const struct migration table[] = {
	{ "bench", 1, "CREATE TABLE m (id BIGINT PRIMARY KEY, owner BIGINT, ts BIGINT, body TEXT); CREATE INDEX m_owner ON m (owner, ts)" },
};
static const char Q_INSERT[] = "INSERT INTO m (id, owner, ts, body) VALUES (?, ?, ?, ?)";
static char body[ROW + 1];
static int64_t next_id;                      /* given out by the main thread, then by the writer */

static double ms_since(const struct timespec *from)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 + (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

static void submit(struct one *o)
{
	int64_t id = ++next_id;
	o->values[0] = V(id);
	o->values[1] = V(id * 7919 % 5000);
	o->values[2] = V(id);
	o->values[3] = (struct value){ VALUE_TEXT, ROW, body };
	clock_gettime(CLOCK_MONOTONIC, &o->from);
	store_submit(o->run->store, &o->job);
}

static void done(struct store_job *job)
{
	struct one *o = CONTAINER(job, struct one, job);
	struct run *r = o->run;
	if (job->outcome != STORE_OK) {
		fprintf(stderr, "%s\n", job->why.text);
		exit(1);
	}
	r->waits_ms[r->done++ % SAMPLES] = (float)ms_since(&o->from);
	if (!atomic_load(&r->stop))
		submit(o);
	else if (atomic_fetch_sub(&r->flying, 1) == 1)
		sem_post(&r->landed);
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

static void start(struct run *r, struct one *all, int count)
{
	for (int i = 0; i < count; i++) {
		all[i].statement = (struct statement){ .sql = Q_INSERT, .values = all[i].values, .count = 4 };
		all[i].job = (struct store_job){ .first = &all[i].statement, .done = done };
		all[i].run = r;
	}
	struct list jobs;
	list_init(&jobs);
	for (int i = 0; i < count; i++) {
		struct one *o = &all[i];
		int64_t id = ++next_id;
		o->values[0] = o->values[2] = V(id);
		o->values[1] = V(id * 7919 % 5000);
		o->values[3] = (struct value){ VALUE_TEXT, ROW, body };
		clock_gettime(CLOCK_MONOTONIC, &o->from);
		list_append(&jobs, &o->job.link);
	}
	atomic_store(&r->flying, count);
	store_submit_many(r->store, &jobs);
}

static void measure(struct store *s, int in_flight, double seconds)
{
	struct run r = { .store = s, .waits_ms = mem_new(SAMPLES * sizeof(float)) };
	struct one *all = mem_new((size_t)in_flight * sizeof *all);
	struct timespec from;
	struct store_figures before = store_figures(s);
	sem_init(&r.landed, 0, 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	start(&r, all, in_flight);
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&r.stop, true);
	sem_wait(&r.landed);
	double took = ms_since(&from) / 1e3;
	char what[80];
	struct store_figures after = store_figures(s);
	size_t samples = r.done < SAMPLES ? r.done : SAMPLES;
	qsort(r.waits_ms, samples, sizeof(float), compare);
	snprintf(what, sizeof what, "%d in flight (%.1f a commit, p50 %.2f ms, p99 %.2f ms)", in_flight,
		(double)r.done / (double)(after.commits - before.commits), r.waits_ms[samples / 2], r.waits_ms[samples * 99 / 100]);
	figure(what, (double)r.done / took, "jobs/s");
	mem_free(all);
	mem_free(r.waits_ms);
}

/* --- so many rows in each commit --- */

static void commit_by(struct store *s, int rows, double seconds)
{
	struct run r = { .store = s, .waits_ms = mem_new(SAMPLES * sizeof(float)), .stop = true };
	struct one *all = mem_new((size_t)rows * sizeof *all);
	struct timespec from;
	char what[80];
	double cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), ns, commits = 0;
	sem_init(&r.landed, 0, 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		start(&r, all, rows);
		sem_wait(&r.landed);
		commits++;
	} while ((ns = ms_since(&from) * 1e6) < seconds * 1e9);
	snprintf(what, sizeof what, "%d rows a commit: a row", rows);
	figure(what, ns / commits / rows, "ns");
	snprintf(what, sizeof what, "%d rows a commit: its processor time", rows);
	figure(what, (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / commits / rows, "ns");
	mem_free(all);
	mem_free(r.waits_ms);
}

static void remove_all(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	for (unsigned i = 0; i < 4; i++) {
		char *name = mem_printf("%s%s", path, ends[i]);
		unlink(name);
		mem_free(name);
	}
}

int main(int argc, char **argv)
{
	static const int sizes[] = { 1, 8, 64, 500 }, flights[] = { 1, 8, 64, 500, 5000 };
	struct fail why;
	char *path = mem_printf("%s/bench-store.sqlite", argc > 1 ? argv[1] : ".");
	double seconds = argc > 2 ? atof(argv[2]) : 2;
	memset(body, 'x', ROW);
	remove_all(path);
	struct store_options o = { .path = path };
	struct store *s = store_open(&o, table, 1, &why);
	if (!s) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
		commit_by(s, sizes[i], seconds);
	for (unsigned i = 0; i < sizeof flights / sizeof *flights; i++)
		measure(s, flights[i], seconds);
	store_close(s);
	remove_all(path);
	mem_free(path);
	return 0;
}

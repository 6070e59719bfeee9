/*
 * The threads and the queues.
 *
 *   loops ── store_submit ──▶ writes ──▶ writer:  take all that wait ▶ commit ▶ done, done, done ▶ tend
 *                        └──▶ reads  ──▶ readers: take one ▶ read ▶ done
 *
 * Group commit needs no timer. The writer takes what has queued while it was
 * busy with the last commit: one job when the server is idle, hundreds when
 * the disk is the limit. It never waits for more.
 *
 * The lock guards the two queues, `oldest`, `copy` and the two flags, nothing else. It
 * is held for a few list operations, never over a call into the driver or into
 * `done`, and no other lock is taken under it. It is a mutex of the store's own
 * because store threads sleep on it, which a loop's inbox cannot offer.
 */
#include "store/store.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/driver.h"
#include "store/lock.h"
#include "store/migrate.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#ifdef TEST_HOOKS
#include "powercut_vfs.h"
#endif

enum { STORE_MAGIC = 0x53544f52, QUIET_MS = 500 };

struct store {
	unsigned magic;
	struct store_options options;
	const struct driver *driver;
	int lock_file;

	pthread_mutex_t lock;
	pthread_cond_t  for_writer, for_readers;
	struct list     writes, reads;
	msec            oldest;      /* when the oldest job of the batch in hand was handed over; 0: no batch */
	bool            writer_stops, readers_stop;
	struct store_copy *copy;     /* under way; the writer's once it is set */

	pthread_t writer;
	struct connection *write_connection;
	struct reader { struct store *store; pthread_t thread; struct connection *connection; } *readers;

	atomic_size_t waiting;
	atomic_uint_fast64_t commits, jobs, failed, reads_done, wal_bytes, batches[4], commit_ms, waited_ms, cache_bytes;
};

/* ---- queues ---- */

/* Moves all members of `from` behind those of `to`. */
static void move_all(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* Moves the first `limit` members, in order. */
static size_t move_some(struct list *to, struct list *from, size_t limit)
{
	size_t count = 0;
	for (struct list *link; count < limit && (link = list_first(from)); count++) {
		list_remove(link);
		list_append(to, link);
	}
	return count;
}

static struct store_job *job_at(struct list *link)
{
	return CONTAINER(link, struct store_job, link);
}

static void make_ready(struct store_job *job, msec now)
{
	job->since = now;
	job->outcome = STORE_OK;
	job->results = NULL;
	job->why.text[0] = '\0';
}

static void enqueue(struct store *s, struct list *writes, struct list *reads, bool many_reads)
{
	bool has_writes = !list_is_empty(writes), has_reads = !list_is_empty(reads);
	pthread_mutex_lock(&s->lock);
	move_all(&s->writes, writes);
	move_all(&s->reads, reads);
	pthread_mutex_unlock(&s->lock);
	if (has_writes)
		pthread_cond_signal(&s->for_writer);
	if (has_reads)
		many_reads ? pthread_cond_broadcast(&s->for_readers) : pthread_cond_signal(&s->for_readers);
}

static msec now_not_0(void)
{
	msec now = clock_now();
	return now ? now : 1;
}

void store_submit_many(struct store *s, struct list *jobs)
{
	CHECK(s, STORE_MAGIC);
	struct list writes, reads;
	size_t count = 0, read_count = 0;
	msec now = now_not_0();
	list_init(&writes);
	list_init(&reads);
	for (struct list *link; (link = list_first(jobs)); count++) {
		struct store_job *job = job_at(link);
		list_remove(link);
		make_ready(job, now);
		list_append(job->is_read ? &reads : &writes, link);
		read_count += job->is_read;
	}
	atomic_fetch_add(&s->waiting, count);
	enqueue(s, &writes, &reads, read_count > 1);
}

void store_submit(struct store *s, struct store_job *job)
{
	struct list one;
	list_init(&one);
	list_append(&one, &job->link);
	store_submit_many(s, &one);
}

/* ---- the writer ---- */

static _Noreturn void broken(struct store *s, const struct fail *why)
{
	log_failure("STORE", "%s: %s; what is on the disk is not known, so the process ends", s->options.path, why->text);
	if (s->options.broken)
		s->options.broken(why->text);
	abort();
}

static struct timespec in_a_while(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += QUIET_MS * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return t;
}

/* Sleeps until there is work; with `restless`, only for a while. Called with the lock. */
static void wait_for_writes(struct store *s, bool restless)
{
	struct timespec until = in_a_while();
	int rc = 0;
	while (list_is_empty(&s->writes) && !s->writer_stops && !s->copy && rc != ETIMEDOUT)
		rc = restless ? pthread_cond_timedwait(&s->for_writer, &s->lock, &until)
		              : pthread_cond_wait(&s->for_writer, &s->lock);
}

/* Gives the number of jobs taken; 0 also when it was quiet for a while. */
static size_t take_batch(struct store *s, struct list *batch, bool restless, bool *stops)
{
	pthread_mutex_lock(&s->lock);
	wait_for_writes(s, restless);
	size_t count = move_some(batch, &s->writes, s->options.batch_limit);
	s->oldest = count ? job_at(list_first(batch))->since : 0;
	*stops = s->writer_stops && !count;
	pthread_mutex_unlock(&s->lock);
	return count;
}

static void count_batch(struct store *s, struct list *batch, size_t count, msec began)
{
	size_t failed = 0;
	msec now = clock_now(), waited = 0;
	LIST_EACH(batch, struct store_job, link, job) {
		failed += job->outcome != STORE_OK;
		waited += now - job->since;
	}
	atomic_fetch_add(&s->batches[count > 100 ? 3 : count > 10 ? 2 : count > 1], 1);
	atomic_fetch_add(&s->commit_ms, (uint64_t)(now - began));
	atomic_fetch_add(&s->waited_ms, (uint64_t)waited);
	atomic_fetch_add(&s->jobs, count);
	atomic_fetch_add(&s->failed, failed);
	atomic_fetch_add(&s->commits, failed < count);
	atomic_fetch_sub(&s->waiting, count);
}

/* It is the caller's again as soon as `done` begins, which may free it. */
static void tell(struct store_job *job)
{
	list_remove(&job->link);
	if (job->done)
		job->done(job);
}

static void write_batch(struct store *s, struct list *batch, size_t count)
{
	struct fail why = { "" };
	msec began = clock_now();
	if (!s->driver->write(s->write_connection, batch, &why))
		broken(s, &why);
	count_batch(s, batch, count, began);
	pthread_mutex_lock(&s->lock);
	s->oldest = 0;
	pthread_mutex_unlock(&s->lock);
	LIST_EACH(batch, struct store_job, link, job)
		tell(job);
}

static void tend(struct store *s, bool idle)
{
	struct fail why = { "" };
	if (!s->driver->tend(s->write_connection, idle, &why))
		broken(s, &why);
	atomic_store(&s->wal_bytes, s->driver->log_bytes(s->write_connection));
	atomic_store(&s->cache_bytes, s->driver->cache_bytes(s->write_connection));
}

/* ---- a copy of everything ---- */

static void end_copy(struct store *s, struct store_copy *copy, bool is_good)
{
	if (copy->progress && !s->driver->copy_end(copy->progress, is_good ? &copy->why : NULL))
		is_good = false;
	copy->is_good = is_good;
	pthread_mutex_lock(&s->lock);
	s->copy = NULL;
	pthread_mutex_unlock(&s->lock);
	copy->done(copy);
}

/* One slice. A writer that is to stop doesn't finish it. */
static void go_on_copying(struct store *s, bool stops)
{
	pthread_mutex_lock(&s->lock);
	struct store_copy *copy = s->copy;
	pthread_mutex_unlock(&s->lock);
	if (!copy)
		return;
	bool is_done = false, is_good = true;
	if (stops || atomic_load(&copy->is_unwanted))
		is_good = fail(&copy->why, stops ? "the server stops" : "nobody waits for it any more");
	else if (!copy->progress)
		is_good = (copy->progress = s->driver->copy_begin(s->write_connection, copy->path, &copy->why)) != NULL;
	if (is_good)
		is_good = s->driver->copy_slice(copy->progress, &is_done, &copy->why);
	if (is_done || !is_good)
		end_copy(s, copy, is_good);
}

static void *writer(void *with)
{
	struct store *s = with;
	bool restless = false, stops = false;
	struct list batch;
	list_init(&batch);
	pthread_setname_np(pthread_self(), "store-writer");
	while (!stops) {
		size_t count = take_batch(s, &batch, restless, &stops);
		if (count)
			write_batch(s, &batch, count);
		go_on_copying(s, stops);
		tend(s, count == 0);
		restless = count > 0;           /* once more when it has become quiet, then sleep for good */
	}
	return NULL;
}

/* ---- readers ---- */

static struct store_job *take_read(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (list_is_empty(&s->reads) && !s->readers_stop)
		pthread_cond_wait(&s->for_readers, &s->lock);
	struct list *link = list_first(&s->reads);
	if (link)
		list_remove(link);
	pthread_mutex_unlock(&s->lock);
	return link ? job_at(link) : NULL;
}

static void *reader(void *with)
{
	struct reader *r = with;
	struct store *s = r->store;
	pthread_setname_np(pthread_self(), "store-reader");
	for (struct store_job *job; (job = take_read(s));) {
		s->driver->read(r->connection, job);
		atomic_fetch_add(&s->reads_done, 1);
		atomic_fetch_add(&s->failed, job->outcome != STORE_OK);
		atomic_fetch_sub(&s->waiting, 1);
		tell(job);
	}
	return NULL;
}

/* ---- opening and closing ---- */

/* A server built for tests may be given a disk that can be cut off. */
static const char *disk(const struct store_options *o)
{
#ifdef TEST_HOOKS
	powercut_register();
	return o->vfs ? o->vfs : getenv("JACKDAW_VFS");
#else
	return o->vfs;
#endif
}

static void set_options(struct store *s, const struct store_options *o)
{
	s->options = *o;
	s->options.path = mem_string(o->path);
	s->options.vfs = mem_string(disk(o));
	s->options.synchronous = mem_string(o->synchronous ? o->synchronous : "FULL");
	s->options.readers = o->readers ? o->readers : 2;
	s->options.batch_limit = o->batch_limit ? o->batch_limit : 500;
	s->options.queue_limit = o->queue_limit ? o->queue_limit : 100000;
	s->options.wal_limit = o->wal_limit ? o->wal_limit : 64 << 20;
	s->options.cache = o->cache ? o->cache : 16 << 20;
}

static struct store *allocate(const struct store_options *o)
{
	struct store *s = NEW(struct store);
	s->magic = STORE_MAGIC;
	s->driver = &driver_sqlite;
	s->lock_file = -1;
	set_options(s, o);
	list_init(&s->writes);
	list_init(&s->reads);
	s->readers = mem_new(s->options.readers * sizeof *s->readers);
	pthread_condattr_t steady;
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->for_writer, &steady);
	pthread_cond_init(&s->for_readers, NULL);
	pthread_condattr_destroy(&steady);
	return s;
}

/* The writer's connection goes last: SQLite then puts its log away. */
static void release(struct store *s)
{
	for (unsigned i = 0; i < s->options.readers; i++)
		s->driver->close(s->readers[i].connection);
	s->driver->close(s->write_connection);
	lock_release(s->lock_file);
	pthread_cond_destroy(&s->for_readers);
	pthread_cond_destroy(&s->for_writer);
	pthread_mutex_destroy(&s->lock);
	mem_free((void *)(uintptr_t)s->options.path);
	mem_free((void *)(uintptr_t)s->options.vfs);
	mem_free((void *)(uintptr_t)s->options.synchronous);
	mem_free(s->readers);
	s->magic = 0;
	mem_free(s);
}

static bool connect_all(struct store *s, const struct migration *migrations, size_t count, struct fail *why)
{
	s->lock_file = s->options.lock ? s->options.lock : lock_take(s->options.path, why);
	if (s->lock_file < 0)
		return false;
	s->write_connection = s->driver->open(&s->options, FOR_WRITES, why);
	if (!s->write_connection || !migrate(s->driver, s->write_connection, migrations, count, why))
		return false;
	for (unsigned i = 0; i < s->options.readers; i++) {
		s->readers[i].store = s;
		s->readers[i].connection = s->driver->open(&s->options, FOR_READS, why);
		if (!s->readers[i].connection)
			return false;
	}
	return true;
}

static void start_thread(pthread_t *thread, void *(*run)(void *), void *with)
{
	errno = pthread_create(thread, NULL, run, with);
	if (errno)
		BUG("cannot start a thread of the store");
}

/* Signals are for the main thread. */
static void start_threads(struct store *s)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	start_thread(&s->writer, writer, s);
	for (unsigned i = 0; i < s->options.readers; i++)
		start_thread(&s->readers[i].thread, reader, &s->readers[i]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int store_lock(const char *path, struct fail *why)
{
	return lock_take(path, why);
}

struct store *store_open(const struct store_options *o, const struct migration *migrations, size_t count, struct fail *why)
{
	struct fail words = { "" };
	struct store *s = allocate(o);
	if (!connect_all(s, migrations, count, &words)) {
		fail(why, "%s", words.text);
		release(s);
		return NULL;
	}
	start_threads(s);
	return s;
}

static void stop(struct store *s, bool *flag, pthread_cond_t *who)
{
	pthread_mutex_lock(&s->lock);
	*flag = true;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_broadcast(who);
}

/* Readers outlive the writer, for the `done` of a write may ask for something. */
void store_close(struct store *s)
{
	if (!s)
		return;
	CHECK(s, STORE_MAGIC);
	stop(s, &s->writer_stops, &s->for_writer);
	pthread_join(s->writer, NULL);
	stop(s, &s->readers_stop, &s->for_readers);
	for (unsigned i = 0; i < s->options.readers; i++)
		pthread_join(s->readers[i].thread, NULL);
	ASSERT(list_is_empty(&s->writes));
	release(s);
}

/* ---- questions ---- */

msec store_waiting_since(struct store *s)
{
	CHECK(s, STORE_MAGIC);
	pthread_mutex_lock(&s->lock);
	struct list *first = list_first(&s->writes);
	msec since = s->oldest ? s->oldest : first ? job_at(first)->since : 0;
	pthread_mutex_unlock(&s->lock);
	return since;
}

size_t store_waiting(struct store *s)
{
	CHECK(s, STORE_MAGIC);
	return atomic_load(&s->waiting);
}

bool store_is_slow(struct store *s)
{
	return store_waiting(s) > s->options.queue_limit;
}

struct store_figures store_figures(struct store *s)
{
	CHECK(s, STORE_MAGIC);
	struct store_figures f = {
		.commits = atomic_load(&s->commits), .jobs = atomic_load(&s->jobs), .failed = atomic_load(&s->failed),
		.commit_ms = atomic_load(&s->commit_ms), .waited_ms = atomic_load(&s->waited_ms),
		.reads = atomic_load(&s->reads_done), .wal_bytes = atomic_load(&s->wal_bytes), .cache_bytes = atomic_load(&s->cache_bytes),
	};
	for (size_t i = 0; i < sizeof f.batches / sizeof *f.batches; i++)
		f.batches[i] = atomic_load(&s->batches[i]);
	return f;
}

bool store_copy(struct store *s, struct store_copy *copy)
{
	CHECK(s, STORE_MAGIC);
	pthread_mutex_lock(&s->lock);
	bool is_free = !s->copy && !s->writer_stops;
	if (is_free)
		s->copy = copy;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_signal(&s->for_writer);
	return is_free;
}

/* ---- waiting for one ---- */

struct waited {
	struct store_job job;
	sem_t done;
};

static void wake(struct store_job *job)
{
	sem_post(&CONTAINER(job, struct waited, job)->done);
}

bool store_run(struct store *s, struct store_job *job)
{
	struct waited w = { .job = { .first = job->first, .is_read = job->is_read, .arena = job->arena, .done = wake } };
	sem_init(&w.done, 0, 0);
	store_submit(s, &w.job);
	while (sem_wait(&w.done) < 0)
		;                               /* a signal */
	sem_destroy(&w.done);
	job->results = w.job.results;
	job->outcome = w.job.outcome;
	job->why = w.job.why;
	return job->outcome == STORE_OK;
}

struct waited_copy {
	struct store_copy copy;
	sem_t done;
};

static void wake_copy(struct store_copy *copy)
{
	sem_post(&CONTAINER(copy, struct waited_copy, copy)->done);
}

bool store_copy_run(struct store *s, struct store_copy *copy)
{
	struct waited_copy w = { .copy = { .path = copy->path, .done = wake_copy } };
	sem_init(&w.done, 0, 0);
	bool ok = store_copy(s, &w.copy) || fail(&w.copy.why, "another copy is under way");
	while (ok && sem_wait(&w.done) < 0)
		;                               /* a signal */
	sem_destroy(&w.done);
	copy->is_good = ok && w.copy.is_good;
	copy->why = w.copy.why;
	return copy->is_good;
}

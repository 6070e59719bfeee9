/*
 * A store whose moments the seed chooses: store/store.h over the real driver
 * and a real file.
 *
 * Writes run in order, each job by itself, so that a job may fail, or have an
 * outcome that nobody knows, kept or not. Between a commit and the moment when
 * its loop hears of it anything may happen, the end of the process too.
 */
#include "sim.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/credentials.h"
#include "record.h"
#include "store/driver.h"
#include "store/migrate.h"
#include <fcntl.h>
#include <unistd.h>

struct store { struct connection *writes, *reads; };

static struct store store;
static struct list writes = { &writes, &writes }, written = { &written, &written };
static struct list reads = { &reads, &reads }, answered = { &answered, &answered };

static struct connection *open_file(const char *path, enum connection_use use)
{
	struct store_options o = { .path = path, .synchronous = "OFF", .cache = 1 << 20, .wal_limit = 64 << 20 };
	struct fail why;
	struct connection *c = driver_sqlite.open(&o, use, &why);
	if (!c)
		life_failed("cannot open %s: %s", path, why.text);
	return c;
}

static struct store_job *first_of(struct list *l)
{
	return CONTAINER(list_first(l), struct store_job, link);
}

/* --- steps --- */

static bool is_fated(struct store_job *job)          /* fails without being tried, or ends unknown */
{
	struct fail because = { "the seed wants it so" };
	job->why = because;
	if (dice_chance(plan.unknown)) {
		job->outcome = STORE_UNKNOWN;
		if (job->is_read || dice_chance(50))
			return true;
		struct list alone;
		list_init(&alone);
		list_append(&alone, &job->link);
		driver_sqlite.write(store.writes, &alone, NULL);
		list_remove(&job->link);
		trace("store: a write was %s, but nobody will know", job->outcome == STORE_OK ? "kept" : "refused");
		job->outcome = STORE_UNKNOWN;
		job->why = because;
		return true;
	}
	job->outcome = STORE_FAILED;
	return dice_chance(plan.fail);
}

static void write_next(void *with)
{
	struct store_job *job = first_of(&writes);
	list_remove(&job->link);
	if (!is_fated(job)) {
		struct list alone;
		struct fail why;
		list_init(&alone);
		list_append(&alone, &job->link);
		if (!driver_sqlite.write(store.writes, &alone, &why))
			life_failed("the store broke: %s", why.text);
		list_remove(&job->link);
		if (job->outcome != STORE_OK)
			trace("store: %s: %s", job->first->sql, job->why.text);
	}
	trace("store: write: outcome %d: %s", job->outcome, job->first->sql);
	list_append(&written, &job->link);
}

static void tell_written(void *with)
{
	struct store_job *job = first_of(&written);
	list_remove(&job->link);
	posts_come_from(FROM_WRITER);
	job->done(job);
}

static void read_one(void *with)
{
	struct store_job *job = with;
	list_remove(&job->link);
	if (!plan.reads_fail || !is_fated(job))
		driver_sqlite.read(store.reads, job);
	if (job->outcome == STORE_UNKNOWN)
		job->outcome = STORE_FAILED;         /* a read has no third way */
	trace("store: read: outcome %d: %s", job->outcome, job->first->sql);
	list_append(&answered, &job->link);
}

static void answer_one(void *with)
{
	struct store_job *job = with;
	list_remove(&job->link);
	posts_come_from(dice_chance(50) ? FROM_READER_1 : FROM_READER_2);
	job->done(job);
}

void store_steps(void)
{
	if (!list_is_empty(&writes))
		step_may(IN_STORE, write_next, NULL);
	if (!list_is_empty(&written))
		step_may(IN_STORE, tell_written, NULL);
	LIST_EACH(&reads, struct store_job, link, job)
		step_may(IN_STORE, read_one, job);
	LIST_EACH(&answered, struct store_job, link, job)
		step_may(IN_STORE, answer_one, job);
}

bool store_is_idle(void)
{
	return list_is_empty(&writes) && list_is_empty(&written) && list_is_empty(&reads) && list_is_empty(&answered);
}

void store_begin(void)
{
	store.writes = open_file(plan.database, FOR_WRITES);
	store.reads = open_file(plan.database, FOR_READS);
}

/* --- store/store.h --- */

struct store *store_open(const struct store_options *o, const struct migration *m, size_t count, struct fail *why)
{
	return &store;
}

void store_close(struct store *s)
{
	driver_sqlite.close(store.reads);
	driver_sqlite.close(store.writes);
}

void store_submit(struct store *s, struct store_job *job)
{
	job->since = clock_now();
	job->outcome = STORE_OK;
	list_append(job->is_read ? &reads : &writes, &job->link);
}

void store_submit_many(struct store *s, struct list *jobs)
{
	for (struct list *link; (link = list_first(jobs));) {
		list_remove(link);
		store_submit(s, CONTAINER(link, struct store_job, link));
	}
}

msec store_waiting_since(struct store *s)
{
	return list_is_empty(&writes) ? 0 : first_of(&writes)->since;
}

size_t store_waiting(struct store *s)
{
	return 0;
}

bool store_is_slow(struct store *s)
{
	return false;
}

struct store_figures store_figures(struct store *s)
{
	return (struct store_figures){ 0 };
}

bool store_run(struct store *s, struct store_job *job)
{
	BUG("nobody waits for the store here");
}

/* --- the database that every seed begins with --- */

static void put_account(struct connection *c, const char *jid, int64_t id)
{
	struct scram_keys k;
	scram_keys_make(&k, SCRAM_SHA_256, PASSWORD, "saltsaltsaltsalt", 16, 1);
	struct value account[] = { V(id), V(jid), V(HOST), V((int64_t)0) };
	struct value keys[] = { V(id), V("SCRAM-SHA-256"), V((int64_t)1), value_blob(k.salt, k.salt_size),
		value_blob(k.stored, scram_size(k.hash)), value_blob(k.server, scram_size(k.hash)) };
	struct statement second = { .sql = Q_CREDENTIAL_PUT, .values = keys, .count = 6 };
	struct statement first = { .next = &second, .sql = Q_ACCOUNT_ADD, .values = account, .count = 4 };
	struct store_job job = { .first = &first };
	struct list alone;
	struct fail why;
	list_init(&alone);
	list_append(&alone, &job.link);
	if (!driver_sqlite.write(c, &alone, &why) || job.outcome != STORE_OK)
		life_failed("cannot make accounts: %s", job.why.text);
}

void store_template(const char *path)
{
	struct connection *c = open_file(path, FOR_WRITES);
	size_t count;
	struct fail why;
	const struct migration *all = modules_migrations(&count);
	if (!migrate(&driver_sqlite, c, all, count, &why))
		life_failed("cannot migrate: %s", why.text);
	for (int i = 0; i < ACCOUNTS; i++)
		put_account(c, account_jids[i], i + 1);
	driver_sqlite.close(c);
}

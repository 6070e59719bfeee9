/*
 * SQLite: the embedded database, in its write-ahead log mode.
 *
 * A batch is one transaction and each of its jobs a savepoint:
 *
 *   BEGIN IMMEDIATE · SAVEPOINT job · … · RELEASE · SAVEPOINT job · … · COMMIT
 *
 * Usually a job fails alone and goes back to its savepoint. Some errors make
 * SQLite roll back all of the transaction (a full disk in the middle of it);
 * a constraint that is checked at the end cannot say whose it is. Then the
 * jobs of the batch are tried again, one to a transaction, so that each fails
 * only for its own reasons.
 *
 * When COMMIT itself fails for want of room or of the right to write, nothing
 * was kept and everybody is told so. When a *sync* fails nobody knows what is
 * on the disk, and asking again would not tell: the kernel forgets the pages
 * it could not write. Then the process ends, and recovery finds out.
 */
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/driver.h"
#include "store/sqlite_statement.h"
#include "store/sqlite_wal.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char Q_BEGIN[]      = "BEGIN IMMEDIATE";
static const char Q_BEGIN_READ[] = "BEGIN";
static const char Q_COMMIT[]     = "COMMIT";
static const char Q_ROLLBACK[]   = "ROLLBACK";
static const char Q_SAVE[]       = "SAVEPOINT job";
static const char Q_RELEASE[]    = "RELEASE job";
static const char Q_BACK[]       = "ROLLBACK TO job";

enum { WAIT_MS = 5000 };

struct connection {
	sqlite3 *db;
	struct prepared prepared;
	struct wal wal;
};

/* How a transaction ended. */
enum ending {
	ENDED,                       /* each job has its outcome */
	ROLLED_BACK,                 /* nothing was kept, for a reason that concerns all */
	SPOILT,                      /* nothing was kept, because of one of the jobs */
	UNKNOWN,                     /* a sync failed */
};

static int run(struct connection *c, const char *sql, struct fail *why)
{
	struct statement s = { .sql = sql };
	return statement_run(c->db, &c->prepared, &s, NULL, NULL, why);
}

static bool is_sync(int rc)
{
	return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
}

/* Errors of COMMIT that come before the record which makes it valid is written whole. */
static bool kept_nothing(int rc)
{
	int kind = rc & 0xff;
	return kind == SQLITE_FULL || kind == SQLITE_BUSY || kind == SQLITE_READONLY || kind == SQLITE_CONSTRAINT
		|| rc == SQLITE_IOERR_WRITE;
}

static void roll_back(struct connection *c)
{
	if (!sqlite3_get_autocommit(c->db))
		run(c, Q_ROLLBACK, NULL);
}

/* ---- opening ---- */

static void set_up_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);     /* its counters are one lock for all threads */
}

/* For its owner only, from the first moment on; root makes it for the folder's owner, who will use it. */
static bool create(const char *path, struct fail *why)
{
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return errno == EEXIST || fail_errno(why, "cannot create %s", path);
	struct stat folder;
	char *copy = mem_string(path);
	if (geteuid() == 0 && stat(dirname(copy), &folder) == 0 && fchown(file, folder.st_uid, folder.st_gid) < 0)
		log_problem("STORE", "%s stays root's: %s", path, strerror(errno));
	mem_free(copy);
	close(file);
	return true;
}

static bool is_level(const char *synchronous)
{
	static const char *const levels[] = { "EXTRA", "FULL", "NORMAL", "OFF" };
	for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++)
		if (strcmp(levels[i], synchronous) == 0)
			return true;
	return false;
}

/* SQLite answers with the mode that it is in, whatever was asked. */
static bool use_log(struct connection *c, const char *path, struct fail *why)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode=WAL", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	bool ok = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	if (rc != SQLITE_ROW)
		fail(why, "cannot use %s: %s (%d)", path, sqlite3_errmsg(c->db), rc);
	else if (!ok)
		fail(why, "cannot use %s: its file system has no shared memory for a write-ahead log", path);
	sqlite3_finalize(stmt);
	return ok;
}

/* Readers read most pages once (a roster at a login, a page of history), and the system has them too. */
static size_t cache_of(const struct store_options *o, enum connection_use use)
{
	return use == FOR_READS ? o->cache / 16 : o->cache;
}

static bool pragmas(struct connection *c, const struct store_options *o, enum connection_use use, struct fail *why)
{
	char *sql = mem_printf(
		"PRAGMA synchronous=%s; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_size=-%zu; PRAGMA trusted_schema=OFF; PRAGMA query_only=%d",
		o->synchronous, cache_of(o, use) / 1024, use == FOR_READS);
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
	mem_free(sql);
	return rc == SQLITE_OK || fail(why, "cannot use %s: %s (%d)", o->path, sqlite3_errmsg(c->db), rc);
}

static void settings(sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, WAIT_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);       /* "x" is a name, as in other databases */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
}

static void sqlite_close(struct connection *c)
{
	if (!c)
		return;
	prepared_clear(&c->prepared);
	if (sqlite3_close(c->db) != SQLITE_OK)
		BUG("a statement outlived its connection");
	mem_free(c);
}

static struct connection *sqlite_open(const struct store_options *o, enum connection_use use, struct fail *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, set_up_library);
	if (!is_level(o->synchronous)) {
		fail(why, "%s is no level of synchronous", o->synchronous);
		return NULL;
	}
	if (use == FOR_WRITES && !create(o->path, why))
		return NULL;

	struct connection *c = NEW(struct connection);
	int rc = sqlite3_open_v2(o->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, o->vfs);
	if (rc != SQLITE_OK) {
		fail(why, "cannot open %s: %s", o->path, c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
		sqlite_close(c);
		return NULL;
	}
	settings(c->db);
	if (!use_log(c, o->path, why) || !pragmas(c, o, use, why)) {
		sqlite_close(c);
		return NULL;
	}
	wal_init(&c->wal, c->db, o->wal_limit);
	return c;
}

static bool sqlite_script(struct connection *c, const char *sql, const struct statement *record, struct fail *why)
{
	if (run(c, Q_BEGIN, why) != SQLITE_OK)
		return false;
	bool ok = false;
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		fail(why, "%s (%d)", sqlite3_errmsg(c->db), rc);
	else if (sqlite3_get_autocommit(c->db))
		fail(why, "it ends the transaction it runs in");
	else if (!record || statement_run(c->db, &c->prepared, record, NULL, NULL, why) == SQLITE_OK)
		ok = run(c, Q_COMMIT, why) == SQLITE_OK;
	roll_back(c);
	return ok;
}

/* ---- reading ---- */

static unsigned count_statements(const struct store_job *job)
{
	unsigned count = 0;
	for (const struct statement *s = job->first; s; s = s->next)
		count++;
	return count;
}

static int read_statements(struct connection *c, struct store_job *job)
{
	unsigned i = 0;
	for (struct statement *s = job->first; s; s = s->next, i++) {
		struct rows **into = job->results ? &job->results[i] : NULL;
		int rc = statement_run(c->db, &c->prepared, s, job->arena, into, &job->why);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

/* A statement alone sees one state anyway; several need a transaction for it. */
static void sqlite_read(struct connection *c, struct store_job *job)
{
	unsigned count = count_statements(job);
	if (job->arena)
		job->results = arena_alloc(job->arena, count * sizeof *job->results);
	int rc = count > 1 ? run(c, Q_BEGIN_READ, &job->why) : SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = read_statements(c, job);
	if (rc == SQLITE_OK && count > 1)
		rc = run(c, Q_COMMIT, &job->why);
	roll_back(c);
	job->outcome = rc == SQLITE_OK ? STORE_OK : STORE_FAILED;
}

/* ---- writing ---- */

static struct store_job *job_at(struct list *link)
{
	return CONTAINER(link, struct store_job, link);
}

static int write_statements(struct connection *c, struct store_job *job)
{
	for (struct statement *s = job->first; s; s = s->next) {
		int rc = statement_run(c->db, &c->prepared, s, NULL, NULL, &job->why);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

/* Leaves no transaction behind if SQLite, or a job that has no savepoint, has lost it. */
static int write_job(struct connection *c, struct store_job *job, bool has_savepoint)
{
	int rc = has_savepoint ? run(c, Q_SAVE, &job->why) : SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = write_statements(c, job);
	job->outcome = rc == SQLITE_OK ? STORE_OK : STORE_FAILED;
	if (rc != SQLITE_OK && !has_savepoint)
		roll_back(c);
	else if (rc != SQLITE_OK && !sqlite3_get_autocommit(c->db) && run(c, Q_BACK, NULL) != SQLITE_OK)
		roll_back(c);
	if (has_savepoint && !sqlite3_get_autocommit(c->db) && run(c, Q_RELEASE, NULL) != SQLITE_OK)
		roll_back(c);
	return rc;
}

static enum ending commit(struct connection *c, bool is_alone, struct fail *why)
{
	int rc = run(c, Q_COMMIT, why);
	if (rc == SQLITE_OK)
		return ENDED;
	if (!kept_nothing(rc))
		return UNKNOWN;
	roll_back(c);
	return (rc & 0xff) == SQLITE_CONSTRAINT && !is_alone ? SPOILT : ROLLED_BACK;
}

/* The jobs from `first` up to `end`. */
static enum ending transaction(struct connection *c, struct list *first, struct list *end, struct fail *why)
{
	bool is_alone = first->next == end;
	int rc = run(c, Q_BEGIN, why);
	if (rc != SQLITE_OK)
		return is_sync(rc) ? UNKNOWN : ROLLED_BACK;
	for (struct list *l = first; l != end; l = l->next) {
		struct store_job *job = job_at(l);
		rc = write_job(c, job, !is_alone);
		if (is_sync(rc)) {
			*why = job->why;
			return UNKNOWN;
		}
		if (sqlite3_get_autocommit(c->db))
			return is_alone ? ENDED : SPOILT;
	}
	return commit(c, is_alone, why);
}

static void all_failed(struct list *first, struct list *end, const struct fail *why)
{
	for (struct list *l = first; l != end; l = l->next) {
		struct store_job *job = job_at(l);
		if (job->outcome != STORE_FAILED)
			job->why = *why;        /* one that had failed before has its own words */
		job->outcome = STORE_FAILED;
	}
}

static bool one_by_one(struct connection *c, struct list *jobs, struct fail *why)
{
	for (struct list *l = jobs->next; l != jobs; l = l->next) {
		switch (transaction(c, l, l->next, why)) {
		case UNKNOWN:
			return false;
		case ROLLED_BACK:
		case SPOILT:
			all_failed(l, l->next, why);
			break;
		case ENDED:
			break;
		}
	}
	return true;
}

static bool sqlite_write(struct connection *c, struct list *jobs, struct fail *why)
{
	if (list_is_empty(jobs))
		return true;
	switch (transaction(c, jobs->next, jobs, why)) {
	case UNKNOWN:
		return false;
	case SPOILT:
		return one_by_one(c, jobs, why);
	case ROLLED_BACK:
		all_failed(jobs->next, jobs, why);
		return true;
	case ENDED:
		return true;
	}
	BUG("not an ending");
}

/* ---- housekeeping ---- */

static bool sqlite_tend(struct connection *c, bool idle, struct fail *why)
{
	int rc = wal_tend(&c->wal, c->db, idle);
	return rc == SQLITE_OK || fail(why, "checkpoint: %s (%d)", sqlite3_errmsg(c->db), rc);
}

static uint64_t sqlite_log_bytes(struct connection *c)
{
	return wal_bytes(c->db);
}

const struct driver driver_sqlite = {
	.name      = "sqlite",
	.open      = sqlite_open,
	.close     = sqlite_close,
	.script    = sqlite_script,
	.read      = sqlite_read,
	.write     = sqlite_write,
	.tend      = sqlite_tend,
	.log_bytes = sqlite_log_bytes,
};

/*
 * Store: SQL on threads of its own.
 *
 * Loops hand over jobs and hear of them later; nobody waits. One writer thread
 * commits many jobs at once (group commit, synchronous): a job is done only
 * when it is on disk. Each write job is a savepoint: one that fails takes none
 * of the others with it. Reader threads serve reads, which see all that was
 * committed before they were handed over.
 *
 * `done` is called on a store thread, in the order of the commits for writes;
 * the caller's function posts it home.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/list.h"

struct value {                       /* borrowed until the job is done */
	enum { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BLOB } kind;
	int64_t     number;          /* INT: the value; TEXT, BLOB: bytes */
	const void *bytes;
};

struct statement {                   /* lies in the job's arena */
	struct statement *next;
	const char   *sql;           /* a static string: prepared once for each thread, by its address */
	struct value *values;
	unsigned      count;
};

struct row { struct row *next; struct value *columns; };
struct rows { struct row *first; unsigned count, columns; };          /* copied into the job's arena; texts end in NUL */

enum store_outcome {
	STORE_OK,
	STORE_FAILED,                /* known to have changed nothing */
	STORE_UNKNOWN,               /* the commit was lost with its connection: kept or not (never with SQLite) */
};

struct store_job {                   /* the caller's, embedded in what it is for; untouched by it until done */
	struct list        link;
	msec               since;    /* the store's: when it was handed over */
	struct statement  *first;
	bool               is_read;
	struct arena      *arena;    /* where rows go; NULL when none are wanted */
	struct rows      **results;  /* READ: one for each statement, in the arena; the store allocates the array */
	enum store_outcome outcome;
	struct fail        why;
	void             (*done)(struct store_job *);
};

struct migration {                   /* numbered within its part, from 1; grows at the end, never edited */
	const char *part;            /* "core", "roster", … */
	unsigned    number;
	const char *sql;             /* may hold several statements */
};

struct store_options {
	const char *path;            /* the database file; its folder holds the lock too */
	unsigned    readers;         /* threads; 0: 2 */
	unsigned    batch_limit;     /* jobs in one commit; 0: 500 */
	size_t      queue_limit;     /* jobs that may wait before store_is_slow says so; 0: 100,000 */
	size_t      wal_limit;       /* bytes of WAL before a checkpoint is forced; 0: 64 MiB */
	size_t      cache;           /* bytes of pages that the writer keeps, and each reader a sixteenth of that; 0: 16 MiB */
	int         lock;            /* what store_lock gave, taken over; 0: store_open locks by itself */
	const char *synchronous;     /* "FULL"; tests of the promise say "OFF" */
	const char *vfs;             /* tests: a shim's name */
	void      (*broken)(const char *why);   /* a sync failed: what is on disk is not known. Must not return. NULL: abort */
};

struct store;

/* The folder's lock by itself, for a start that takes it before privileges are dropped, and opens after. A descriptor for
 * options.lock; -1 when another process has it, with its pid in the words. A forked child closes it, or ends with us. */
int store_lock(const char *path, struct fail *why);

/* Opens, locks the folder (a second server is refused with words), migrates (refuses a database newer than `migrations`).
 * Starts threads, so it comes after every fork and after the sandbox. A lock handed over is let go when it fails. */
struct store *store_open(const struct store_options *, const struct migration *, size_t count, struct fail *why);
void store_close(struct store *);                             /* commits what is queued, stops the threads */

void store_submit(struct store *, struct store_job *);        /* from any thread; never blocks, never fails */
void store_submit_many(struct store *, struct list *jobs);    /* linked by `link`; one wake-up for all; empties the list */

/* Since when the oldest write waits for its commit; 0 when none waits. For the degraded mode. */
msec   store_waiting_since(struct store *);
size_t store_waiting(struct store *);                         /* jobs handed over and not done, reads too */
bool   store_is_slow(struct store *);                         /* more of them than queue_limit */

struct store_figures {
	uint64_t commits, jobs, failed, reads;
	uint64_t batches[4];         /* commits of 1 job, of up to 10, up to 100, more */
	uint64_t commit_ms, waited_ms;       /* of all commits; of all jobs, from being handed over to being on disk */
	uint64_t wal_bytes, cache_bytes;     /* now */
};
struct store_figures store_figures(struct store *);

/*
 * A copy of the whole database in one file, online. The writer makes it slice by slice between its batches, so nobody waits long;
 * what was done before it was asked for is in it. `path` is an empty file that gives its name away: the copy is there as long as
 * the caller holds the file open. One at a time; `done` on a store thread.
 */
struct store_copy {
	const char *path;
	atomic_bool is_unwanted;     /* set by the caller, from any thread: it ends soon, with an error */
	bool        is_good;
	struct fail why;
	void       *progress;        /* the store's */
	void      (*done)(struct store_copy *);
};
bool store_copy(struct store *, struct store_copy *);         /* false: another one is under way */
bool store_copy_run(struct store *, struct store_copy *);     /* waits for it: as store_run */
bool store_check(const char *path, struct fail *why);         /* the file is a whole database of ours: for a restore */

/* One read of another server's database: opened for it, and closed. Waits for the disk, so on a worker; `done` isn't called. */
bool store_peek(const char *path, struct store_job *);

/* Waits for the job, whose `done` isn't called: for commands without a server. Never on a loop. True if STORE_OK. */
bool store_run(struct store *, struct store_job *);

/* Values. V(x) takes integers and strings (NULL string: SQL NULL) by type. */
static inline struct value value_int(int64_t n) { return (struct value){ VALUE_INT, n, NULL }; }
struct value value_text(const char *);
struct value value_blob(const void *, size_t);
#define V(x) _Generic((x), char *: value_text, const char *: value_text, default: value_int)(x)

/* Reading a column. */
const char *row_text(const struct row *, unsigned column);    /* NULL for SQL NULL */
int64_t     row_int(const struct row *, unsigned column);     /* 0 for NULL */
const void *row_blob(const struct row *, unsigned column, size_t *size);

/*
 * Driver: what a kind of database must be able to do for the store.
 *
 * store.c owns the threads and the queues; a driver owns connections. It is
 * asked for whole jobs and whole batches, never for single statements, so that
 * one that talks over a wire may send a batch in one go.
 *
 * A connection belongs to one thread at a time.
 */
#pragma once
#include "store/store.h"

struct connection;                   /* each driver's own */

enum connection_use { FOR_WRITES, FOR_READS };

struct driver {
	const char *name;

	struct connection *(*open)(const struct store_options *, enum connection_use, struct fail *why);
	void (*close)(struct connection *);

	/* Several statements and then `record`, in one transaction: a migration. */
	bool (*script)(struct connection *, const char *sql, const struct statement *record, struct fail *why);

	/* Fills the job's rows and outcome. All its statements see one state of the database. */
	void (*read)(struct connection *, struct store_job *);

	/* Commits a batch together and gives each job its outcome: a job that fails takes no other
	 * with it. False: it is not known any more what the disk holds, and the process must end. */
	bool (*write)(struct connection *, struct list *jobs, struct fail *why);

	/* Housekeeping in small portions, called after each batch and, with `idle`, when nothing was
	 * to do for a while. False as above. */
	bool (*tend)(struct connection *, bool idle, struct fail *why);

	/* A copy of the whole database into a new file, in slices between batches: what is written meanwhile is in it too. */
	void *(*copy_begin)(struct connection *, const char *path, struct fail *why);
	bool (*copy_slice)(void *copy, bool *is_done, struct fail *why);
	bool (*copy_end)(void *copy, struct fail *why);

	uint64_t (*cache_bytes)(struct connection *);    /* of pages that it keeps */
	uint64_t (*log_bytes)(struct connection *);      /* what has to be gone through after a crash */
};

extern const struct driver driver_sqlite;

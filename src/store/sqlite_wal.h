/*
 * The write-ahead log's size, kept in bounds by the writer.
 */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/fail.h"

struct wal {
	int64_t frames;              /* pages in the log, as the last commit left it */
	int64_t tried;               /* how many of them a checkpoint has gone through */
	int64_t limit, force_at;     /* in frames */
	bool    is_failing;          /* said once in the log, not at each attempt */
};

void wal_init(struct wal *, sqlite3 *, uint64_t limit);      /* the struct stays where it is: SQLite's hook writes into it */
/* A slice of checkpoint if one is due; `idle`: if anything is left. Gives SQLite's code when a sync failed. */
int  wal_tend(struct wal *, sqlite3 *, bool idle);
uint64_t wal_bytes(sqlite3 *);                               /* the file's size */

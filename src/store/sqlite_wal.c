/*
 * Slices: SQLite cannot do a part of a checkpoint, so what bounds one is that
 * it is done often: each takes the pages that were written since the last, an
 * eighth of the limit. When one has gone through the whole log and no reader
 * needs an older state, SQLite begins the log anew by itself.
 *
 * Readers that follow each other closely can put that off for ever. So beyond
 * the limit the log is reset by force, which waits for the readers that are in
 * it; those that come meanwhile read the database file and don't hold us up.
 * One that stays longer than we wait is given another eighth of the limit.
 */
#include "store/sqlite_wal.h"
#include "base/log.h"
#include <stddef.h>

enum { SLICES = 8, FRAME_HEAD = 24, ATTEMPTS = 20, ATTEMPT_MS = 50, WAIT_MS = 5000 };

static int64_t page_size(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int64_t size = 4096;
	if (sqlite3_prepare_v2(db, "PRAGMA page_size", -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		size = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return size;
}

static int committed(void *with, sqlite3 *db, const char *name, int frames)
{
	struct wal *w = with;
	if (frames < w->tried)
		w->tried = 0;                   /* the log began anew */
	w->frames = frames;
	return SQLITE_OK;
}

void wal_init(struct wal *w, sqlite3 *db, uint64_t limit)
{
	*w = (struct wal){ .limit = (int64_t)limit / (page_size(db) + FRAME_HEAD) };
	w->force_at = w->limit;
	sqlite3_wal_hook(db, committed, w);     /* takes the place of SQLite's own checkpoints */
}

static bool is_sync(int rc)
{
	return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
}

/* A checkpoint that finds no room loses nothing, the log still has it all. */
static int judge(struct wal *w, sqlite3 *db, int rc)
{
	if (is_sync(rc))
		return rc;
	bool failing = rc != SQLITE_OK && rc != SQLITE_BUSY;
	if (failing && !w->is_failing)
		log_problem("STORE", "checkpoint: %s (%d)", sqlite3_errmsg(db), rc);
	w->is_failing = failing;
	return SQLITE_OK;
}

static int slice(struct wal *w, sqlite3 *db)
{
	int rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	w->tried = w->frames;
	return judge(w, db, rc);
}

/* Several short waits and not one long: while SQLite waits for the mark of an old reader, new ones may take that very
 * mark for the present state, one after the other, and the wait would never end. A new attempt looks at the marks again. */
static int reset(sqlite3 *db)
{
	int rc = SQLITE_BUSY;
	sqlite3_busy_timeout(db, ATTEMPT_MS);
	for (int i = 0; i < ATTEMPTS && rc == SQLITE_BUSY; i++)
		rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(db, WAIT_MS);
	return rc;
}

static int force(struct wal *w, sqlite3 *db)
{
	int rc = reset(db);
	if (rc == SQLITE_OK) {
		w->frames = w->tried = 0;
		w->force_at = w->limit;
	} else {
		w->tried = w->frames;
		w->force_at = w->frames + w->limit / 8;
	}
	return judge(w, db, rc);
}

int wal_tend(struct wal *w, sqlite3 *db, bool idle)
{
	if (w->frames > w->force_at)
		return force(w, db);
	w->force_at = w->frames < w->limit ? w->limit : w->force_at;
	int64_t due = w->frames - w->tried;
	if (due > w->limit / SLICES || (idle && due > 0))
		return slice(w, db);
	return SQLITE_OK;
}

uint64_t wal_bytes(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK)
		return 0;
	if (!file || !file->pMethods || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return 0;
	return (uint64_t)size;
}

/*
 * SQLite statements: prepared once, bound, run, and their rows copied.
 */
#pragma once
#include <sqlite3.h>
#include "store/store.h"

/* What a connection has prepared, by the address of the text. */
struct prepared {
	struct prepared_one { const char *sql; sqlite3_stmt *stmt; } *slots;
	unsigned size, count;        /* size is a power of two, or 0 */
};

void prepared_clear(struct prepared *);

/* Runs it to its end. Rows go into the arena when both it and `rows` are given. Gives SQLite's code, SQLITE_OK if well. */
int statement_run(sqlite3 *, struct prepared *, const struct statement *, struct arena *, struct rows **rows, struct fail *why);

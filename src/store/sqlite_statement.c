/*
 * A table of open addressing from the text's address to what SQLite made of
 * it. Texts are static, so the table is bounded by the program and nothing is
 * ever taken out; an address is looked up in a few nanoseconds where comparing
 * texts would cost as much as a small statement.
 */
#include "store/sqlite_statement.h"
#include "base/check.h"
#include "base/mem.h"

static struct prepared_one *slot(const struct prepared *p, const char *sql)
{
	uint64_t mixed = (uint64_t)(uintptr_t)sql * 0x9e3779b97f4a7c15u;
	for (unsigned i = (unsigned)(mixed >> 32);; i++) {
		struct prepared_one *at = &p->slots[i & (p->size - 1)];
		if (!at->sql || at->sql == sql)
			return at;
	}
}

static void grow(struct prepared *p)
{
	struct prepared old = *p;
	p->size = old.size ? old.size * 2 : 64;
	p->slots = mem_new(p->size * sizeof *p->slots);
	for (unsigned i = 0; i < old.size; i++)
		if (old.slots[i].sql)
			*slot(p, old.slots[i].sql) = old.slots[i];
	mem_free(old.slots);
}

void prepared_clear(struct prepared *p)
{
	for (unsigned i = 0; i < p->size; i++)
		sqlite3_finalize(p->slots[i].stmt);
	mem_free(p->slots);
	*p = (struct prepared){ 0 };
}

static int prepare(sqlite3 *db, struct prepared *p, const char *sql, sqlite3_stmt **stmt)
{
	if (p->count * 2 >= p->size)
		grow(p);
	struct prepared_one *at = slot(p, sql);
	if (!at->sql) {
		int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &at->stmt, NULL);
		if (rc != SQLITE_OK)
			return rc;
		at->sql = sql;
		p->count++;
	}
	*stmt = at->stmt;
	return SQLITE_OK;
}

/* Borrowed, not copied: values live until the job is done. */
static int bind_one(sqlite3_stmt *stmt, int at, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NULL:
		return sqlite3_bind_null(stmt, at);
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, at, v->number);
	case VALUE_TEXT:
		return sqlite3_bind_text64(stmt, at, v->bytes, (sqlite3_uint64)v->number, SQLITE_STATIC, SQLITE_UTF8);
	case VALUE_BLOB:
		return sqlite3_bind_blob64(stmt, at, v->bytes, (sqlite3_uint64)v->number, SQLITE_STATIC);
	}
	BUG("not a kind of value");
}

static int bind(sqlite3_stmt *stmt, const struct statement *s)
{
	ASSERT((int)s->count == sqlite3_bind_parameter_count(stmt));
	for (unsigned i = 0; i < s->count; i++) {
		int rc = bind_one(stmt, (int)i + 1, &s->values[i]);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

static struct value copy_column(sqlite3_stmt *stmt, int column, struct arena *a)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_NULL:
		return (struct value){ VALUE_NULL, 0, NULL };
	case SQLITE_INTEGER:
		return value_int(sqlite3_column_int64(stmt, column));
	case SQLITE_BLOB: {
		const void *bytes = sqlite3_column_blob(stmt, column);       /* before the size, as SQLite wants it */
		int size = sqlite3_column_bytes(stmt, column);
		return (struct value){ VALUE_BLOB, size, arena_copy(a, bytes, (size_t)size) };
	}
	default: {                                                           /* a real number becomes its digits */
		const unsigned char *text = sqlite3_column_text(stmt, column);
		int size = sqlite3_column_bytes(stmt, column);
		return (struct value){ VALUE_TEXT, size, arena_copy(a, text, (size_t)size) };
	}
	}
}

static struct row *copy_row(sqlite3_stmt *stmt, unsigned columns, struct arena *a)
{
	struct row *row = arena_alloc(a, sizeof *row + columns * sizeof *row->columns);
	row->columns = (struct value *)(row + 1);
	for (unsigned i = 0; i < columns; i++)
		row->columns[i] = copy_column(stmt, (int)i, a);
	return row;
}

static int step_all(sqlite3_stmt *stmt, struct arena *a, struct rows *rows)
{
	struct row **end = rows ? &rows->first : NULL;
	int rc;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!rows)
			continue;
		*end = copy_row(stmt, rows->columns, a);
		end = &(*end)->next;
		rows->count++;
	}
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int statement_run(sqlite3 *db, struct prepared *p, const struct statement *s, struct arena *a, struct rows **rows, struct fail *why)
{
	sqlite3_stmt *stmt = NULL;
	struct rows *into = NULL;
	int rc = prepare(db, p, s->sql, &stmt);
	if (rc == SQLITE_OK)
		rc = bind(stmt, s);
	if (rc == SQLITE_OK && a && rows) {
		into = *rows = ARENA_NEW(a, struct rows);
		into->columns = (unsigned)sqlite3_column_count(stmt);
	}
	if (rc == SQLITE_OK)
		rc = step_all(stmt, a, into);
	if (rc != SQLITE_OK)
		fail(why, "%s (%d)", sqlite3_errmsg(db), rc);
	if (stmt) {
		sqlite3_reset(stmt);                 /* lets go of the snapshot, and of the values */
		sqlite3_clear_bindings(stmt);
	}
	return rc;
}

/*
 * Each migration runs once, in its own transaction together with the row that
 * remembers it.
 *
 * The table keeps the text itself rather than a checksum of it: it is small,
 * needs no hash that must never change, and shows what was done to a database
 * that somebody brings us. A text that differs means that two programs with
 * different ideas of the same table are about to share it: refused, like
 * anything in the table that this program doesn't know.
 */
#include "store/migrate.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/log.h"
#include <string.h>

static const char Q_TABLE[] =
	"CREATE TABLE IF NOT EXISTS migrations ("
	" part VARCHAR(64) NOT NULL, number INTEGER NOT NULL, sql TEXT NOT NULL, run_at BIGINT NOT NULL,"
	" PRIMARY KEY (part, number))";
static const char Q_LIST[] = "SELECT part, number, sql FROM migrations ORDER BY part, number";
static const char Q_KEEP[] = "INSERT INTO migrations (part, number, sql, run_at) VALUES (?, ?, ?, ?)";

static bool is_row_of(const struct row *row, const struct migration *m)
{
	return row_int(row, 1) == m->number && strcmp(row_text(row, 0), m->part) == 0;
}

static const struct migration *find(const struct migration *all, size_t count, const struct row *row)
{
	for (size_t i = 0; i < count; i++)
		if (is_row_of(row, &all[i]))
			return &all[i];
	return NULL;
}

static const struct row *find_row(const struct rows *run, const struct migration *m)
{
	for (const struct row *row = run->first; row; row = row->next)
		if (is_row_of(row, m))
			return row;
	return NULL;
}

/* Numbers of a part count from 1 without a gap, in the order of the list. */
static void check_list(const struct migration *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned expected = 1;
		for (size_t before = 0; before < i; before++)
			expected += strcmp(all[before].part, all[i].part) == 0;
		ASSERT(all[i].number == expected);
	}
}

static struct rows *list_run(const struct driver *driver, struct connection *c, struct arena *a, struct fail *why)
{
	struct statement list = { .sql = Q_LIST };
	struct store_job job = { .first = &list, .is_read = true, .arena = a };
	driver->read(c, &job);
	if (job.outcome == STORE_OK)
		return job.results[0];
	*why = job.why;
	return NULL;
}

static bool all_known(const struct rows *run, const struct migration *all, size_t count, struct fail *why)
{
	for (const struct row *row = run->first; row; row = row->next) {
		const struct migration *m = find(all, count, row);
		if (!m)
			return fail(why, "the database was changed by a newer program (%s %lld)", row_text(row, 0),
				(long long)row_int(row, 1));
		if (strcmp(m->sql, row_text(row, 2)) != 0)
			return fail(why, "migration %s %u is not the one that made this database: it was edited", m->part, m->number);
	}
	return true;
}

/* What a part has run are its first ones; a hole means that somebody deleted a row. */
static bool none_missing(const struct rows *run, const struct migration *all, size_t count, struct fail *why)
{
	for (const struct row *row = run->first; row; row = row->next)
		for (size_t i = 0; i < count; i++)
			if (strcmp(all[i].part, row_text(row, 0)) == 0 && all[i].number < row_int(row, 1) && !find_row(run, &all[i]))
				return fail(why, "migration %s %u is missing although a later one has run", all[i].part, all[i].number);
	return true;
}

static bool run_one(const struct driver *driver, struct connection *c, const struct migration *m, struct fail *why)
{
	struct value values[] = { V(m->part), V(m->number), V(m->sql), V(clock_wall()) };
	struct statement keep = { .sql = Q_KEEP, .values = values, .count = 4 };
	struct fail inner;
	if (!driver->script(c, m->sql, &keep, &inner))
		return fail(why, "migration %s %u: %s", m->part, m->number, inner.text);
	log_low("STORE", "migration %s %u has run", m->part, m->number);
	return true;
}

bool migrate(const struct driver *driver, struct connection *c, const struct migration *all, size_t count, struct fail *why)
{
	struct fail inner = { "" };
	check_list(all, count);
	if (!driver->script(c, Q_TABLE, NULL, &inner))
		return fail(why, "cannot make the table of migrations: %s", inner.text);
	struct arena *a = arena_new();
	struct rows *run = list_run(driver, c, a, why);
	bool ok = run && all_known(run, all, count, why) && none_missing(run, all, count, why);
	for (size_t i = 0; ok && i < count; i++)
		if (!find_row(run, &all[i]))
			ok = run_one(driver, c, &all[i], why);
	arena_free(a);
	return ok;
}

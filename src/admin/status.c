/*
 * status: how the server is.
 *
 * Must answer when the store doesn't: the number of accounts is left out
 * while it is slow.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "admin/figures.h"
#include "admin/doors.h"
#include "admin/limits.h"
#include "base/log.h"
#include "core/call.h"
#include "core/figure.h"
#include "core/home.h"
#include "core/pool.h"
#include "core/server.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char Q_ACCOUNTS[] = "SELECT COUNT(*) FROM account";

#define COUNTS(X) X(turns) X(stanzas_in) X(stanzas_out) X(messages) X(presences) X(iqs) X(logins) X(logins_refused) X(refused) X(denied) X(sessions) X(sessions_hibernating)

/* Runs on every home in turn. */
static void visit_home(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct xml *el = EL(a, NS_CALL, "home", NULL);
	xml_set(a, el, "accounts", arena_printf(a, "%u", (unsigned)home->accounts.count));
#define ADD(name) xml_set(a, el, #name, arena_printf(a, "%llu", (unsigned long long)home->counts.name));
	COUNTS(ADD)
#undef ADD
	limits_visit(home, a, el);
	if (home->trouble_at)
		xml_set(a, el, "trouble", arena_string(a, home->trouble));
	xml_append(result, el);
}

static int64_t number_of(const struct xml *el, const char *name)
{
	return strtoll(xml_get(el, name), NULL, 10);
}

static json_t *loop_row(const struct xml *el, unsigned number)
{
	json_t *row = json_pack("{s:i, s:s}", "loop", (int)number, "pool", pool_of_loop(number)->name);
	json_object_set_new(row, "accounts_loaded", json_integer(number_of(el, "accounts")));
#define ADD(name) json_object_set_new(row, #name, json_integer(number_of(el, #name)));
	COUNTS(ADD)
#undef ADD
	return row;
}

static int64_t sum(const struct xml *result, const char *name)
{
	int64_t total = 0;
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL))
		total += number_of(el, name);
	return total;
}

static int64_t resident_bytes(void)
{
	long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f && fscanf(f, "%*s %lld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static void add_process(struct command_run *run)
{
	command_row(run);
	command_text(run, "version", SERVER_VERSION);
	command_number(run, "pid", getpid());
	command_text(run, "config", server.config_path);
	command_time(run, "started", server.started);
	command_number(run, "uptime_s", (clock_wall() - server.started) / 1000);
	command_number(run, "memory_bytes", resident_bytes());
	command_text(run, "log_level", log_level_name((enum log_level)log_limit));
	command_number(run, "domains", hosts_here()->count);
}

static void add_store(struct command_run *run)
{
	struct store *store = home_store();
	struct store_figures f = store_figures(store);
	msec since = store_waiting_since(store);
	json_t *rows = json_array();
	json_array_append_new(rows, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "commits", (json_int_t)f.commits, "jobs", (json_int_t)f.jobs,
		"failed", (json_int_t)f.failed, "reads", (json_int_t)f.reads, "wal_bytes", (json_int_t)f.wal_bytes,
		"waiting", (json_int_t)store_waiting(store), "waiting_ms", (json_int_t)(since ? clock_now() - since : 0)));
	command_json(run, "store", rows);
}

/* Those that were reached: why somebody was turned away, or waits. */
static void add_limits(struct command_run *run, const struct xml *result)
{
	json_t *rows = json_array();
	for (unsigned i = 0; i < LIMIT_COUNT; i++)
		if (limits_sum(result, i))
			json_array_append_new(rows, json_pack("{s:s, s:I}", "limit", limit_setting(i), "reached", (json_int_t)limits_sum(result, i)));
	command_json(run, "limits_reached", rows);
}

/* Why writes are late or fail; NULL: all is well. */
static const char *trouble(struct arena *a, const struct xml *result)
{
	msec since = store_waiting_since(home_store());
	if (home_here()->is_degraded && since)
		return arena_printf(a, "nothing was committed for %lld s: new logins are refused", (long long)(clock_now() - since) / 1000);
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL))
		if (xml_get(el, "trouble"))
			return arena_printf(a, "a write failed: %s", xml_get(el, "trouble"));
	return NULL;
}

static void accounts_counted(struct command_run *run, const struct rows *rows, const char *why)
{
	if (rows && rows->first)
		command_number(run, "accounts", row_int(rows->first, 0));
	command_done(run);
}

static json_t *figure_rows(const int64_t *values)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < figures_count(); i++) {
		const struct figure *f = figure_number(i);
		json_array_append_new(rows, json_pack("{s:s, s:s?, s:I}", "figure", f->name, "of", f->label, "value", (json_int_t)values[i]));
	}
	return rows;
}

static void gathered(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	bool is_degraded = home_here()->is_degraded;
	json_t *loops = json_array();
	unsigned number = 0;
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL))
		json_array_append_new(loops, loop_row(el, number++));
	add_process(run);
	command_number(run, "sessions", sum(result, "sessions"));
	command_number(run, "sessions_hibernating", sum(result, "sessions_hibernating"));
	command_yes(run, "degraded", is_degraded);
	command_text(run, "trouble", trouble(a, result));
	command_json(run, "loops", loops);
	command_json(run, "pools", doors_pools());
	command_json(run, "listeners", doors_listeners());
	command_json(run, "certificates", doors_certificates());
	add_store(run);
	command_json(run, "figures", figure_rows(run->own));
	add_limits(run, result);
	if (is_degraded)
		command_done(run);
	else
		accounts_read(run, Q_ACCOUNTS, NULL, 0, accounts_counted);
}

static void figures_read_first(void *with, const int64_t *values)
{
	struct command_run *run = with;
	run->own = (void *)(uintptr_t)values;
	call_homes(visit_home, gathered, run);
}

static void status(struct command_run *run)
{
	figures_read(run->arena, figures_read_first, run);
}

#define COUNT_FIELD(name) { #name, "counted since the start; of sessions: as it is now", FIELD_NUMBER },
static const struct command_field loop_fields[] = {
	{ "loop", "its number", FIELD_NUMBER }, { "pool", "to which it belongs" },
	{ "accounts_loaded", "in memory now", FIELD_NUMBER }, COUNTS(COUNT_FIELD) { NULL, NULL, 0 }
};

const struct command cmd_status = {
	.noun = "status", .help = "Says how the server is: sessions, counters of each loop, listeners, certificates, the store, memory", .is_card = true, .run = status,
	.fields = FIELDS({ "version", "of the server" }, { "pid", "of its process", FIELD_NUMBER }, { "config", "its configuration's file" },
		{ "started", "when", FIELD_TIME }, { "uptime_s", "seconds since", FIELD_NUMBER }, { "memory_bytes", "resident", FIELD_NUMBER },
		{ "log_level", "how detailed the log is" }, { "domains", "that are served", FIELD_NUMBER }, { "sessions", "of clients", FIELD_NUMBER },
		{ "sessions_hibernating", "of them: without a connection, and may be resumed", FIELD_NUMBER },
		{ "degraded", "yes: the store has committed nothing for too long, and new logins are refused", FIELD_YES },
		{ "trouble", "why writes are late or fail", FIELD_TEXT | OR_NULL },
		{ "loops", "a row for each", FIELD_ROWS, loop_fields },
		{ "pools", "of loops, a row for each", FIELD_ROWS, doors_pool_fields },
		{ "listeners", "a row for each address", FIELD_ROWS, doors_listener_fields },
		{ "certificates", "those that end first", FIELD_ROWS, doors_certificate_fields },
		{ "store", "one row", FIELD_ROWS, FIELDS({ "commits", "since the start", FIELD_NUMBER }, { "jobs", "batches of writes", FIELD_NUMBER },
			{ "failed", "of them", FIELD_NUMBER }, { "reads", "since the start", FIELD_NUMBER }, { "wal_bytes", "of the write-ahead log", FIELD_NUMBER },
			{ "waiting", "jobs", FIELD_NUMBER }, { "waiting_ms", "the oldest of them", FIELD_NUMBER }) },
		{ "limits_reached", "why somebody was turned away, or waits: those of `jackdaw limits` that were reached", FIELD_ROWS,
			FIELDS({ "limit", "its setting" }, { "reached", "times, since the start", FIELD_NUMBER }) },
		{ "figures", "all of them: `jackdaw figures` says what each is", FIELD_ROWS, FIELDS({ "figure", "its name" },
			{ "of", "which of several", FIELD_TEXT | OR_NULL }, { "value", "of all loops together", FIELD_NUMBER }) },
		{ "accounts", "in the store; left out while it is slow", FIELD_NUMBER | OR_MISSING }),
};

/*
 * status: how the server is.
 *
 * Must answer when the store doesn't: the number of accounts is left out
 * while it is slow.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "admin/limits.h"
#include "base/log.h"
#include "core/call.h"
#include "core/home.h"
#include "core/server.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char Q_ACCOUNTS[] = "SELECT COUNT(*) FROM account";

#define COUNTS(X) X(turns) X(stanzas_in) X(stanzas_out) X(messages) X(logins) X(logins_refused) X(refused) X(sessions)

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
	json_t *row = json_pack("{s:i}", "loop", (int)number);
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
	command_yes(run, "degraded", is_degraded);
	command_text(run, "trouble", trouble(a, result));
	command_json(run, "loops", loops);
	add_store(run);
	add_limits(run, result);
	if (is_degraded)
		command_done(run);
	else
		accounts_read(run, Q_ACCOUNTS, NULL, 0, accounts_counted);
}

static void status(struct command_run *run)
{
	call_homes(visit_home, gathered, run);
}

const struct command cmd_status = {
	.noun = "status", .help = "Says how the server is: sessions, counters of each loop, the store, memory", .is_card = true, .run = status,
};

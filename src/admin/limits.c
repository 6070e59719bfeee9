/*
 * limits: what each limit is, and how often it was reached since the start.
 *
 * A limit that a listener or a domain may have of its own is shown as it is
 * globally; it is counted for all together.
 */
#include "admin/limits.h"
#include "admin/commands.h"
#include "core/call.h"
#include "core/config.h"
#include "core/config_value.h"
#include "core/home.h"
#include "xmpp/ns.h"
#include <stdlib.h>

/* Runs on every home in turn. */
static void visit_home(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct xml *el = EL(a, NS_CALL, "home", NULL);
	limits_visit(home, a, el);
	xml_append(result, el);
}

void limits_visit(const struct home *home, struct arena *a, struct xml *el)
{
	for (unsigned i = 0; i < LIMIT_COUNT; i++)
		if (home->reached[i])
			xml_set(a, el, limit_setting(i), arena_printf(a, "%llu", (unsigned long long)home->reached[i]));
}

int64_t limits_sum(const struct xml *result, enum limit limit)
{
	int64_t total = 0;
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL)) {
		const char *text = xml_get(el, limit_setting(limit));
		total += text ? strtoll(text, NULL, 10) : 0;
	}
	return total;
}

static const char *value_of(struct arena *a, enum limit limit)
{
	const struct config_scope *g = config_global(hosts_here()->config);
	const struct config_entry *e = config_table_find(limit_setting(limit), CONFIG_GLOBAL);
	return config_value_print(a, e ? config_effective(g, e) : &config_table_find_any(limit_setting(limit))->preset);
}

static void gathered(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	for (unsigned i = 0; i < LIMIT_COUNT; i++) {
		command_row(run);
		command_text(run, "limit", limit_setting(i));
		command_text(run, "value", value_of(a, i));
		command_number(run, "reached", limits_sum(result, i));
	}
	command_done(run);
}

static void limits(struct command_run *run)
{
	call_homes(visit_home, gathered, run);
}

const struct command cmd_limits = {
	.noun = "limits", .help = "Lists the limits, what they are, and how often each was reached since the start", .run = limits,
	.fields = FIELDS({ "limit", "its setting" }, { "value", "what it is globally" }, { "reached", "times, since the start", FIELD_NUMBER }),
};

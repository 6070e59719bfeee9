/*
 * module list: the parts that are built in; with --stations, what stands in
 * the way of each event, in the order in which it is passed.
 */
#include "core/module.h"
#include "admin/commands.h"

static const char *const events[] = {
	[MESSAGE_SENT] = "message sent", [MESSAGE] = "message", [PRESENCE_SENT] = "presence sent", [PRESENCE] = "presence",
	[IQ_SENT] = "iq sent", [IQ_PASSING] = "iq passing", [SESSION_BOUND] = "session bound", [SESSION_RESUMED] = "session resumed", [SESSION_GONE] = "session gone",
	[ACCOUNT_ADDED] = "account added", [ACCOUNT_REMOVED] = "account removed",
};
static const char *const stations[] = {
	[AT_LIMIT] = "limit", [AT_GUARD] = "guard", [AT_MARK] = "mark", [AT_KEEP] = "keep", [AT_COPY] = "copy",
	[AT_DELIVER] = "deliver", [AT_MISS] = "miss", [AT_FAIL] = "fail",
};
_Static_assert(sizeof events / sizeof *events == EVENTS && sizeof stations / sizeof *stations == STATIONS, "each has its word");

static void list_stations(struct command_run *run)
{
	for (unsigned event = 0; event < EVENTS; event++) {
		size_t count;
		const struct stop *line = modules_line((enum event)event, &count);
		for (size_t i = 0; i < count; i++) {
			command_row(run);
			command_text(run, "event", events[event]);
			command_text(run, "station", stations[line[i].station]);
			command_text(run, "module", line[i].module->name);
		}
	}
}

static void list_modules(struct command_run *run)
{
	for (unsigned i = 0; i < modules_count(); i++) {
		const struct module *m = modules[i];
		command_row(run);
		command_text(run, "name", m->name);
		command_text(run, "xep", m->xep ? arena_printf(run->arena, "XEP-%04u", m->xep) : NULL);
		command_text(run, "title", m->title);
	}
}

static void list(struct command_run *run)
{
	if (command_get(run, "--stations"))
		list_stations(run);
	else
		list_modules(run);
	command_done(run);
}

const struct command cmd_module_list = {
	.noun = "module", .verb = "list", .help = "Lists the modules", .where = COMMAND_ANYWHERE, .run = list,
	.args = ARGS({ "--stations", "instead: which hooks each event passes, in order", 0 }),
	.fields = FIELDS({ "name", "the module's, and its section's in the configuration", FIELD_TEXT | OR_MISSING },
		{ "xep", "null: it is of an RFC", FIELD_TEXT | OR_NULL | OR_MISSING }, { "title", "the XEP's", FIELD_TEXT | OR_MISSING },
		{ "event", "with --stations, instead of the above: what happens", FIELD_TEXT | OR_MISSING },
		{ "station", "where in its way", FIELD_TEXT | OR_MISSING }, { "module", "who has a hook there", FIELD_TEXT | OR_MISSING }),
};

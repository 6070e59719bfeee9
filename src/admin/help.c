/*
 * help and version; and what the program does itself, for the help.
 */
#include "admin/commands.h"
#include "core/command_page.h"
#include "core/command_words.h"
#include <string.h>

static void help(struct command_run *run)
{
	const char *noun = command_get(run, "NOUN");
	struct buf out = { 0 };
	if (command_get(run, "--markdown"))
		command_markdown(&out);
	else if (command_get(run, "--json-page"))
		command_json_page(&out);
	else if (command_get(run, "--man"))
		command_man(&out);
	else
		command_help(&out, noun);
	if (!buf_length(&out)) {
		command_fail(run, "no command begins with '%s'", noun);
		return;
	}
	buf_byte(&out, '\0');
	command_say(run, "%s", buf_start(&out));
	buf_clear(&out);
	command_done(run);
}

static void version(struct command_run *run)
{
	command_row(run);
	command_text(run, "version", SERVER_VERSION);
	command_done(run);
}

const struct command cmd_help = {
	.noun = "help", .help = "Lists commands", .where = COMMAND_ANYWHERE, .run = help,
	.args = ARGS({ "NOUN", "only the commands that begin so, with their arguments", ARG_OPTIONAL },
		{ "--markdown", "all of it as the page docs/commands.md", 0 }, { "--json-page", "what answers hold, as the page docs/json.md", 0 },
		{ "--man", "all of it as the manual's page jackdaw(1)", 0 }),
};
const struct command cmd_version = {
	.noun = "version", .help = "Says the version", .where = COMMAND_ANYWHERE, .is_card = true, .run = version,
	.fields = FIELDS({ "version", "of this program" }),
};
const struct command cmd_serve = {
	.noun = "serve", .help = "Runs the server in the foreground; says \"ready\" on stderr and to systemd when it listens", .where = COMMAND_PROGRAM,
};
const struct command cmd_restore = {
	.noun = "restore", .help = "Fills an empty data folder from a backup, while no server runs", .where = COMMAND_PROGRAM, .is_act = true,
	.args = ARGS({ "FILE", "what backup wrote; -: the input", 0 }),
};

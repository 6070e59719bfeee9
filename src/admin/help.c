/*
 * help and version; and what the program does itself, for the help.
 */
#include "admin/commands.h"
#include "core/command_words.h"
#include <string.h>

static void help(struct command_run *run)
{
	const char *noun = command_get(run, "NOUN");
	struct buf out = { 0 };
	if (command_get(run, "--markdown"))
		command_markdown(&out);
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
		{ "--markdown", "all of it as the page docs/commands.md", 0 }),
};
const struct command cmd_version = {
	.noun = "version", .help = "Says the version", .where = COMMAND_ANYWHERE, .is_card = true, .run = version,
};
const struct command cmd_serve = {
	.noun = "serve", .help = "Runs the server in the foreground; says \"ready\" on stderr and to systemd when it listens", .where = COMMAND_PROGRAM,
};
const struct command cmd_init = {
	.noun = "init", .help = "Writes a commented configuration", .where = COMMAND_PROGRAM,
	.args = ARGS({ "DOMAIN", "to serve; without it, this machine's name", ARG_OPTIONAL }),
};
const struct command cmd_restore = {
	.noun = "restore", .help = "Fills an empty data folder from a backup, while no server runs", .where = COMMAND_PROGRAM, .is_act = true,
	.args = ARGS({ "FILE", "what backup wrote; -: the input", 0 }),
};
const struct command cmd_config_check = {
	.noun = "config", .verb = "check", .help = "Says what is wrong with the configuration", .where = COMMAND_PROGRAM,
};
const struct command cmd_config_show = {
	.noun = "config", .verb = "show", .help = "Shows the settings that count, each with its place", .where = COMMAND_PROGRAM,
	.args = ARGS({ "--defaults", "also what nobody has set", 0 }),
};
const struct command cmd_config_explain = {
	.noun = "config", .verb = "explain", .help = "Explains a setting: what it does, its value and where it comes from", .where = COMMAND_PROGRAM,
	.args = ARGS({ "KEY", "its path: limits.stanza_size", 0 }),
};
const struct command cmd_config_diff = {
	.noun = "config", .verb = "diff", .help = "Shows what was changed at run time", .where = COMMAND_PROGRAM,
};
const struct command cmd_config_reference = {
	.noun = "config", .verb = "reference", .help = "Prints docs/configuration.md", .where = COMMAND_PROGRAM,
};

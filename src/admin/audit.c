/*
 * audit verify: whether the trail of administrative acts is whole.
 */
#include "core/audit.h"
#include "admin/commands.h"
#include <string.h>

enum { FILES = 64 };

static size_t split(struct arena *a, const char *text, const char *files[FILES])
{
	size_t count = 0;
	char *rest = arena_string(a, text), *word;
	while (rest && (word = strsep(&rest, " ")) && count < FILES)
		if (*word)
			files[count++] = word;
	return count;
}

static void verify(struct command_run *run)
{
	const char *files[FILES + 1] = { command_get(run, "FILE") };
	struct audit_found found;
	struct fail why;
	size_t count = 1 + split(run->arena, command_get(run, "MORE"), files + 1);
	if (!audit_verify(files, count, &found, &why)) {
		command_fail(run, "%s", why.text);
		return;
	}
	command_row(run);
	command_number(run, "lines", (int64_t)found.lines);
	command_number(run, "first", (int64_t)found.first);
	command_number(run, "last", (int64_t)found.last);
	command_text(run, "hash", found.hash);
	command_yes(run, "end_is_known", found.has_head);
	command_done(run);
}

const struct command cmd_audit_verify = {
	.noun = "audit", .verb = "verify", .where = COMMAND_ANYWHERE, .is_card = true, .run = verify,
	.help = "Says whether an audit trail is whole: no line changed, removed or added, and with FILE.head beside it none missing at its end",
	.args = ARGS({ "FILE", "audit.log of the data folder, or one that was moved away", 0 },
		{ "MORE", "the files that follow it, in their order", ARG_OPTIONAL | ARG_REST }),
	.fields = FIELDS({ "lines", "how many", FIELD_NUMBER }, { "first", "the number of the first", FIELD_NUMBER }, { "last", "and of the last", FIELD_NUMBER },
		{ "hash", "of the last" }, { "end_is_known", "FILE.head of the last file was there, so nothing is missing behind it", FIELD_YES }),
};

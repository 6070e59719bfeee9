/*
 * config check, diff, reference: they load the configuration, say what they
 * were asked and let go.
 */
#include "admin/commands.h"
#include "admin/config_file.h"
#include "base/buf.h"
#include "core/config_diff.h"
#include "core/config_man.h"
#include "core/config_reference.h"
#include "core/host.h"
#include <string.h>

struct config *config_file_load(struct command_run *run, unsigned flags)
{
	struct config_report report;
	config_report_init(&report);
	struct config *c = config_load(config_find_file(run->file), flags, &report);
	if (!c)
		command_fail(run, "%s", config_report_errors(run->arena, &report));
	config_report_clear(&report);
	return c;
}

/* --- check --- */

static void add_notes(struct command_run *run, const char *kind, const struct config_note *notes, int count)
{
	for (int i = 0; i < count && i < CONFIG_NOTES; i++) {
		command_row(run);
		command_text(run, "kind", kind);
		command_text(run, "file", notes[i].place.file);
		command_number(run, "line", notes[i].place.line);
		command_number(run, "column", notes[i].place.column);
		command_text(run, "text", notes[i].text);
	}
}

static const char *note_lines(struct arena *a, const struct config_report *r)
{
	const char *text = "";
	for (int i = 0; i < r->warning_count && i < CONFIG_NOTES; i++)
		text = arena_printf(a, "%snote: %s\n", text, config_note_text(a, &r->warnings[i]));
	return text;
}

/* Only a note, because it depends on who looks: the server's user may read what the caller may not, or the reverse. */
static const char *note_of_certificates(struct command_run *run, const struct config *c)
{
	struct fail why;
	struct hosts *hosts = hosts_new(c, 0, &why);
	if (hosts) {
		hosts_drop(hosts);
		return "";
	}
	struct config_note note = { { config_file(c), 0, 0 }, why.text };
	add_notes(run, "note", &note, 1);
	return arena_printf(run->arena, "note: serve would not start now: %s\n", why.text);
}

static void check(struct command_run *run)
{
	struct config_report report;
	config_report_init(&report);
	struct config *c = config_load(config_find_file(run->file), 0, &report);
	add_notes(run, "error", report.errors, report.error_count);
	add_notes(run, "note", report.warnings, report.warning_count);
	const char *notes = note_lines(run->arena, &report), *errors = config_report_errors(run->arena, &report);
	if (c)
		command_say(run, "%s%s%s is well", notes, note_of_certificates(run, c), config_file(c));
	else
		command_say(run, "%s", "");
	config_drop(c);
	config_report_clear(&report);
	if (errors)
		command_fail(run, "%s", errors);
	else
		command_done(run);
}

/* --- diff --- */

json_t *config_changes(const struct config_change *d)
{
	json_t *rows = json_array();
	for (; d; d = d->next) {
		json_t *row = json_object();
		json_object_set_new(row, "scope", command_string(d->scope));
		json_object_set_new(row, "key", command_string(d->entry ? d->entry->path : NULL));
		json_object_set_new(row, "before", command_string(d->before));
		json_object_set_new(row, "after", command_string(d->after));
		json_object_set_new(row, "origin", command_string(d->origin));
		json_object_set_new(row, "reload", json_string(option_reload_name(d->reload)));
		json_array_append_new(rows, row);
	}
	return rows;
}

const struct command_field config_change_fields[] = {
	{ "scope", "where" }, { "key", "the setting's path; null: the scope itself came or went", FIELD_TEXT | OR_NULL },
	{ "before", "null: a scope that wasn't there", FIELD_TEXT | OR_NULL }, { "after", "null: a scope that is there no more", FIELD_TEXT | OR_NULL },
	{ "origin", "file:line, or default; null: it is gone", FIELD_TEXT | OR_NULL },
	{ "reload", "when it counts: live, new connections, restart" }, { NULL, NULL, 0 }
};

/* What was changed at run time, against the main file. */
static void diff(struct command_run *run)
{
	struct config *main_only = config_file_load(run, CONFIG_MAIN_ONLY), *whole = main_only ? config_file_load(run, 0) : NULL;
	if (whole) {
		json_decref(run->rows);
		run->rows = config_changes(config_diff(run->arena, main_only, whole));
		command_done(run);
	}
	config_drop(whole);
	config_drop(main_only);
}

/* --- reference --- */

static void reference(struct command_run *run)
{
	struct buf b = { 0 };
	if (command_get(run, "--man"))
		config_man(&b);
	else
		config_reference(&b);
	buf_byte(&b, '\0');
	command_say(run, "%s", buf_start(&b));
	buf_clear(&b);
	command_done(run);
}

const struct command cmd_config_check = {
	.noun = "config", .verb = "check", .help = "Says what is wrong with the configuration", .where = COMMAND_ANYWHERE, .run = check,
	.fields = FIELDS({ "kind", "error, or note: of what is accepted and has no effect, or could not be read from here" },
		{ "file", "where it is" }, { "line", "0: the whole file", FIELD_NUMBER }, { "column", "the same", FIELD_NUMBER },
		{ "text", "what is wrong, and what was expected" }),
};
const struct command cmd_config_diff = {
	.noun = "config", .verb = "diff", .help = "Shows what was changed at run time, against the main file", .where = COMMAND_ANYWHERE, .run = diff,
	.fields = config_change_fields,
};
const struct command cmd_config_reference = {
	.noun = "config", .verb = "reference", .help = "Prints docs/configuration.md", .where = COMMAND_ANYWHERE, .run = reference,
	.args = ARGS({ "--man", "instead: the manual's page jackdaw.conf(5)", 0 }),
};

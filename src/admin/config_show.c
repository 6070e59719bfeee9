/*
 * config show, explain: what counts, where, and who said so.
 */
#include "admin/commands.h"
#include "admin/config_file.h"
#include "base/buf.h"
#include "core/config_value.h"
#include <string.h>

struct show {
	struct command_run *run;
	struct arena *arena;
	struct buf text;                     /* for people */
	bool defaults;
};

static void add(struct show *s, const char *text)
{
	buf_add(&s->text, text, strlen(text));
}

static void say_all(struct show *s)
{
	buf_byte(&s->text, '\0');
	command_say(s->run, "%s", buf_start(&s->text));
	buf_clear(&s->text);
}

/* --- show --- */

static void show_row(struct show *s, const char *scope, const char *key, const char *value, const char *origin)
{
	command_row(s->run);
	command_text(s->run, "scope", scope);
	command_text(s->run, "key", key);
	command_text(s->run, "value", value);
	command_text(s->run, "origin", origin);
}

static void show_value(struct show *s, const struct config_scope *scope, const struct config_value *v, int depth)
{
	const char *value = config_value_print(s->arena, v), *origin = config_origin(s->arena, v);
	show_row(s, config_scope_text(s->arena, scope), v->entry->path, value, origin);
	add(s, arena_printf(s->arena, "%*s%s = %s    # %s\n", depth * 2, "", v->entry->path, value, origin));
}

static void show_scope(struct show *s, const struct config_scope *scope, int depth)
{
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		const struct config_value *v = config_set_here(scope, e);
		bool is_default = !v && s->defaults && scope->kind == CONFIG_GLOBAL && (e->setting.scopes & IN_GLOBAL) && e->setting.preset;
		if (v || is_default)
			show_value(s, scope, v ? v : &e->preset, depth);
	}
	for (const struct config_scope *child = scope->children; child; child = child->next) {
		if (child->is_derived)
			continue;
		const char *text = config_scope_text(s->arena, child), *last = strrchr(text, '>');
		add(s, arena_printf(s->arena, "%*s%s {\n", depth * 2, "", last ? last + 2 : text));
		show_scope(s, child, depth + 1);
		add(s, arena_printf(s->arena, "%*s}\n", depth * 2, ""));
	}
}

/* Settings that no global scope has show their defaults as comments, so that --defaults names every key. */
static void show_other_defaults(struct show *s)
{
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		const char *value = e->setting.preset ? config_value_print(s->arena, &e->preset) : "none";
		if ((e->setting.scopes & IN_GLOBAL) && e->setting.preset)
			continue;
		show_row(s, NULL, e->path, value, "default");
		add(s, arena_printf(s->arena, "# %s = %s\n", e->path, value));
	}
}

static void show(struct command_run *run)
{
	struct config *c = config_file_load(run, 0);
	struct show s = { .run = run, .arena = run->arena };
	if (!c)
		return;
	s.defaults = command_get(run, "--defaults") != NULL;
	show_scope(&s, config_global(c), 0);
	if (s.defaults)
		show_other_defaults(&s);
	say_all(&s);
	config_drop(c);
	command_done(run);
}

/* --- explain --- */

struct explain {
	struct show show;
	const struct config_entry *entry;
	json_t *values;
	unsigned silent;                     /* domains that set nothing, and aren't listed */
	bool all;
};

/* A listener and what is in it are few and are all shown; of thousands of domains those that say something. */
static bool is_shown(const struct explain *x, const struct config_scope *s)
{
	if (!(x->entry->setting.scopes & 1u << s->kind))
		return false;
	return s->kind != CONFIG_DOMAIN || x->all || config_set_here(s, x->entry);
}

static void explain_value(struct explain *x, const struct config_scope *s)
{
	struct arena *a = x->show.arena;
	const struct config_value *v = config_effective(s, x->entry);
	bool is_built = !x->entry->setting.later && !config_kind_is_later(s->kind);
	const char *scope = config_scope_text(a, s), *value = config_value_print(a, v), *origin = config_origin(a, v);
	bool is_set = config_set_here(s, x->entry) != NULL;
	json_array_append_new(x->values, json_pack("{s:s, s:s, s:s, s:b, s:b}", "scope", scope, "value", value, "origin", origin,
		"set", is_set, "built", is_built));
	add(&x->show, arena_printf(a, "  %s: %s (%s%s)\n", scope, value, origin, is_built ? "" : "; no effect yet"));
}

static void explain_scope(struct explain *x, const struct config_scope *s)
{
	if (is_shown(x, s))
		explain_value(x, s);
	else if (s->kind == CONFIG_DOMAIN && x->entry->setting.scopes & IN_DOMAIN)
		x->silent++;
	for (const struct config_scope *child = s->children; child; child = child->next)
		explain_scope(x, child);
}

static void explain_entry(struct explain *x, const struct config *c)
{
	struct arena *a = x->show.arena;
	const struct config_entry *e = x->entry;
	struct command_run *run = x->show.run;
	const char *preset = e->setting.preset ? config_value_print(a, &e->preset) : "none", *expects = config_entry_expects(a, e);
	add(&x->show, arena_printf(a, "%s: %s\n  it is %s; default %s; a reload changes it %s%s\n", e->path, e->setting.help, expects, preset,
		e->setting.reload == RELOAD_LIVE ? "at once" : e->setting.reload == RELOAD_NEW ? "for new connections" : "not: it needs a restart",
		e->setting.later ? "; has no effect yet" : ""));
	x->values = json_array();
	x->silent = 0;
	explain_scope(x, config_global(c));
	if (x->silent)
		add(&x->show, arena_printf(a, "  %u domain%s nothing of it\n", x->silent, x->silent == 1 ? " sets" : "s set"));
	command_row(run);
	command_text(run, "key", e->path);
	command_text(run, "help", e->setting.help);
	command_text(run, "expects", expects);
	command_text(run, "default", preset);
	command_text(run, "reload", option_reload_name(e->setting.reload));
	command_yes(run, "built", !e->setting.later);
	command_json(run, "values", x->values);
	command_number(run, "silent_domains", x->silent);
}

/* "auto_signup" means registration.auto_signup. */
static bool is_asked(const struct config_entry *e, const char *key)
{
	const char *dot = strrchr(e->path, '.');
	return config_name_is(e->path, key) || (dot && config_name_is(dot + 1, key));
}

static const char *nearest_anywhere(const char *key)
{
	const char *found = NULL;
	for (int kind = CONFIG_GLOBAL; kind < CONFIG_KINDS && !found; kind++)
		found = config_table_nearest(key, (enum config_kind)kind);
	return found;
}

static void explain(struct command_run *run)
{
	const char *key = config_table_alias(command_get(run, "KEY"));
	struct config *c = config_file_load(run, 0);
	struct explain x = { .show = { .run = run, .arena = run->arena } };
	if (!c)
		return;
	x.all = command_get(run, "--all") != NULL;
	for (const struct config_entry *e = x.entry = config_table_first(); e; x.entry = e = e->next)
		if (is_asked(e, key))
			explain_entry(&x, c);
	config_drop(c);
	const char *nearest = buf_length(&x.show.text) ? NULL : nearest_anywhere(key);
	if (buf_length(&x.show.text)) {
		say_all(&x.show);
		command_done(run);
	} else if (nearest) {
		command_fail(run, "no setting \"%s\"; did you mean \"%s\"?", key, nearest);
	} else {
		command_fail(run, "no setting \"%s\"", key);
	}
}

const struct command cmd_config_show = {
	.noun = "config", .verb = "show", .help = "Shows the settings that count, each with its place", .where = COMMAND_ANYWHERE, .run = show,
	.args = ARGS({ "--defaults", "also what nobody has set", 0 }),
	.fields = FIELDS({ "scope", "where it is set; null: of the table, for a key that the top level doesn't have", FIELD_TEXT | OR_NULL },
		{ "key", "its path" }, { "value", "as one would write it; secrets are hidden" }, { "origin", "file:line, or default" }),
};
const struct command cmd_config_explain = {
	.noun = "config", .verb = "explain", .help = "Explains a setting: what it does, its value in each scope and where that comes from",
	.where = COMMAND_ANYWHERE, .run = explain,
	.args = ARGS({ "KEY", "its path, limits.stanza_size, or the last part of it", 0 },
		{ "--all", "also the domains that set nothing of it", 0 }),
	.fields = FIELDS({ "key", "its path" }, { "help", "what it does" }, { "expects", "what may be written" }, { "default", "or none" },
		{ "reload", "when a change counts: live, new connections, restart" }, { "built", "no: it is accepted and has no effect yet", FIELD_YES },
		{ "values", "a row for each scope", FIELD_ROWS, FIELDS({ "scope", "from the top level: xmpp_listener > listen \"*:5222\"" },
			{ "value", "what counts there" }, { "origin", "file:line, or default" }, { "set", "there, and not further up", FIELD_YES },
			{ "built", "no: it has no effect there yet", FIELD_YES }) },
		{ "silent_domains", "domains that set nothing of it, and are not listed", FIELD_NUMBER }),
};

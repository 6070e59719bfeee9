/*
 * Every verb loads the configuration, prints what it was asked and lets go.
 * JSON has the same facts as the text: scope, key, value, origin.
 */
#include "admin/config_commands.h"
#include "core/config.h"
#include "core/config_diff.h"
#include "core/config_reference.h"
#include "core/config_value.h"
#include <errno.h>
#include <jansson.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WELL, NOT_WELL, MISUSED };

struct ask {
	struct arena *arena;
	const char *file, *word;             /* -c; the first that is no option */
	bool json, defaults;
	json_t *out;                         /* an array, when json */
	struct config_report report;
};

/* --- Reading the words, printing the answer --- */

static bool read_words(struct ask *ask, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			ask->json = true;
		else if (strcmp(argv[i], "--defaults") == 0)
			ask->defaults = true;
		else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			ask->file = argv[++i];
		else if (*argv[i] == '-' || ask->word)
			return false;
		else
			ask->word = argv[i];
	}
	return true;
}

static int print_json(json_t *json, int status)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(json);
	return status;
}

static json_t *notes_json(const struct config_note *notes, int count)
{
	json_t *list = json_array();
	for (int i = 0; i < count && i < CONFIG_NOTES; i++)
		json_array_append_new(list, json_pack("{s:s#, s:i, s:i, s:s}", "file", notes[i].place.file, (int)strlen(notes[i].place.file),
			"line", notes[i].place.line, "column", notes[i].place.column, "text", notes[i].text));
	return list;
}

static void print_notes(struct ask *ask, const struct config_note *notes, int count, const char *kind)
{
	for (int i = 0; i < count && i < CONFIG_NOTES; i++)
		fprintf(stderr, "%s%s\n", kind, config_note_text(ask->arena, &notes[i]));
	if (count > CONFIG_NOTES)
		fprintf(stderr, "%sand %d more\n", kind, count - CONFIG_NOTES);
}

/* NULL: the errors were printed. */
static struct config *load(struct ask *ask, unsigned flags)
{
	struct config *c = config_load(config_find_file(ask->file), flags, &ask->report);
	if (!c && !ask->json)
		print_notes(ask, ask->report.errors, ask->report.error_count, "");
	if (!c && ask->json)
		print_json(json_pack("{s:b, s:o}", "ok", 0, "errors", notes_json(ask->report.errors, ask->report.error_count)), NOT_WELL);
	return c;
}

/* --- check --- */

static int check(struct ask *ask)
{
	struct config *c = load(ask, 0);
	if (!c)
		return NOT_WELL;
	if (ask->json)
		print_json(json_pack("{s:b, s:s, s:o}", "ok", 1, "file", config_file(c), "warnings",
			notes_json(ask->report.warnings, ask->report.warning_count)), WELL);
	else {
		print_notes(ask, ask->report.warnings, ask->report.warning_count, "note: ");
		printf("%s is well\n", config_file(c));
	}
	config_drop(c);
	return WELL;
}

/* --- show --- */

static void show_value(struct ask *ask, const struct config_scope *s, const struct config_value *v, int depth)
{
	const char *value = config_value_print(ask->arena, v), *origin = config_origin(ask->arena, v);
	if (ask->json)
		json_array_append_new(ask->out, json_pack("{s:s, s:s, s:s, s:s}", "scope", config_scope_text(ask->arena, s), "key", v->entry->path,
			"value", value, "origin", origin));
	else
		printf("%*s%s = %s    # %s\n", depth * 2, "", v->entry->path, value, origin);
}

static void show_scope(struct ask *ask, const struct config_scope *s, int depth)
{
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		const struct config_value *v = config_set_here(s, e);
		bool is_default = !v && ask->defaults && s->kind == CONFIG_GLOBAL && (e->setting.scopes & IN_GLOBAL) && e->setting.preset;
		if (v || is_default)
			show_value(ask, s, v ? v : &e->preset, depth);
	}
	for (const struct config_scope *child = s->children; child; child = child->next) {
		if (child->is_derived)
			continue;
		const char *text = config_scope_text(ask->arena, child), *last = strrchr(text, '>');
		if (!ask->json)
			printf("%*s%s {\n", depth * 2, "", last ? last + 2 : text);
		show_scope(ask, child, depth + 1);
		if (!ask->json)
			printf("%*s}\n", depth * 2, "");
	}
}

/* Settings that no global scope has show their defaults as comments, so that --defaults names every key. */
static void show_other_defaults(struct ask *ask)
{
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		bool shown = (e->setting.scopes & IN_GLOBAL) && e->setting.preset;
		const char *value = e->setting.preset ? config_value_print(ask->arena, &e->preset) : "none";
		if (!shown && ask->json)
			json_array_append_new(ask->out, json_pack("{s:n, s:s, s:s, s:s}", "scope", "key", e->path, "value", value, "origin", "default"));
		else if (!shown)
			printf("# %s = %s\n", e->path, value);
	}
}

static int show(struct ask *ask)
{
	struct config *c = load(ask, 0);
	if (!c)
		return NOT_WELL;
	ask->out = json_array();
	show_scope(ask, config_global(c), 0);
	if (ask->defaults)
		show_other_defaults(ask);
	config_drop(c);
	if (ask->json)
		return print_json(ask->out, WELL);
	json_decref(ask->out);
	return WELL;
}

/* --- explain --- */

static void explain_scope(struct ask *ask, const struct config_entry *e, const struct config_scope *s, json_t *values)
{
	if (e->setting.scopes & ~e->setting.later_in & 1u << s->kind) {
		const struct config_value *v = config_effective(s, e);
		const char *scope = config_scope_text(ask->arena, s), *value = config_value_print(ask->arena, v);
		const char *origin = config_origin(ask->arena, v);
		if (ask->json)
			json_array_append_new(values, json_pack("{s:s, s:s, s:s}", "scope", scope, "value", value, "origin", origin));
		else
			printf("  %s: %s (%s)\n", scope, value, origin);
	}
	for (const struct config_scope *child = s->children; child; child = child->next)
		explain_scope(ask, e, child, values);
}

static void explain_entry(struct ask *ask, const struct config_entry *e, const struct config *c)
{
	const char *preset = e->setting.preset ? config_value_print(ask->arena, &e->preset) : "none";
	const char *expects = config_entry_expects(ask->arena, e);
	const char *reload = e->setting.reload == RELOAD_RESTART ? "restart" : "live";
	json_t *values = json_array();
	if (!ask->json)
		printf("%s: %s\n  it is %s; default %s; %s%s\n", e->path, e->setting.help, expects, preset,
			*reload == 'r' ? "needs a restart" : "counts from a reload", e->setting.later ? "; has no effect yet" : "");
	explain_scope(ask, e, config_global(c), values);
	json_array_append_new(ask->out, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "key", e->path, "help", e->setting.help,
		"expects", expects, "default", preset, "reload", reload, "built", !e->setting.later, "values", values));
}

/* "auto_signup" means registration.auto_signup. */
static bool is_asked(const struct config_entry *e, const char *key)
{
	const char *dot = strrchr(e->path, '.');
	return config_name_is(e->path, key) || (dot && config_name_is(dot + 1, key));
}

static int explain(struct ask *ask)
{
	struct config *c = ask->word ? load(ask, 0) : NULL;
	if (!c)
		return ask->word ? NOT_WELL : MISUSED;
	ask->out = json_array();
	for (const struct config_entry *e = config_table_first(); e; e = e->next)
		if (is_asked(e, ask->word))
			explain_entry(ask, e, c);
	bool found = json_array_size(ask->out) > 0;
	const char *nearest = found ? NULL : config_table_nearest(ask->word, CONFIG_GLOBAL);
	if (!found)
		fprintf(stderr, "no setting \"%s\"%s%s%s\n", ask->word, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
	if (found && ask->json)
		print_json(json_incref(ask->out), WELL);
	json_decref(ask->out);
	config_drop(c);
	return found ? WELL : NOT_WELL;
}

/* --- diff --- */

static void print_change(struct ask *ask, const struct config_change *d)
{
	if (ask->json)
		json_array_append_new(ask->out, json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:b}", "scope", d->scope, "key", d->entry ? d->entry->path : NULL,
			"before", d->before, "after", d->after, "origin", d->origin, "restart", d->needs_restart));
	else if (d->entry)
		printf("%s: %s was %s, is %s (%s)%s\n", d->scope, d->entry->path, d->before, d->after, d->origin, d->needs_restart ? ", needs a restart" : "");
	else
		printf("%s: %s (%s)\n", d->scope, d->after ? "added" : "removed", d->origin ? d->origin : "-");
}

/* What was changed at run time, against the main file. */
static int diff(struct ask *ask)
{
	struct config *main_only = load(ask, CONFIG_MAIN_ONLY), *whole = main_only ? load(ask, 0) : NULL;
	ask->out = json_array();
	if (whole)
		for (struct config_change *d = config_diff(ask->arena, main_only, whole); d; d = d->next)
			print_change(ask, d);
	if (whole && ask->json)
		print_json(json_incref(ask->out), WELL);
	json_decref(ask->out);
	int status = whole ? WELL : NOT_WELL;
	config_drop(whole);
	config_drop(main_only);
	return status;
}

static int reference(struct ask *ask)
{
	struct buf b = { 0 };
	config_reference(&b);
	fwrite(buf_start(&b), 1, buf_length(&b), stdout);
	buf_clear(&b);
	return WELL;
}

int config_command(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*run)(struct ask *);
	} verbs[] = { { "check", check }, { "show", show }, { "explain", explain }, { "diff", diff }, { "reference", reference } };
	struct ask ask = { .arena = arena_new() };
	int status = MISUSED;
	config_report_init(&ask.report);
	for (size_t i = 0; argc > 0 && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[0], verbs[i].verb) == 0 && read_words(&ask, argc - 1, argv + 1))
			status = verbs[i].run(&ask);
	if (status == MISUSED)
		fputs("usage: jackdaw config check | show [--defaults] | explain KEY | diff | reference   [-c FILE] [--json]\n", stderr);
	config_report_clear(&ask.report);
	arena_free(ask.arena);
	return status;
}

/* --- init --- */

static const char template[] =
	"# Jackdaw's configuration. `jackdaw config check` reads it, `jackdaw config explain KEY` tells about a setting.\n"
	"data_dir = \"data\"                    # the database, and what is changed at run time\n"
	"log { level = major;  output = stderr }\n"
	"\n"
	"xmpp_listener {\n"
	"  channels = 10000;  idle_time = 30min\n"
	"  listen \"*:5222\" {}                  # clients, STARTTLS\n"
	"  listen \"*:5269\" {}                  # other servers\n"
	"  listen \"*:5223\" { tls = direct }    # clients, TLS from the first byte\n"
	"}\n"
	"\n"
	"domain \"%s\" {\n"
	"  tls_certificate = \"certs/%s.pem\";  tls_key = \"certs/%s.key\"\n"
	"  registration { auto_signup = no;  allow_password_change = yes }\n"
	"  # admins = [ \"you@%s\" ]\n"
	"}\n";

static bool is_domain(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	return n > 0 && n < 254 && !name[n] && *name != '.' && *name != '-';
}

/* The machine's own name, whole when the resolver knows it. */
static bool own_name(char *name, size_t size)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *found = NULL;
	if (gethostname(name, size) != 0)
		return false;
	name[size - 1] = '\0';
	if (!strchr(name, '.') && getaddrinfo(name, NULL, &hints, &found) == 0) {
		if (found->ai_canonname && strchr(found->ai_canonname, '.'))
			snprintf(name, size, "%s", found->ai_canonname);
		freeaddrinfo(found);
	}
	return is_domain(name);
}

/* An existing file is somebody's work: never overwritten. */
static int write_template(const char *file, const char *domain)
{
	FILE *f = fopen(file, "wxe");
	if (!f) {
		fprintf(stderr, "cannot make %s: %s\n", file, strerror(errno));
		return NOT_WELL;
	}
	fprintf(f, template, domain, domain, domain, domain);
	if (fclose(f) != 0) {
		fprintf(stderr, "cannot write %s: %s\n", file, strerror(errno));
		return NOT_WELL;
	}
	printf("%s is written, for %s\n", file, domain);
	return WELL;
}

int init_command(int argc, char **argv)
{
	struct ask ask = { .file = "jackdaw.conf" };
	char name[256];
	if (!read_words(&ask, argc, argv) || ask.json || ask.defaults) {
		fputs("usage: jackdaw init [DOMAIN] [-c FILE]\n", stderr);
		return MISUSED;
	}
	if (!ask.word && !own_name(name, sizeof name)) {
		fputs("this machine's name is no domain: jackdaw init DOMAIN\n", stderr);
		return NOT_WELL;
	}
	if (ask.word && !is_domain(ask.word)) {
		fprintf(stderr, "\"%s\" is not a domain's name\n", ask.word);
		return NOT_WELL;
	}
	return write_template(ask.file, ask.word ? ask.word : name);
}

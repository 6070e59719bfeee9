/*
 * disco add, remove, list: what service discovery lists besides components
 * and services (disco.extra_items).
 *
 * A change is the whole list of its scope, written to the data folder, and
 * then a reload; if that refuses, the list is written as it was.
 */
#include "admin/commands.h"
#include "admin/process.h"
#include "core/config_value.h"
#include "core/config_write.h"
#include "core/home.h"
#include "core/server.h"
#include "xmpp/jid.h"
#include <string.h>

static const char key[] = "disco.extra_items";

struct item_change { const char *jid, *name, *domain; bool adds; };

static const struct config_value *items_of(const struct config_scope *s)
{
	return config_set_here(s, config_table_find(key, s->kind));
}

static bool is_item(const char *item, const char *jid)
{
	size_t length = strlen(jid);
	return strncmp(item, jid, length) == 0 && (!item[length] || item[length] == ' ');
}

/* --- list --- */

static void add_rows(struct command_run *run, const struct config_scope *s, const char *domain)
{
	const struct config_value *v = items_of(s);
	for (const char *const *item = v ? v->list : NULL; item && *item; item++) {
		size_t length = strcspn(*item, " ");
		command_row(run);
		command_text(run, "jid", arena_copy(run->arena, *item, length));
		command_text(run, "name", (*item)[length] ? *item + length + 1 : NULL);
		command_text(run, "domain", domain);
		command_text(run, "origin", config_origin(run->arena, v));
	}
}

static void list(struct command_run *run)
{
	const struct config *config = hosts_here()->config;
	const char *text = command_get(run, "DOMAIN"), *name = text ? jid_domain(run->arena, text) : NULL;
	if (text && !(name && host_find(name))) {
		command_fail(run, "the domain %s is not served here", text);
		return;
	}
	add_rows(run, config_global(config), NULL);
	for (const struct config_scope *s = config_first(config_global(config), CONFIG_DOMAIN); s; s = config_next(s))
		if (!s->protocol && (!name || strcmp(s->name, name) == 0))
			add_rows(run, s, s->name);
	command_done(run);
}

/* --- add, remove: on a worker --- */

static const char *with_item(struct arena *a, const char *list, const char *item)
{
	return arena_printf(a, "%s %s", list, config_quote(a, item));
}

/* NULL: there was nothing to remove. */
static const char *changed_list(struct arena *a, const struct config_value *v, const struct item_change *c)
{
	const char *list = "[";
	bool was_there = false;
	for (const char *const *item = v ? v->list : NULL; item && *item; item++) {
		if (is_item(*item, c->jid))
			was_there = true;
		else
			list = with_item(a, list, *item);
	}
	if (c->adds)
		list = with_item(a, list, c->name ? arena_printf(a, "%s %s", c->jid, c->name) : c->jid);
	return c->adds || was_there ? arena_printf(a, "%s ]", list) : NULL;
}

static bool write_list(struct arena *a, const struct config *config, const struct config_scope *s, const char *list,
		       const char **words)
{
	struct fail why;
	bool ok = config_change_set(config, s, key, list, &why);
	if (!ok)
		*words = arena_string(a, why.text);
	return ok;
}

static bool write_and_reload(struct process_job *job, const struct config *config, const struct config_scope *s, const char *list)
{
	struct arena *a = job->run->arena;
	const struct config_value *before = items_of(s);
	const char *words = NULL, *old = before ? config_value_print(a, before) : "[ ]";
	if (!write_list(a, config, s, list, &job->words))
		return false;
	if (server.reload(a, &job->words))
		return true;
	write_list(a, config, s, old, &words);
	return false;
}

static bool change(struct process_job *job)
{
	struct arena *a = job->run->arena;
	const struct item_change *c = job->with;
	struct config_report report;
	config_report_init(&report);
	struct config *config = config_load(server.config_path, 0, &report);
	const struct config_scope *s = !config ? NULL : c->domain ? config_domain(config, c->domain, NULL) : config_global(config);
	const char *list = s ? changed_list(a, items_of(s), c) : NULL;
	if (!config)
		job->words = report.error_count ? config_note_text(a, &report.errors[0]) : NULL;
	else if (!s)
		job->words = arena_printf(a, "the domain %s is not served here", c->domain);
	else if (!list)
		job->words = arena_printf(a, "%s is not among the extra items%s%s", c->jid, c->domain ? " of " : "", c->domain ? c->domain : "");
	bool ok = list && write_and_reload(job, config, s, list);
	config_drop(config);
	config_report_clear(&report);
	return ok;
}

static void changed(struct process_job *job)
{
	const struct item_change *c = job->with;
	command_row(job->run);
	command_text(job->run, "jid", c->jid);
	command_text(job->run, "domain", c->domain);
	command_text(job->run, "note", job->words);
	command_done(job->run);
}

static void begin(struct command_run *run, bool adds)
{
	struct arena *a = run->arena;
	const char *text = command_get(run, "JID"), *domain = command_get(run, "--domain DOMAIN");
	const struct jid *jid = jid_parse(a, text);
	struct item_change *c = ARENA_NEW(a, struct item_change);
	*c = (struct item_change){ jid ? jid->full : NULL, adds ? command_get(run, "NAME") : NULL,
		domain ? jid_domain(a, domain) : NULL, adds };
	if (!jid || strchr(jid->full, ' '))
		command_fail(run, "'%s' is no JID, or has a blank in it", text);
	else if (domain && !c->domain)
		command_fail(run, "'%s' is no domain", domain);
	else
		process_do(run, change, changed, c);
}

static void add(struct command_run *run)
{
	begin(run, true);
}

static void remove_one(struct command_run *run)
{
	begin(run, false);
}

#define DONE_FIELDS FIELDS({ "jid", "the item" }, { "domain", "which alone lists it; null: all do", FIELD_TEXT | OR_NULL }, \
	{ "note", "what else there is to say, as what waits for a restart", FIELD_TEXT | OR_NULL })
#define ONE_DOMAIN { "--domain DOMAIN", "of this domain alone", 0 }

const struct command cmd_disco_list = {
	.noun = "disco", .verb = "list", .help = "Lists what service discovery shows besides components and services", .run = list,
	.args = ARGS({ "DOMAIN", "what this domain shows", ARG_OPTIONAL }),
	.fields = FIELDS({ "jid", "the item" }, { "name", "what it is called", FIELD_TEXT | OR_NULL },
		{ "domain", "which alone lists it; null: all do", FIELD_TEXT | OR_NULL }, { "origin", "file and line that say so" }),
};
const struct command cmd_disco_add = {
	.noun = "disco", .verb = "add", .is_act = true, .run = add,
	.help = "Adds an item to what service discovery shows, or changes its name",
	.args = ARGS({ "JID", "its address", 0 }, { "NAME", "what it is called", ARG_OPTIONAL | ARG_REST }, ONE_DOMAIN),
	.fields = DONE_FIELDS,
};
const struct command cmd_disco_remove = {
	.noun = "disco", .verb = "remove", .is_act = true, .run = remove_one,
	.help = "Takes an item away from what service discovery shows",
	.args = ARGS({ "JID", "its address", 0 }, ONE_DOMAIN),
	.fields = DONE_FIELDS,
};

/*
 * admin, access: lists of addresses in the configuration, seen and changed
 * while it is in force.
 */
#include "admin/accounts.h"
#include "admin/change.h"
#include "admin/commands.h"
#include "core/config_value.h"
#include "core/home.h"
#include "core/host.h"
#include "xmpp/jid.h"
#include <string.h>

enum { MOST = 1000 };                /* addresses of a list */

static const char *domain_text(const struct command_run *run)
{
	return command_get(run, "--domain DOMAIN");
}

/* Of what is in force; NULL: no such domain, and the run has ended. */
static const struct config_scope *scope_of(struct command_run *run, const char **domain)
{
	const char *error, *text = domain_text(run);
	const struct config *config = hosts_here()->config;
	*domain = text ? accounts_domain(run, text, &error) : NULL;
	const struct config_scope *scope = *domain ? config_domain(config, *domain, NULL) : text ? NULL : config_global(config);
	if (!scope)
		command_refuse(run, ITEM_NOT_FOUND, "%s", error);
	return scope;
}

/* --- what is --- */

static void add_rows(struct command_run *run, const struct config_scope *scope, const char *path, const char *field)
{
	for (const char *const *item = config_list(scope, path); *item; item++) {
		command_row(run);
		command_text(run, field, *item);
	}
}

static void admin_list(struct command_run *run)
{
	const char *domain;
	const struct config_scope *scope = scope_of(run, &domain);
	if (!scope)
		return;
	add_rows(run, scope, "admins", "jid");
	command_done(run);
}

/* A column for each list, so that one of them can be asked for. */
static void access_list(struct command_run *run)
{
	const char *domain;
	const struct config_scope *scope = scope_of(run, &domain);
	if (!scope)
		return;
	add_rows(run, scope, "access.deny", "deny");
	add_rows(run, scope, "access.allow", "allow");
	command_done(run);
}

/* --- another list --- */

struct addresses { const char **items; size_t count; };

static bool has(const struct addresses *l, const char *item)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i], item) == 0)
			return true;
	return false;
}

static bool add(struct command_run *run, struct addresses *l, const char *word)
{
	const struct jid *jid = jid_parse(run->arena, word);
	if (!jid)
		return false;
	if (l->count < MOST && !has(l, jid->full))
		l->items[l->count++] = jid->full;
	return true;
}

/* Words or lines. False: one is no address, and the run has ended. */
static bool read_words(struct command_run *run, const char *text, struct addresses *l)
{
	char *rest = arena_string(run->arena, text ? text : "");
	l->items = arena_alloc(run->arena, MOST * sizeof *l->items);
	for (char *word = strsep(&rest, " \t\n"); word; word = strsep(&rest, " \t\n"))
		if (*word && !add(run, l, word)) {
			command_refuse(run, JID_MALFORMED, "'%s' is no JID", word);
			return false;
		}
	return true;
}

static const char *print(struct arena *a, const struct addresses *l)
{
	const char *text = "[";
	for (size_t i = 0; i < l->count; i++)
		text = arena_printf(a, "%s%s %s", text, i ? "," : "", config_quote(a, l->items[i]));
	return arena_printf(a, "%s ]", text);
}

static void changed(struct command_run *run)
{
	command_say(run, "changed");
	command_done(run);
}

static void set(struct command_run *run, const char *path)
{
	const char *domain;
	struct addresses l = { NULL, 0 };
	if (!scope_of(run, &domain) || !read_words(run, command_get(run, "JIDS"), &l))
		return;
	change_settings(run, domain, (const struct change_setting[]){ { path, print(run->arena, &l) } }, 1, changed);
}

static void admin_set(struct command_run *run)
{
	set(run, "admins");
}

static void access_set(struct command_run *run)
{
	set(run, strcasecmp(command_get(run, "LIST"), "deny") == 0 ? "access.deny" : "access.allow");
}

#define DOMAIN(help) { "--domain DOMAIN", help, ARG_DOMAIN }
#define IN_A_DOMAIN .may = MAY_DOMAIN_ADMIN, .concerns = "--domain DOMAIN"

const struct command cmd_admin_list = {
	.noun = "admin", .verb = "list", .help = "Lists administrators", .run = admin_list,
	.args = ARGS(DOMAIN("of this domain; else of the server")), .fields = FIELDS({ "jid", "the account" }),
};
const struct command cmd_admin_set = {
	.noun = "admin", .verb = "set", .is_act = true, .help = "Says who the administrators are, all of them", .run = admin_set,
	.args = ARGS({ "JIDS", "their accounts; none: nobody, but who reaches the control socket", ARG_OPTIONAL | ARG_REST | ARG_LINES },
		DOMAIN("of this domain; else of the server")),
};
const struct command cmd_access_list = {
	.noun = "access", .verb = "list", .help = "Lists whom users can't speak with, and the only ones that they can", .run = access_list, IN_A_DOMAIN,
	.args = ARGS(DOMAIN("of this domain; else what counts for those that say nothing else")),
	.fields = FIELDS({ "deny", "an address that is denied", FIELD_TEXT | OR_MISSING }, { "allow", "one that is allowed", FIELD_TEXT | OR_MISSING }),
};
const struct command cmd_access_set = {
	.noun = "access", .verb = "set", .is_act = true, .help = "Says whom users can't speak with, or the only ones that they can: the whole list", .run = access_set, IN_A_DOMAIN,
	.args = ARGS({ "LIST", "which one", 0, "deny allow" }, { "JIDS", "addresses, or whole domains; none: the list is empty", ARG_OPTIONAL | ARG_REST | ARG_LINES },
		DOMAIN("of this domain; else for those that say nothing else")),
};

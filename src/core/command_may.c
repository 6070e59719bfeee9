/*
 * Lists of addresses are short, and a command is rare: they are read anew each
 * time.
 */
#include "core/command_may.h"
#include "core/config.h"
#include "xmpp/jid.h"
#include <string.h>

static const struct command_arg none[] = { { NULL, NULL, 0 } };

static bool is_admin(struct arena *a, const struct config_scope *s, const char *jid)
{
	for (const char *const *item = config_list(s, "admins"); *item; item++) {
		const struct jid *admin = jid_parse(a, *item);
		if (admin && strcmp(admin->bare, jid) == 0)
			return true;
	}
	return false;
}

/* A switch that takes all of the input: nobody has looked yet whom that concerns. */
static bool has_input(const struct command *command, const char *const *values)
{
	const struct command_arg *args = command->args ? command->args : none;
	for (size_t i = 0; args[i].name; i++)
		if (args[i].flags & ARG_INPUT && values[i])
			return true;
	return false;
}

static const char *value_of(const struct command *command, const char *const *values, const char *name)
{
	const struct command_arg *args = command->args ? command->args : none;
	for (size_t i = 0; args[i].name; i++)
		if (strcmp(args[i].name, name) == 0)
			return values[i];
	return NULL;
}

static bool is_domain_admin(struct arena *a, const struct hosts *hosts, const char *domain, const char *jid)
{
	struct hash_node *n = hash_find(&hosts->by_name, domain);
	return n && is_admin(a, CONTAINER(n, struct host, by_name)->scope, jid);
}

static bool concerns_own(struct arena *a, const struct hosts *hosts, const struct command *command, const char *text, const char *jid, struct fail *why)
{
	const struct jid *whose = text ? jid_parse(a, text) : NULL;
	if (!text)
		return fail(why, "%s needs its %s from an administrator of a domain", command->noun, command->concerns);
	if (!whose || !is_domain_admin(a, hosts, whose->domain, jid))
		return fail(why, "%s is no administrator of %s", jid, whose ? whose->domain : text);
	if (whose->local && is_admin(a, config_global(hosts->config), whose->bare))
		return fail(why, "%s is an administrator of the server", whose->bare);
	return true;
}

bool command_may_see(const struct hosts *hosts, const struct command *command, const char *domain, const char *jid)
{
	struct arena *a = arena_new();
	bool may = is_admin(a, config_global(hosts->config), jid)
		|| (command->may == MAY_DOMAIN_ADMIN && command->concerns && is_domain_admin(a, hosts, domain, jid));
	arena_free(a);
	return may;
}

bool command_may(const struct hosts *hosts, const struct command *command, const char *const *values, const char *jid, struct fail *why)
{
	struct arena *a = arena_new();
	bool may = is_admin(a, config_global(hosts->config), jid);
	if (!may && (command->may != MAY_DOMAIN_ADMIN || !command->concerns || has_input(command, values)))
		fail(why, "only administrators of the server may do that");
	else if (!may)
		may = concerns_own(a, hosts, command, value_of(command, values, command->concerns), jid, why);
	arena_free(a);
	return may;
}

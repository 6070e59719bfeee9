/*
 * Whom a domain's users may speak with (XEP-0133 §4.11, §4.12): lists of
 * addresses that are denied, or that alone are allowed.
 *
 * An entry is an address of any form; the most exact one that fits decides
 * nothing, for all say the same (XEP-0016 §2.2 has the order of forms). Both
 * directions are closed. The domain itself, its own users among each other and
 * everybody with himself are only stopped by an entry in `deny`.
 */
#include "modules/access.h"
#include "core/account.h"
#include "core/config.h"
#include "core/host.h"
#include "modules/modules.h"
#include <stdlib.h>
#include <string.h>

struct names { const char **names; size_t count; };
struct access { struct names deny, allow; };

/* --- the lists --- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct names read_names(struct arena *a, const char *const *list)
{
	struct names n = { NULL, 0 };
	size_t size = 0;
	while (list[size])
		size++;
	n.names = arena_alloc(a, (size + 1) * sizeof *n.names);
	for (size_t i = 0; i < size; i++) {
		const struct jid *jid = jid_parse(a, list[i]);
		if (jid)
			n.names[n.count++] = jid->full;
	}
	qsort(n.names, n.count, sizeof *n.names, compare);
	return n;
}

static const void *load(const struct host *host, struct arena *a)
{
	const char *const *deny = config_list(host->scope, "access.deny"), *const *allow = config_list(host->scope, "access.allow");
	if (!*deny && !*allow)
		return NULL;
	struct access *access = ARENA_NEW(a, struct access);
	access->deny = read_names(a, deny);
	access->allow = read_names(a, allow);
	return access;
}

static bool has(const struct names *n, const char *name)
{
	return name && n->count && bsearch(&name, n->names, n->count, sizeof *n->names, compare);
}

static bool has_jid(struct arena *a, const struct names *n, const struct jid *jid)
{
	return has(n, jid->full) || has(n, jid->bare) || has(n, jid->domain)
		|| (jid->local && jid->resource && n->count && has(n, arena_printf(a, "%s/%s", jid->domain, jid->resource)));
}

/* --- who is stopped --- */

static bool is_stopped(const struct turn *t, const struct jid *other)
{
	const struct access *access = t->account->host ? host_data(t->account->host, &mod_access) : NULL;
	const char *own = t->account->address->domain;
	if (!access || (!other->local && strcmp(other->domain, own) == 0) || jid_same_bare(other, t->account->address))
		return false;
	if (has_jid(t->arena, &access->deny, other) || has_jid(t->arena, &access->deny, t->account->address))
		return true;
	return access->allow.count && strcmp(other->domain, own) != 0 && !has_jid(t->arena, &access->allow, other);
}

bool access_is_open(const struct turn *t, const char *bare)
{
	const struct host *host = t->account->host;
	const struct jid *jid = host && host_data(host, &mod_access) ? jid_parse(t->arena, bare) : NULL;
	return !jid || !is_stopped(t, jid);
}

static enum stanza_error sent(struct turn *t)
{
	return t->was_addressed && is_stopped(t, t->to) ? NOT_ALLOWED : OK;
}

/* As if nobody were there. */
static enum stanza_error came(struct turn *t)
{
	if (!t->from || !is_stopped(t, t->from))
		return OK;
	return t->kind == KIND_MESSAGE || t->kind == KIND_INFO ? SERVICE_UNAVAILABLE : HANDLED;
}

const struct module mod_access = {
	.name      = "access",
	.title     = "Blacklist and Whitelist",
	.hooks     = HOOKS(ON_MESSAGE_SENT(AT_LIMIT, sent), ON_MESSAGE(AT_LIMIT, came), ON_PRESENCE_SENT(AT_LIMIT, sent), ON_PRESENCE(AT_LIMIT, came),
		ON_IQ_SENT(AT_LIMIT, sent), ON_IQ_PASSING(AT_LIMIT, came)),
	.options   = OPTIONS(
		{ "deny", OPTION_LIST, NULL, "Addresses, or whole domains, that users of the domain can't speak with, nor these with them" },
		{ "allow", OPTION_LIST, NULL, "Beside the domain itself, the only ones that they can speak with; none: everybody" }),
	.host_load = load,
};

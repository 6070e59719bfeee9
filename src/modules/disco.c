/*
 * XEP-0030 Service Discovery: what the server and its accounts can do.
 *
 * The answer is made of the modules' structs: their features, and what their
 * host_info adds for one host (XEP-0128). One hash of the host's answer goes
 * out with the stream's features, so that a client which knows it needs not
 * ask (XEP-0115 §6.2).
 *
 * An account answers those who may see its presence. Everybody else gets what
 * a name gets that doesn't exist (XEP-0030 §8).
 */
#include "modules/modules.h"
#include "modules/adhoc.h"
#include "base/hash.h"
#include "core/account.h"
#include "core/host.h"
#include "core/session.h"
#include "modules/roster.h"
#include "xmpp/caps.h"
#include <stdio.h>
#include <string.h>

#define NODE "https://jackdaw.im"

/* --- what is said --- */

static bool has_feature(const struct xml *query, const char *name)
{
	const struct xml *f = xml_child(query, NS_DISCO_INFO, "feature");
	while (f && strcmp(xml_get(f, "var"), name) != 0)
		f = xml_next(f, NS_DISCO_INFO, "feature");
	return f;
}

/* Several modules may name one feature; said twice, it would spoil the hash (XEP-0115 §5.4). */
static void add_features(struct arena *a, struct xml *query, const char *const *names)
{
	for (; names && *names; names++)
		if (!has_feature(query, *names))
			xml_append(query, EL(a, NS_DISCO_INFO, "feature", ATTR(a, "var", *names)));
}

static struct xml *info_of(struct arena *a, const char *category, const char *type)
{
	return EL(a, NS_DISCO_INFO, "query", EL(a, NS_DISCO_INFO, "identity",
		ATTR(a, "category", category), ATTR(a, "type", type), ATTR(a, "name", SERVER_NAME)));
}

static struct xml *host_info(const struct host *host, struct arena *a)
{
	struct xml *query = info_of(a, "server", "im");
	for (unsigned i = 0; modules[i]; i++)
		if (host_runs(host, i))
			add_features(a, query, modules[i]->features);
	for (unsigned i = 0; modules[i]; i++)
		if (host_runs(host, i) && modules[i]->host_info)
			modules[i]->host_info(host, a, query);
	return query;
}

static struct xml *account_info(const struct host *host, struct arena *a)
{
	struct xml *query = info_of(a, "account", "registered");
	for (unsigned i = 0; modules[i]; i++)
		if (host_runs(host, i))
			add_features(a, query, modules[i]->account_features);
	return query;
}

/* --- the hash --- */

enum { REMEMBERED = 64, VER = 29 };                  /* hosts in each loop; base64 of 20 bytes with its NUL */

/* One slot for several hosts costs time and nothing else: the hash is made again. */
static const char *host_ver(const struct host *host)
{
	static _Thread_local struct { const struct host *host; unsigned generation; char ver[VER]; } known[REMEMBERED];
	size_t slot = hash_text(host->name) % REMEMBERED;
	unsigned generation = host->hosts->generation;
	if (known[slot].host != host || known[slot].generation != generation) {
		struct arena *a = arena_new();
		snprintf(known[slot].ver, VER, "%s", caps_ver(a, host_info(host, a), "sha-1"));
		known[slot].host = host;
		known[slot].generation = generation;
		arena_free(a);
	}
	return known[slot].ver;
}

static void stream_features(const struct host *host, struct arena *a, struct xml *features)
{
	xml_append(features, EL(a, NS_CAPS, "c", ATTR(a, "hash", "sha-1"), ATTR(a, "node", NODE),
		ATTR(a, "ver", arena_string(a, host_ver(host)))));
}

/* --- who asks --- */

static const char *node_of(const struct turn *t)
{
	const char *node = xml_get(t->payload, "node");
	return node && *node ? node : NULL;
}

static bool is_own_node(const struct turn *t, const char *node)
{
	size_t length = strlen(NODE);
	return strncmp(node, NODE "#", length + 1) == 0 && strcmp(node + length + 1, host_ver(t->host)) == 0;
}

/* §3.2: the answer names the node that was asked for. */
static enum stanza_error reply(struct turn *t, struct xml *query)
{
	xml_set(t->arena, query, "node", xml_get(t->payload, "node"));
	turn_reply(t, query);
	return OK;
}

/* A node of ad-hoc commands? Then *error is the verdict. */
static bool is_command(struct turn *t, const char *node, bool wants_items, enum stanza_error *error)
{
	struct xml *query;
	if (!node || !adhoc_disco(t, node, wants_items, &query, error))
		return false;
	if (query)
		*error = reply(t, query);
	return true;
}

static enum stanza_error ask_host(struct turn *t)
{
	const char *node = node_of(t);
	enum stanza_error verdict;
	if (is_command(t, node, false, &verdict))
		return verdict;
	if (node && !is_own_node(t, node))
		return ITEM_NOT_FOUND;
	return reply(t, host_info(t->host, t->arena));
}

static enum stanza_error ask_account(struct turn *t)
{
	if (!roster_may_see(t->account, t->from))
		return SERVICE_UNAVAILABLE;
	if (node_of(t))
		return ITEM_NOT_FOUND;
	return reply(t, account_info(t->host, t->arena));
}

static enum stanza_error list_host(struct turn *t)
{
	enum stanza_error verdict;
	if (is_command(t, node_of(t), true, &verdict))
		return verdict;
	if (node_of(t))
		return ITEM_NOT_FOUND;
	return reply(t, EL(t->arena, NS_DISCO_ITEMS, "query"));
}

static void add_sessions(struct turn *t, struct xml *query)
{
	struct arena *a = t->arena;
	EACH_SESSION(t->account, s)
		if (s->is_available && s->stream)
			xml_append(query, EL(a, NS_DISCO_ITEMS, "item", ATTR(a, "jid", arena_string(a, s->jid->full))));
}

/* §8: strangers get an empty list, with a node or without. */
static enum stanza_error list_account(struct turn *t)
{
	struct xml *query = EL(t->arena, NS_DISCO_ITEMS, "query");
	bool may_see = roster_may_see(t->account, t->from);
	if (may_see && node_of(t))
		return ITEM_NOT_FOUND;
	if (may_see)
		add_sessions(t, query);
	return reply(t, query);
}

const struct module mod_disco = {
	.name             = "disco",
	.title            = "Service Discovery",
	.xep              = 30,
	.features         = FEATURES(NS_DISCO_INFO, NS_DISCO_ITEMS),
	.account_features = FEATURES(NS_DISCO_INFO, NS_DISCO_ITEMS),
	.iqs              = IQS(
		{ NS_DISCO_INFO,  "query", IQ_GET, TO_HOST,    ask_host },
		{ NS_DISCO_INFO,  "query", IQ_GET, TO_ACCOUNT, ask_account },
		{ NS_DISCO_ITEMS, "query", IQ_GET, TO_HOST,    list_host },
		{ NS_DISCO_ITEMS, "query", IQ_GET, TO_ACCOUNT, list_account }),
	.stream_features  = stream_features,
};

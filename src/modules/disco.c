/*
 * XEP-0030 Service Discovery: what the server and its accounts can do.
 *
 * The answer is made of the modules' structs: their features, and what their
 * host_info adds for one host (XEP-0128). Hashes of the host's answer go out
 * with the stream's features, so that a client which knows them needs not ask
 * (XEP-0115 §6.3, XEP-0390).
 *
 * A host's items are the components that are connected now, and what an
 * administrator adds: `extra_items`, of the whole server and of the domain.
 *
 * An account answers those who may see its presence. Everybody else gets what
 * a name gets that doesn't exist (XEP-0030 §8).
 */
#include "modules/modules.h"
#include "modules/adhoc.h"
#include "core/account.h"
#include "core/host.h"
#include "core/link.h"
#include "core/session.h"
#include "modules/disco_told.h"
#include "modules/roster.h"
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
	struct xml *identity = EL(a, NS_DISCO_INFO, "identity", ATTR(a, "category", category), ATTR(a, "type", type), ATTR(a, "name", SERVER_NAME));
	xml_set_lang(a, identity, "en");             /* said here, it isn't the stream's, which would change the hashes */
	return EL(a, NS_DISCO_INFO, "query", identity);
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

/* A module's node, or one that was ours before a reload. NULL: nobody knows such a node. */
static struct xml *node_info(const struct host *host, struct arena *a, const char *node)
{
	struct xml *query = info_of(a, "server", "im");
	for (unsigned i = 0; modules[i]; i++)
		for (const struct disco_node *n = modules[i]->nodes; n && n->name; n++)
			if (host_runs(host, i) && strcmp(n->name, node) == 0) {
				add_features(a, query, n->features);
				return query;
			}
	return told_lately(a, node);
}

static struct xml *account_info(const struct host *host, struct arena *a, bool is_anonymous)
{
	struct xml *query = info_of(a, "account", is_anonymous ? "anonymous" : "registered");
	for (unsigned i = 0; modules[i]; i++)
		if (host_runs(host, i))
			add_features(a, query, modules[i]->account_features);
	return query;
}

/* --- the hashes --- */

static struct xml *hash_of(struct arena *a, const char *function, const char *hash)
{
	return EL(a, NS_HASHES, "hash", ATTR(a, "algo", function), TEXT(a, arena_string(a, hash)));
}

/* XEP-0115 §6.3, XEP-0390 §5.2 */
static void stream_features(const struct host *host, struct arena *a, struct xml *features)
{
	const struct told *hashes = told_of(host, host_info);
	xml_append(features, EL(a, NS_CAPS, "c", ATTR(a, "hash", "sha-1"), ATTR(a, "node", NODE), ATTR(a, "ver", arena_string(a, hashes->ver))));
	xml_append(features, EL(a, NS_CAPS2, "c", hash_of(a, "sha-256", hashes->sha_256), hash_of(a, "sha3-256", hashes->sha3_256)));
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
	const struct told *hashes = told_of(t->host, host_info);
	return told_is(hashes, t->arena, node) || (strncmp(node, NODE "#", length + 1) == 0 && strcmp(node + length + 1, hashes->ver) == 0);
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
	struct xml *query = node && !is_own_node(t, node) ? node_info(t->host, t->arena, node) : host_info(t->host, t->arena);
	return query ? reply(t, query) : ITEM_NOT_FOUND;
}

static enum stanza_error ask_account(struct turn *t)
{
	const bool is_anonymous = t->account->is_anonymous;                  /* which anybody may know: XEP-0175 §5 */
	if (!is_anonymous && !roster_may_see(t->account, t->from))
		return SERVICE_UNAVAILABLE;
	if (node_of(t))
		return ITEM_NOT_FOUND;
	return reply(t, account_info(t->host, t->arena, is_anonymous));
}

/* --- a host's items --- */

struct items { struct arena *arena; const struct host *host; struct xml *query; };

static bool has_item(const struct xml *query, const char *jid)
{
	const struct xml *item = xml_child(query, NS_DISCO_ITEMS, "item");
	while (item && strcmp(xml_get(item, "jid"), jid) != 0)
		item = xml_next(item, NS_DISCO_ITEMS, "item");
	return item;
}

static void add_item(struct items *i, const char *jid, const char *name)
{
	if (!has_item(i->query, jid))
		xml_append(i->query, EL(i->arena, NS_DISCO_ITEMS, "item", ATTR(i->arena, "jid", jid), ATTR(i->arena, "name", name)));
}

/* One below a domain of ours is that domain's; one below none is everybody's. */
static bool is_item_of(const struct host *host, const char *component)
{
	const struct host *above = NULL;
	for (const char *dot = component; !above && (dot = strchr(dot, '.'));)
		above = host_find(++dot);
	return !above || above == host;
}

static void add_component(const char *name, void *with)
{
	struct items *i = with;
	const struct component *c = component_of(name);
	if (c && c->is_listed && is_item_of(i->host, name))
		add_item(i, arena_string(i->arena, name), NULL);
}

/* "jid", or "jid and its name" */
static void add_extra(struct items *i, const char *const *item)
{
	for (; *item; item++) {
		size_t length = strcspn(*item, " ");
		add_item(i, arena_copy(i->arena, *item, length), (*item)[length] ? *item + length + 1 : NULL);
	}
}

static enum stanza_error list_host(struct turn *t)
{
	enum stanza_error verdict;
	if (is_command(t, node_of(t), true, &verdict))
		return verdict;
	if (node_of(t))
		return ITEM_NOT_FOUND;
	struct items i = { t->arena, t->host, EL(t->arena, NS_DISCO_ITEMS, "query", NULL) };
	links_reachable(add_component, &i);
	add_extra(&i, host_list_of_all(t->host, &mod_disco, "extra_items"));
	add_extra(&i, host_list_of_its_own(t->host, &mod_disco, "extra_items"));
	return reply(t, i.query);
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
	.features         = FEATURES(NS_DISCO_INFO, NS_DISCO_ITEMS, NS_CAPS2, NS_HASHES, "urn:xmpp:hash-function-text-names:sha-256",
		"urn:xmpp:hash-function-text-names:sha-384", "urn:xmpp:hash-function-text-names:sha-512",
		"urn:xmpp:hash-function-text-names:sha3-256", "urn:xmpp:hash-function-text-names:sha3-384",
		"urn:xmpp:hash-function-text-names:sha3-512", "urn:xmpp:hash-function-text-names:id-blake2b512"),
	.account_features = FEATURES(NS_DISCO_INFO, NS_DISCO_ITEMS),
	.iqs              = IQS(
		{ NS_DISCO_INFO,  "query", IQ_GET, TO_HOST,    ask_host },
		{ NS_DISCO_INFO,  "query", IQ_GET, TO_ACCOUNT, ask_account },
		{ NS_DISCO_ITEMS, "query", IQ_GET, TO_HOST,    list_host },
		{ NS_DISCO_ITEMS, "query", IQ_GET, TO_ACCOUNT, list_account }),
	.options          = OPTIONS(
		{ "extra_items", OPTION_LIST, NULL, "Further entities to list: \"jid\" or \"jid its name\"; a domain lists its own and those of the top level" }),
	.stream_features  = stream_features,
};

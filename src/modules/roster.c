/*
 * RFC 6121 §2: roster get, set and push, with versions (§2.6).
 *
 * A version is a key of the clock: each change has its own, and none comes
 * back with a restored database or a new account of an old name. A client that
 * has the present one gets an empty result, any other the whole roster.
 */
#include "modules/roster.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/config.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/session.h"
#include "modules/modules.h"
#include "modules/own.h"
#include "modules/roster_portable.h"
#include "modules/subscription.h"
#include <stdlib.h>
#include <string.h>

static const char Q_LOAD[] =
	"SELECT jid, name, subscription, approved, listed, in_groups FROM roster WHERE account = " ACCOUNT_ID
	" UNION ALL SELECT NULL, NULL, version, 0, 0, NULL FROM roster_version WHERE account = " ACCOUNT_ID;
static const char Q_PUT[] =
	"INSERT INTO roster (account, jid, name, subscription, approved, listed, in_groups) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	" ON CONFLICT (account, jid) DO UPDATE SET name = ?3, subscription = ?4, approved = ?5, listed = ?6, in_groups = ?7";
static const char Q_REMOVE[] = "DELETE FROM roster WHERE account = ?1 AND jid = ?2";
static const char Q_VERSION[] =
	"INSERT INTO roster_version (account, version) VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET version = ?2";
static const char Q_FORGET[] = "DELETE FROM roster WHERE account = ?1";
static const char Q_FORGET_VERSION[] = "DELETE FROM roster_version WHERE account = ?1";

/* --- what is loaded --- */

static bool read_row(const struct row *r, struct contact *c)     /* false: it is the version's */
{
	*c = (struct contact){ .jid = row_text(r, 0), .name = row_text(r, 1), .subscription = (enum subscription)row_int(r, 2),
		.is_approved = row_int(r, 3), .is_listed = row_int(r, 4) };
	c->groups = row_blob(r, 5, &c->groups_size);
	return c->jid;
}

static void *load(struct account *account, const struct rows *rows)
{
	struct contact c;
	size_t size = 0;
	for (const struct row *r = rows->first; r; r = r->next)
		size += read_row(r, &c) ? roster_block_size(&c) : 0;
	struct roster_block *b = rows->first ? roster_block_new(size) : NULL;
	for (const struct row *r = rows->first; r; r = r->next)
		if (read_row(r, &c))
			roster_block_fill(b, &c);
		else
			b = roster_block_set_version(b, row_int(r, 2));
	return b;
}

const struct roster_block *roster_of(const struct account *account)
{
	return account_data(account, &mod_roster);
}

enum subscription roster_subscription(const struct account *account, const char *bare)
{
	struct contact c;
	return roster_block_find(roster_of(account), bare, &c) ? c.subscription : SUB_NONE;
}

bool roster_may_see(const struct account *account, const struct jid *who)
{
	return jid_same_bare(who, account->address) || subscription_is_from(roster_subscription(account, who->bare));
}

struct contact roster_contact(struct turn *t, const char *bare)
{
	struct contact c = { 0 };
	if (roster_block_find(roster_of(t->account), bare, &c)) {
		c.name = arena_string(t->arena, c.name);
		c.groups = arena_copy(t->arena, c.groups, c.groups_size);
	}
	c.jid = bare;
	return c;
}

bool roster_is_full(const struct turn *t)
{
	const struct roster_block *b = roster_of(t->account);
	if (!b || b->listed < config_int(t->host->scope, "limits.roster_items"))
		return false;
	limit_reached(LIMIT_ROSTER_ITEMS);
	return true;
}

/* --- changes --- */

void roster_put(struct turn *t, const struct contact *c)
{
	struct roster_block *b = account_data(t->account, &mod_roster);
	if (c->is_listed || subscription_is_in(c->subscription)) {
		turn_write(t, Q_PUT, V(t->account->id), V(c->jid), V(c->name), V(c->subscription), V(c->is_approved), V(c->is_listed),
			value_blob(c->groups_size ? c->groups : NULL, c->groups_size));
		b = roster_block_put(b, c);
	} else {
		turn_write(t, Q_REMOVE, V(t->account->id), V(c->jid));
		b = roster_block_remove(b, c->jid);
	}
	account_set_data(t->account, &mod_roster, b);
}

struct xml *roster_item(struct arena *a, const struct contact *c)
{
	if (!c->is_listed)
		return EL(a, NS_ROSTER, "item", ATTR(a, "jid", c->jid), ATTR(a, "subscription", "remove"));
	struct xml *item = EL(a, NS_ROSTER, "item", ATTR(a, "jid", c->jid), ATTR(a, "name", c->name),
		ATTR(a, "subscription", subscription_word(c->subscription)),
		subscription_is_out(c->subscription) ? ATTR(a, "ask", "subscribe") : NULL,
		c->is_approved ? ATTR(a, "approved", "true") : NULL);
	for (const char *g = c->groups; g && g < c->groups + c->groups_size; g += strlen(g) + 1)
		xml_append(item, EL(a, NS_ROSTER, "group", TEXT(a, g)));
	return item;
}

static const char *version_text(struct arena *a, const struct roster_block *b)
{
	return arena_printf(a, "%lld", b ? (long long)b->version : 0);
}

void roster_tell(struct turn *t, const struct xml *stanza)
{
	EACH_SESSION(t->account, s)
		if (s->wants_roster && s->stream)
			turn_deliver(t, s, stanza);
}

void roster_push(struct turn *t, const struct contact *c)
{
	struct arena *a = t->arena;
	struct roster_block *b = roster_block_set_version(account_data(t->account, &mod_roster), clock_key());
	account_set_data(t->account, &mod_roster, b);
	turn_write(t, Q_VERSION, V(t->account->id), V(b->version));
	const char *version = version_text(a, b);
	struct xml *query = EL(a, NS_ROSTER, "query", ATTR(a, "ver", version), roster_item(a, c));
	EACH_SESSION(t->account, s)
		if (s->wants_roster && s->stream)
			turn_deliver(t, s, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "set"), ATTR(a, "id", arena_printf(a, "push-%s", version)),
				ATTR(a, "to", arena_string(a, s->jid->full)), query));
}

/* --- get --- */

static bool is_current(const struct turn *t, const char *version)
{
	return version && strcmp(version, version_text(t->arena, roster_of(t->account))) == 0;
}

static enum stanza_error get(struct turn *t)                             /* §2.1.3, §2.6.3 */
{
	struct arena *a = t->arena;
	const struct roster_block *b = roster_of(t->account);
	struct contact c;
	size_t at = 0;
	if (xml_child(t->payload, NS_ROSTER, "item"))
		return BAD_REQUEST;
	t->session->wants_roster = true;
	if (is_current(t, xml_get(t->payload, "ver"))) {
		turn_reply(t, NULL);
		return OK;
	}
	struct xml *query = EL(a, NS_ROSTER, "query", ATTR(a, "ver", version_text(a, b)));
	while (roster_block_next(b, &at, &c))
		if (c.is_listed)
			xml_append(query, roster_item(a, &c));
	turn_reply(t, query);
	return OK;
}

/* For administrators: the call <roster/>. */
static enum stanza_error tell(struct turn *t)
{
	struct arena *a = t->arena;
	struct contact c;
	size_t at = 0;
	struct xml *query = EL(a, NS_ROSTER, "query", NULL);
	if (t->account->state != ACCOUNT_READY) {
		turn_answer(t, EL(a, NS_CALL, "failed", ATTR(a, "why", "missing")));
		return t->account->state == ACCOUNT_FAILED ? RESOURCE_CONSTRAINT : HANDLED;
	}
	while (roster_block_next(roster_of(t->account), &at, &c))
		if (c.is_listed)
			xml_append(query, roster_item(a, &c));
	turn_answer(t, EL(a, NS_CALL, "roster", query));
	return HANDLED;
}

/* --- set --- */

static enum stanza_error check_name(const struct turn *t, const char *text, const char *limit)
{
	return (int64_t)strlen(text) > host_int(t->host, &mod_roster, limit) ? NOT_ACCEPTABLE : OK;
}

static bool has_group(const char *groups, size_t size, const char *group)
{
	for (const char *g = groups; g < groups + size; g += strlen(g) + 1)
		if (strcmp(g, group) == 0)
			return true;
	return false;
}

/* §2.3.3: its groups, packed. */
static enum stanza_error read_groups(const struct turn *t, const struct xml *item, struct contact *c)
{
	struct arena *a = t->arena;
	size_t size = 0, left = (size_t)host_int(t->host, &mod_roster, "groups");
	for (const struct xml *g = xml_child(item, NS_ROSTER, "group"); g; g = xml_next(g, NS_ROSTER, "group"))
		size += strlen(xml_text(g, a)) + 1;
	char *groups = arena_bytes(a, size + 1);
	c->groups = groups;
	c->groups_size = 0;
	for (const struct xml *g = xml_child(item, NS_ROSTER, "group"); g; g = xml_next(g, NS_ROSTER, "group")) {
		const char *name = xml_text(g, a);
		if (!*name || check_name(t, name, "group") != OK || !left--)
			return NOT_ACCEPTABLE;
		if (has_group(groups, c->groups_size, name))
			return BAD_REQUEST;
		memcpy(groups + c->groups_size, name, strlen(name) + 1);
		c->groups_size += strlen(name) + 1;
	}
	return OK;
}

static enum stanza_error read_item(const struct turn *t, const struct xml *item, struct contact *c)
{
	const char *name = xml_get(item, "name");
	c->name = name && *name ? name : NULL;
	if (c->name && check_name(t, c->name, "name") != OK)
		return NOT_ACCEPTABLE;
	enum stanza_error wrong = read_groups(t, item, c);
	if (wrong != OK)
		return wrong;
	return roster_block_fits(c) ? OK : NOT_ACCEPTABLE;
}

static enum stanza_error update(struct turn *t, const struct xml *item, struct contact *c)
{
	enum stanza_error wrong = read_item(t, item, c);
	if (wrong != OK)
		return wrong;
	if (!c->is_listed && roster_is_full(t))
		return POLICY_VIOLATION;
	c->is_listed = true;
	turn_reply(t, NULL);
	roster_put(t, c);
	roster_push(t, c);
	return OK;
}

/* §2.5: the subscriptions end with the item; a request of the contact goes on waiting for its answer. */
static enum stanza_error remove_item(struct turn *t, struct contact *c)
{
	if (!c->is_listed)
		return ITEM_NOT_FOUND;
	turn_reply(t, NULL);
	subscription_end(t, c);
	*c = (struct contact){ .jid = c->jid, .subscription = subscription_without_item(c->subscription) };
	roster_put(t, c);
	roster_push(t, c);
	return OK;
}

static enum stanza_error set(struct turn *t)                             /* §2.1.5, §2.3.3 */
{
	const struct xml *item = xml_child(t->payload, NS_ROSTER, "item");
	const char *asked = xml_get(item, "jid"), *subscription = xml_get(item, "subscription");
	if (!asked || xml_next(item, NS_ROSTER, "item"))
		return BAD_REQUEST;
	const struct jid *jid = jid_parse(t->arena, asked);
	if (!jid)
		return JID_MALFORMED;
	if (!jid_is_bare(jid))
		return BAD_REQUEST;
	if (jid_same(jid, t->account->address))
		return NOT_ALLOWED;
	struct contact c = roster_contact(t, jid->bare);
	return subscription && strcmp(subscription, "remove") == 0 ? remove_item(t, &c) : update(t, item, &c);
}

/* --- the rest --- */

/* §2.1.5, §2.3.3: another's roster. Refused where its sender lives, so that the answer says nothing of the other account. */
static enum stanza_error refuse_foreign(struct turn *t)
{
	return is_asked_of_another(t, NS_ROSTER, "query") ? FORBIDDEN : OK;
}

static enum stanza_error take_leave(struct turn *t)
{
	size_t at = 0;
	struct contact c;
	while (roster_block_next(roster_of(t->account), &at, &c))
		subscription_end(t, &c);
	return OK;
}

static void stream_features(const struct host *host, struct arena *a, struct xml *features)
{
	xml_append(features, EL(a, NS_ROSTER_VERSION, "ver"));           /* §2.6.1 */
	xml_append(features, EL(a, NS_PREAPPROVAL, "sub"));              /* §3.4 */
}

const struct module mod_roster = {
	.name        = "roster",
	.calls       = CALLS({ "roster", tell }),
	.is_needed = true,
	.title       = "Roster",
	.iqs         = IQS({ NS_ROSTER, "query", IQ_GET, TO_SELF, get }, { NS_ROSTER, "query", IQ_SET, TO_SELF, set }),
	.hooks       = HOOKS(ON_IQ_SENT(AT_GUARD, refuse_foreign), ON_ACCOUNT_REMOVED(AT_DELIVER, take_leave)),
	.forget      = FORGET(Q_FORGET, Q_FORGET_VERSION),
	.portable    = &roster_portable,
	.per_account = &(const struct per_account){ Q_LOAD, load, mem_free },
	.options     = OPTIONS(
		{ "groups", OPTION_INT, "50", "Groups of one contact at most", 0, 10000 },
		{ "name", OPTION_INT, "1023", "Bytes of a contact's name at most", 1, 16000 },
		{ "group", OPTION_INT, "1023", "Bytes of a group's name at most", 1, 16000 }),
	.migrations  = MIGRATIONS(
		{ "roster", 1,
		  "CREATE TABLE roster (account INTEGER NOT NULL, jid TEXT NOT NULL, name TEXT, subscription INTEGER NOT NULL,"
		  " approved INTEGER NOT NULL, listed INTEGER NOT NULL, in_groups BLOB, PRIMARY KEY (account, jid)) WITHOUT ROWID;"
		  "CREATE TABLE roster_version (account INTEGER PRIMARY KEY, version INTEGER NOT NULL);" }),
	.stream_features = stream_features,
};

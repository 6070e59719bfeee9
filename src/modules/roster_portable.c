/*
 * Rosters as XEP-0227 carries them: RFC 6121's own query.
 */
#include "modules/roster_portable.h"
#include "core/portable.h"
#include "modules/roster.h"
#include "xmpp/ns.h"
#include <string.h>

static const char Q_LISTED[] = "SELECT jid, name, subscription, approved, in_groups FROM roster WHERE account = ?1 AND listed ORDER BY jid";
/* A request of a contact that waits (NONE_IN, NONE_OUT_IN, TO_IN) goes on waiting when the contact becomes an item. */
static const char Q_ITEM[] =
	"INSERT INTO roster (account, jid, name, subscription, approved, listed, in_groups) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)"
	" ON CONFLICT (account, jid) DO UPDATE SET name = ?3, approved = ?5, listed = 1, in_groups = ?6, subscription ="
	" CASE WHEN roster.subscription IN (2, 3, 5) THEN CASE ?4 WHEN 0 THEN 2 WHEN 1 THEN 3 WHEN 4 THEN 5 ELSE ?4 END ELSE ?4 END"
	" WHERE roster.listed = 0 OR ?7";
static const char Q_VERSION[] =
	"INSERT INTO roster_version (account, version) VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET version = ?2";

_Static_assert(SUB_NONE == 0 && SUB_NONE_OUT == 1 && SUB_NONE_IN == 2 && SUB_NONE_OUT_IN == 3 && SUB_TO == 4 && SUB_TO_IN == 5, "as the SQL has it");

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	struct xml *query = EL(a, NS_ROSTER, "query", NULL);
	for (const struct row *row = rows->first; row; row = row->next) {
		struct contact c = { .jid = row_text(row, 0), .name = row_text(row, 1), .subscription = (enum subscription)row_int(row, 2),
			.is_approved = row_int(row, 3), .is_listed = true };
		c.groups = row_blob(row, 4, &c.groups_size);
		xml_append(query, roster_item(a, &c));
	}
	if (rows->first)
		xml_append(user, query);
	return 0;
}

static enum subscription subscription_of(const struct xml *item)
{
	const char *word = xml_get(item, "subscription"), *ask = xml_get(item, "ask");
	bool asks = ask && strcmp(ask, "subscribe") == 0;
	if (word && strcmp(word, "both") == 0)
		return SUB_BOTH;
	if (word && strcmp(word, "to") == 0)
		return SUB_TO;
	if (word && strcmp(word, "from") == 0)
		return asks ? SUB_FROM_OUT : SUB_FROM;
	return asks ? SUB_NONE_OUT : SUB_NONE;
}

static struct value groups_of(struct importing *in, const struct xml *item)
{
	struct buf groups = { 0 };
	for (const struct xml *g = xml_child(item, NS_ROSTER, "group"); g; g = xml_next(g, NS_ROSTER, "group")) {
		const char *name = xml_text(g, in->arena);
		if (*name)
			buf_add(&groups, name, strlen(name) + 1);
	}
	size_t size = buf_length(&groups);
	struct value v = value_blob(size ? arena_copy(in->arena, buf_start(&groups), size) : NULL, size);
	buf_clear(&groups);
	return v;
}

static bool take_item(struct importing *in, const struct xml *item)
{
	const char *text = xml_get(item, "jid"), *approved = xml_get(item, "approved");
	const struct jid *jid = text ? jid_parse(in->arena, text) : NULL;
	struct contact c = { .jid = jid ? jid->bare : NULL, .name = xml_get(item, "name") };
	if (!jid || jid_same_bare(jid, in->jid))
		return false;
	struct value groups = groups_of(in, item);
	c.groups = groups.bytes;
	c.groups_size = (size_t)groups.number;
	if (!roster_block_fits(&c))
		return false;
	import_put(in, Q_ITEM, V(in->account), V(c.jid), V(c.name), V((int64_t)subscription_of(item)),
		V((int64_t)(approved && (strcmp(approved, "true") == 0 || strcmp(approved, "1") == 0))), groups, V((int64_t)in->overwrites));
	return true;
}

/* A new version: clients that know an older roster get all of it. */
static enum import_verdict import(struct importing *in, const struct xml *child)
{
	bool is_good = true;
	if (!xml_is(child, NS_ROSTER, "query"))
		return IMPORT_NOT_MINE;
	for (const struct xml *item = xml_child(child, NS_ROSTER, "item"); item; item = xml_next(item, NS_ROSTER, "item"))
		is_good &= take_item(in, item);
	import_put(in, Q_VERSION, V(in->account), V(clock_key()));
	return is_good ? IMPORT_TAKEN : IMPORT_WRONG;
}

const struct portable roster_portable = { .query = Q_LISTED, .export = export, .import = import };

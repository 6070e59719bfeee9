/*
 * XEP-0049 Private XML Storage: what clients keep on the server, for
 * themselves. Bookmarks (XEP-0048), the delimiter of nested groups (0083),
 * notes about contacts (0145) and metacontacts (0209) are kept so.
 *
 * An element is kept under its namespace and its name, for clients of one
 * namespace may keep several kinds of thing; those of one set that share both
 * are kept together, and replace what was there. An element with nothing in
 * it is what is answered when there is none, so it takes no room.
 *
 * Nothing of it is held in memory: it is read when it is asked for.
 */
#include "core/account.h"
#include "core/limit.h"
#include "core/portable.h"
#include "modules/modules.h"
#include "modules/own.h"
#include "xml/parser.h"
#include <string.h>

enum {
	NAME_MOST = 1023,                    /* bytes of a namespace and a name together */
	AT_ONCE = 100, IMPORT_MOST = 10000,  /* kinds of one set, if there may not be more; of one import */
};

static const char Q_GET[] = "SELECT data FROM private WHERE account = ?1 AND ns = ?2 AND name = ?3";
static const char Q_SIZES[] = "SELECT ns, name, size FROM private WHERE account = ?1";
static const char Q_ALL[] = "SELECT data FROM private WHERE account = ?1 ORDER BY ns, name";
static const char Q_PUT[] = "INSERT OR REPLACE INTO private (account, ns, name, size, data) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char Q_ADD[] = "INSERT OR IGNORE INTO private (account, ns, name, size, data) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char Q_REMOVE[] = "DELETE FROM private WHERE account = ?1 AND ns = ?2 AND name = ?3";
static const char Q_REMOVE_ALL[] = "DELETE FROM private WHERE account = ?1";

/* "Scoped by its own namespace": one that it doesn't have from what is around it. */
static bool is_proper(const struct xml *el)
{
	return *el->ns && el->ns != NS_PRIVATE && el->ns != NS_CLIENT && strlen(el->ns) + strlen(el->name) <= NAME_MOST;
}

/* --- what is to be kept --- */

struct piece {                       /* all elements of one namespace and name */
	struct piece *next;
	const char  *ns, *name, *data;       /* data NULL: nothing worth a row */
	struct xml  *query;
	int64_t      size;
};
struct pieces { struct piece *first; size_t count; };

static struct piece *find(const struct pieces *pieces, const char *ns, const char *name)
{
	struct piece *p = pieces->first;
	while (p && (strcmp(p->ns, ns) != 0 || strcmp(p->name, name) != 0))
		p = p->next;
	return p;
}

static struct piece *add(struct arena *a, struct pieces *pieces, const struct xml *el)
{
	struct piece *p = ARENA_NEW(a, struct piece);
	*p = (struct piece){ .next = pieces->first, .ns = el->ns, .name = el->name, .query = EL(a, NS_PRIVATE, "query", NULL) };
	pieces->first = p;
	pieces->count++;
	return p;
}

static void print(struct arena *a, struct piece *p)
{
	const struct xml *first = xml_first(p->query);
	if (!first->attrs && !first->first && !xml_next(first, NULL, NULL))
		return;
	p->data = xml_string(a, p->query, NS_CLIENT);
	p->size = (int64_t)strlen(p->data);
}

enum gathered { GATHERED, IMPROPER, TOO_MANY };

static enum gathered gather(struct arena *a, const struct xml *query, size_t most, struct pieces *pieces)
{
	for (const struct xml *el = xml_first(query); el; el = xml_next(el, NULL, NULL)) {
		struct piece *p = find(pieces, el->ns, el->name);
		if (!is_proper(el))
			return IMPROPER;
		if (!p && pieces->count == most)
			return TOO_MANY;
		xml_append((p ? p : add(a, pieces, el))->query, xml_shallow(a, el));
	}
	for (struct piece *p = pieces->first; p; p = p->next)
		print(a, p);
	return GATHERED;
}

/* --- requests --- */

static enum stanza_error too_much(enum limit limit)
{
	limit_reached(limit);
	return POLICY_VIOLATION;
}

struct amount { int64_t count, bytes; };

static void count_in(struct amount *amount, int64_t bytes)
{
	amount->count++;
	amount->bytes += bytes;
}

/* What grows may not grow beyond; less is always right, whatever was allowed once. */
static enum stanza_error check_room(const struct turn *t, const struct pieces *pieces, const struct rows *rows)
{
	struct amount before = { 0 }, after = { 0 };
	for (const struct piece *p = pieces->first; p; p = p->next)
		if (p->data)
			count_in(&after, p->size);
	for (const struct row *row = rows->first; row; row = row->next) {
		count_in(&before, row_int(row, 2));
		if (!find(pieces, row_text(row, 0), row_text(row, 1)))
			count_in(&after, row_int(row, 2));
	}
	if (after.count > before.count && after.count > host_int(t->host, &mod_private, "limit"))
		return too_much(LIMIT_PRIVATE);
	if (after.bytes > before.bytes && after.bytes > host_int(t->host, &mod_private, "limit_bytes"))
		return too_much(LIMIT_PRIVATE_BYTES);
	return OK;
}

static void keep(struct turn *t, const struct piece *p)
{
	if (p->data)
		turn_write(t, Q_PUT, V(t->account->id), V(p->ns), V(p->name), V(p->size), V(p->data));
	else
		turn_write(t, Q_REMOVE, V(t->account->id), V(p->ns), V(p->name));
}

/* They are compared with one another. Who may keep less may still take out what is there. */
static size_t most_kinds(const struct turn *t)
{
	int64_t most = host_int(t->host, &mod_private, "limit");
	return (size_t)(most > AT_ONCE ? most : AT_ONCE);
}

static enum stanza_error put(struct turn *t, const struct rows *rows)
{
	struct pieces pieces = { 0 };
	if (gather(t->arena, t->payload, most_kinds(t), &pieces) != GATHERED)
		return too_much(LIMIT_PRIVATE);          /* a reload has lowered it meanwhile */
	enum stanza_error full = check_room(t, &pieces, rows);
	if (full != OK)
		return full;
	for (const struct piece *p = pieces.first; p; p = p->next)
		keep(t, p);
	turn_reply(t, NULL);
	return OK;
}

static enum stanza_error set(struct turn *t)
{
	struct pieces pieces = { 0 };
	enum gathered verdict = gather(t->arena, t->payload, most_kinds(t), &pieces);
	if (verdict == IMPROPER || !xml_first(t->payload))
		return NOT_ACCEPTABLE;
	if (verdict == TOO_MANY)
		return too_much(LIMIT_PRIVATE);
	return turn_read_to_write(t, put, Q_SIZES, V(t->account->id));
}

static enum stanza_error found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const struct xml *asked = xml_first(t->payload);
	const char *data = rows->first ? row_text(rows->first, 0) : NULL;
	turn_reply(t, data ? xml_parse(a, data, strlen(data), NS_CLIENT) : EL(a, NS_PRIVATE, "query", EL(a, asked->ns, asked->name)));
	return OK;
}

static enum stanza_error get(struct turn *t)
{
	const struct xml *asked = xml_first(t->payload);
	if (!asked || xml_next(asked, NULL, NULL))
		return BAD_REQUEST;
	if (!is_proper(asked))
		return NOT_ACCEPTABLE;
	return turn_read(t, found, Q_GET, V(t->account->id), V(asked->ns), V(asked->name));
}

static enum stanza_error refuse(struct turn *t)
{
	return is_asked_of_another(t, NS_PRIVATE, "query") ? FORBIDDEN : OK;
}

/* --- to another server and from one (XEP-0227 §4.6) --- */

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	struct xml *query = EL(a, NS_PRIVATE, "query", NULL);
	for (const struct row *row = rows->first; row; row = row->next) {
		const char *data = row_text(row, 0);
		const struct xml *kind = xml_parse(a, data, strlen(data), NS_CLIENT);
		for (const struct xml *el = xml_first(kind); el; el = xml_next(el, NULL, NULL))
			xml_append(query, xml_shallow(a, el));
	}
	if (rows->first)
		xml_append(user, query);
	return 0;
}

static enum import_verdict import(struct importing *in, const struct xml *child)
{
	struct pieces pieces = { 0 };
	if (!xml_is(child, NS_PRIVATE, "query"))
		return IMPORT_NOT_MINE;
	if (gather(in->arena, child, IMPORT_MOST, &pieces) != GATHERED)
		return IMPORT_WRONG;
	for (const struct piece *p = pieces.first; p; p = p->next)
		if (p->data)
			import_put(in, in->overwrites ? Q_PUT : Q_ADD, V(in->account), V(p->ns), V(p->name), V(p->size), V(p->data));
	return IMPORT_TAKEN;
}

const struct module mod_private = {
	.name       = "private",
	.title      = "Private XML Storage",
	.xep        = 49,
	.features   = FEATURES(NS_PRIVATE),
	.iqs        = IQS({ NS_PRIVATE, "query", IQ_GET, TO_SELF, get }, { NS_PRIVATE, "query", IQ_SET, TO_SELF, set }),
	.hooks      = HOOKS(ON_IQ_SENT(AT_GUARD, refuse)),
	.options    = OPTIONS(
		{ "limit", OPTION_INT, "100", "Kinds of element that one account may keep", 0, 10000 },
		{ "limit_bytes", OPTION_SIZE, "1m", "Their bytes together", 0, 1 << 30 }),
	.forget     = FORGET(Q_REMOVE_ALL),
	.portable   = &(const struct portable){ .query = Q_ALL, .export = export, .import = import },
	.migrations = MIGRATIONS({ "private", 1,
		"CREATE TABLE private (account INTEGER NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, data TEXT NOT NULL,"
		" PRIMARY KEY (account, ns, name));" }),
};

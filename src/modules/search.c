/*
 * XEP-0055 Jabber Search: people of one's own domain, by what they say of
 * themselves in their cards (XEP-0054).
 *
 * Being found is for each domain to allow and for each user to want:
 *   listed = nobody     there is no search; the default
 *   listed = willing    whose card says so: <CLASS><PUBLIC/></CLASS>
 *   listed = everyone   whose card doesn't say <PRIVATE/> or <CONFIDENTIAL/>
 * A card that says one of these two isn't even in the table.
 *
 * Four columns hold folded texts (xmpp/fold.h), each with an index. A value is
 * looked up whole, or with a * at its end as a beginning: through one index, of
 * which a bounded piece is read, whatever else is asked.
 */
#include "modules/search.h"
#include "base/mem.h"
#include "base/meter.h"
#include "core/account.h"
#include "core/host.h"
#include "core/limit.h"
#include "modules/modules.h"
#include "xmpp/fold.h"
#include "xmpp/form.h"
#include <string.h>

enum listed { NOBODY, WILLING, EVERYONE };
enum { FIRST, LAST, NICK, EMAIL, FIELDS };
enum {
	TEXT_MOST = 255,                     /* bytes of a field; what is longer can't be looked up */
	BEGINNING_LEAST = 2,                 /* characters before a *, in bytes */
	HOUR = 3600,
};

static const struct { const char *var, *label; } fields[FIELDS] = {
	[FIRST] = { "first", "Given Name" }, [LAST] = { "last", "Family Name" }, [NICK] = { "nick", "Nickname" }, [EMAIL] = { "email", "Email Address" },
};

#define COLUMNS "account, host, willing, first, last, nick, email, first_folded, last_folded, nick_folded, email_folded"
static const char Q_PUT[] = "INSERT OR REPLACE INTO search (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char Q_ADD[] =
	"INSERT OR IGNORE INTO search (" COLUMNS ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
	" WHERE NOT EXISTS (SELECT 1 FROM vcard WHERE account = ?1)";
static const char Q_REMOVE[] = "DELETE FROM search WHERE account = ?1";

/* ?1 host, ?2 who is listed, ?3 how many; then a range for each field, from NULL when it isn't asked. The inner query reads the index. */
#define Q_BY(column, from, to) \
	"SELECT account.jid, s.first, s.last, s.nick, s.email FROM" \
	" (SELECT * FROM search WHERE host = ?1 AND " column " BETWEEN " from " AND " to " LIMIT 5000) AS s JOIN account ON account.id = s.account" \
	" WHERE s.willing >= ?2 AND (?4 IS NULL OR s.first_folded BETWEEN ?4 AND ?5) AND (?6 IS NULL OR s.last_folded BETWEEN ?6 AND ?7)" \
	" AND (?8 IS NULL OR s.nick_folded BETWEEN ?8 AND ?9) AND (?10 IS NULL OR s.email_folded BETWEEN ?10 AND ?11) LIMIT ?3"
static const char *const Q_FIND[FIELDS] = {
	[FIRST] = Q_BY("first_folded", "?4", "?5"), [LAST] = Q_BY("last_folded", "?6", "?7"),
	[NICK] = Q_BY("nick_folded", "?8", "?9"), [EMAIL] = Q_BY("email_folded", "?10", "?11"),
};

/* --- a card's row --- */

static const char *fit(const char *text)
{
	return text && *text && strlen(text) <= TEXT_MOST ? text : NULL;
}

static const char *below(struct arena *a, const struct xml *card, const char *name, const char *part)
{
	return fit(xml_child_text(xml_child(card, NS_VCARD, name), NS_VCARD, part, a));
}

/* A name that isn't taken apart is better found than not. */
static void read_card(struct arena *a, const struct xml *card, const char *texts[FIELDS])
{
	texts[FIRST] = below(a, card, "N", "GIVEN");
	texts[LAST] = below(a, card, "N", "FAMILY");
	texts[NICK] = fit(xml_child_text(card, NS_VCARD, "NICKNAME", a));
	texts[EMAIL] = below(a, card, "EMAIL", "USERID");
	if (!texts[FIRST] && !texts[LAST])
		texts[FIRST] = fit(xml_child_text(card, NS_VCARD, "FN", a));
}

static bool says(const struct xml *card, const char *class)
{
	return xml_child(xml_child(card, NS_VCARD, "CLASS"), NS_VCARD, class);
}

struct search_row search_row(struct arena *a, int64_t account, const char *host, const struct xml *card, bool is_added_only)
{
	struct search_row row = { .sql = Q_REMOVE, .values = { V(account) }, .count = 1 };
	const char *texts[FIELDS];
	bool is_hidden = says(card, "PRIVATE") || says(card, "CONFIDENTIAL"), has_any = false;
	read_card(a, card, texts);
	for (int i = 0; i < FIELDS; i++) {
		const char *folded = texts[i] ? fold(a, texts[i]) : NULL;
		row.values[3 + i] = V(texts[i]);
		row.values[3 + FIELDS + i] = V(folded);
		has_any |= folded != NULL;
	}
	if (!is_hidden && has_any) {
		row.sql = is_added_only ? Q_ADD : Q_PUT;
		row.values[1] = V(host);
		row.values[2] = V((int64_t)says(card, "PUBLIC"));
		row.count = 3 + 2 * FIELDS;
	} else if (is_added_only) {
		row.count = 0;               /* what is there stays */
	}
	return row;
}

/* --- who may ask, and how often --- */

static enum listed listed(const struct host *host)
{
	return (enum listed)host_int(host, &mod_search, "listed");
}

/* Its own users only: a directory is for those who are in it. */
static enum stanza_error check(const struct turn *t)
{
	if (listed(t->host) == NOBODY)
		return SERVICE_UNAVAILABLE;
	return t->session && strcmp(t->account->address->domain, t->host->name) == 0 ? OK : FORBIDDEN;
}

/* Units are parts of an hour, so that "so many in an hour" is a whole rate. */
static bool may_ask_again(struct turn *t)
{
	int64_t most = host_int(t->host, &mod_search, "per_hour");
	struct meter *m = account_live(t->account, &mod_search);
	if (!most || !t->host->hosts->limits.enabled)
		return true;
	if (!m) {
		m = NEW(struct meter);
		meter_init(m, most, most * HOUR, clock_now());
		account_set_live(t->account, &mod_search, m);
	}
	m->per_second = most;                        /* as a reload may have changed it */
	m->burst = most * HOUR;
	meter_take(m, 0, clock_now());
	if (m->level < HOUR)
		return false;
	m->level -= HOUR;
	return true;
}

/* --- the form --- */

static void add_fields(struct arena *a, struct xml *form)
{
	for (int i = 0; i < FIELDS; i++)
		form_add(a, form, FIELD_TEXT_SINGLE, fields[i].var, fields[i].label, NULL);
}

static enum stanza_error get(struct turn *t)
{
	struct arena *a = t->arena;
	static const char words[] = "Fill in one or more fields. A * at the end of a value stands for any further characters.";
	enum stanza_error wrong = check(t);
	if (wrong != OK)
		return wrong;
	struct xml *form = form_new(a, FORM_ASK, NS_SEARCH, "Search", words);
	add_fields(a, form);
	struct xml *query = EL(a, NS_SEARCH, "query", EL(a, NS_SEARCH, "instructions", TEXT(a, words)));
	for (int i = 0; i < FIELDS; i++)
		xml_append(query, EL(a, NS_SEARCH, fields[i].var));
	xml_append(query, form);
	turn_reply(t, query);
	return OK;
}

/* --- the search --- */

struct range { const char *from, *to; };     /* of folded texts; from NULL: not asked */

/* False: the value can't be looked up. An empty one isn't asked. */
static bool read_range(struct arena *a, const char *value, struct range *range)
{
	char *folded = value ? fold(a, value) : NULL;
	size_t size = folded ? strlen(folded) : 0;
	*range = (struct range){ 0 };
	if (!size)
		return !value || folded;
	range->from = range->to = folded;
	if (folded[size - 1] != '*')
		return size <= TEXT_MOST;
	folded[size - 1] = '\0';
	range->to = arena_printf(a, "%s\xF4\x8F\xBF\xBF", folded);           /* the last character there is */
	return size - 1 >= BEGINNING_LEAST && size <= TEXT_MOST;
}

static const struct xml *form_of(const struct turn *t)
{
	return form_find(t->payload, NS_SEARCH, t->arena);
}

/* Which index tells most: a whole value before a beginning, and of these what fewest people share. -1: nothing is asked. */
static int choose(const struct range ranges[FIELDS])
{
	static const int order[] = { EMAIL, LAST, NICK, FIRST };
	int chosen = -1;
	for (int i = 0; i < FIELDS; i++) {
		const struct range *r = &ranges[order[i]];
		if (r->from && r->from == r->to)
			return order[i];
		if (r->from && chosen < 0)
			chosen = order[i];
	}
	return chosen;
}

static struct xml *item(struct arena *a, const struct row *row)
{
	struct xml *item = EL(a, NS_SEARCH, "item", ATTR(a, "jid", row_text(row, 0)));
	for (unsigned i = 0; i < FIELDS; i++)
		xml_append(item, EL(a, NS_SEARCH, fields[i].var, TEXT(a, row_text(row, 1 + i))));
	return item;
}

static void add_item(struct arena *a, struct xml *form, const struct row *row)
{
	struct xml *item = form_part(a, form, "item");
	for (unsigned i = 0; i < FIELDS; i++) {
		const char *text = row_text(row, 1 + i);
		form_add(a, item, FIELD_TEXT_SINGLE, fields[i].var, NULL, text ? text : "");
	}
	form_add(a, item, FIELD_JID_SINGLE, "jid", NULL, row_text(row, 0));
}

static struct xml *results(struct arena *a, const struct rows *rows)
{
	struct xml *form = form_new(a, FORM_RESULT, NS_SEARCH, NULL, NULL), *reported = form_part(a, form, "reported");
	add_fields(a, reported);
	form_add(a, reported, FIELD_JID_SINGLE, "jid", "Jabber ID", NULL);
	for (const struct row *row = rows->first; row; row = row->next)
		add_item(a, form, row);
	return form;
}

static enum stanza_error found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	struct xml *query = EL(a, NS_SEARCH, "query", NULL);
	if (rows->first && form_of(t))
		xml_append(query, results(a, rows));
	else
		for (const struct row *row = rows->first; row; row = row->next)
			xml_append(query, item(a, row));
	turn_reply(t, query);
	return OK;
}

static enum stanza_error set(struct turn *t)
{
	struct arena *a = t->arena;
	const struct xml *form = form_of(t);
	struct range r[FIELDS];
	enum stanza_error wrong = check(t);
	if (wrong != OK)
		return wrong;
	for (int i = 0; i < FIELDS; i++)
		if (!read_range(a, form ? form_value(form, fields[i].var, a) : xml_child_text(t->payload, NS_SEARCH, fields[i].var, a), &r[i]))
			return NOT_ACCEPTABLE;
	int by = choose(r);
	if (by < 0)
		return BAD_REQUEST;
	if (!may_ask_again(t)) {
		limit_reached(LIMIT_SEARCHES);
		return RESOURCE_CONSTRAINT;
	}
	return turn_read(t, found, Q_FIND[by], V(t->host->name), V((int64_t)(listed(t->host) == WILLING)), V(host_int(t->host, &mod_search, "results")),
		V(r[FIRST].from), V(r[FIRST].to), V(r[LAST].from), V(r[LAST].to), V(r[NICK].from), V(r[NICK].to), V(r[EMAIL].from), V(r[EMAIL].to));
}

static void host_info(const struct host *host, struct arena *a, struct xml *query)
{
	if (listed(host) != NOBODY)
		xml_append(query, EL(a, NS_DISCO_INFO, "feature", ATTR(a, "var", NS_SEARCH)));
}

const struct module mod_search = {
	.name       = "search",
	.title      = "Jabber Search",
	.xep        = 55,
	.iqs        = IQS({ NS_SEARCH, "query", IQ_GET, TO_HOST, get }, { NS_SEARCH, "query", IQ_SET, TO_HOST, set }),
	.options    = OPTIONS(
		{ "listed", OPTION_ENUM, "nobody", "Who can be found by others of the domain: nobody; willing: whose vCard says PUBLIC; everyone: whose vCard doesn't say PRIVATE or CONFIDENTIAL", .words = "nobody willing everyone" },
		{ "results", OPTION_INT, "50", "People in one answer", 1, 1000 },
		{ "per_hour", OPTION_INT, "60", "Searches of one account in an hour; 0: no limit", 0, 1000000 }),
	.host_info  = host_info,
	.live_free  = mem_free,
	.forget     = FORGET(Q_REMOVE),
	.migrations = MIGRATIONS({ "search", 1,
		"CREATE TABLE search (account INTEGER PRIMARY KEY, host TEXT NOT NULL, willing INTEGER NOT NULL,"
		" first TEXT, last TEXT, nick TEXT, email TEXT, first_folded TEXT, last_folded TEXT, nick_folded TEXT, email_folded TEXT);"
		"CREATE INDEX search_first ON search (host, first_folded);"
		"CREATE INDEX search_last ON search (host, last_folded);"
		"CREATE INDEX search_nick ON search (host, nick_folded);"
		"CREATE INDEX search_email ON search (host, email_folded);" }),
};

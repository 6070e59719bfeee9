/*
 * XEP-0054 vcard-temp: a card about oneself, for everybody to read.
 *
 * Kept as it came. A stranger gets the same error for an account without a
 * card as for a name that doesn't exist (§3.3).
 */
#include "modules/modules.h"
#include "core/account.h"
#include "core/portable.h"
#include "modules/own.h"
#include "modules/search.h"
#include "xml/parser.h"
#include <string.h>

static const char Q_GET[] = "SELECT card FROM vcard WHERE account = ?1";
static const char Q_PUT[] = "INSERT OR REPLACE INTO vcard (account, card) VALUES (?1, ?2)";
static const char Q_ADD[] = "INSERT OR IGNORE INTO vcard (account, card) VALUES (?1, ?2)";
static const char Q_REMOVE[] = "DELETE FROM vcard WHERE account = ?1";

static enum stanza_error found(struct turn *t, const struct rows *rows)
{
	const char *card = rows->first ? row_text(rows->first, 0) : NULL;
	if (!card)
		return jid_same_bare(t->from, t->account->address) ? ITEM_NOT_FOUND : SERVICE_UNAVAILABLE;
	turn_reply(t, xml_parse(t->arena, card, strlen(card), NS_CLIENT));
	return OK;
}

static enum stanza_error get(struct turn *t)
{
	return turn_read(t, found, Q_GET, V(t->account->id));
}

static enum stanza_error set(struct turn *t)
{
	struct search_row row = search_row(t->arena, t->account->id, t->account->address->domain, t->payload, false);
	turn_write(t, Q_PUT, V(t->account->id), V(xml_string(t->arena, t->payload, NS_CLIENT)));
	turn_write_values(t, row.sql, row.values, row.count);
	turn_reply(t, NULL);
	return OK;
}

/* §3.2: another's card. Refused where its sender lives, so that the answer says nothing of the other account. */
static enum stanza_error refuse_set(struct turn *t)
{
	return t->type == TYPE_SET && is_asked_of_another(t, NS_VCARD, "vCard") ? FORBIDDEN : OK;
}

/* --- to another server and from one (XEP-0227 §4.7) --- */

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	const char *card = rows->first ? row_text(rows->first, 0) : NULL;
	xml_append(user, card ? xml_parse(a, card, strlen(card), NS_CLIENT) : NULL);
	return 0;
}

static enum import_verdict import(struct importing *in, const struct xml *child)
{
	if (!xml_is(child, NS_VCARD, "vCard"))
		return IMPORT_NOT_MINE;
	struct search_row row = search_row(in->arena, in->account, in->jid->domain, child, !in->overwrites);
	if (row.count)
		in->put(in, row.sql, row.values, row.count);
	import_put(in, in->overwrites ? Q_PUT : Q_ADD, V(in->account), V(xml_string(in->arena, child, NS_CLIENT)));
	return IMPORT_TAKEN;
}

const struct module mod_vcard = {
	.name             = "vcard",
	.title            = "vcard-temp",
	.xep              = 54,
	.features         = FEATURES(NS_VCARD),
	.account_features = FEATURES(NS_VCARD),
	.iqs              = IQS({ NS_VCARD, "vCard", IQ_GET, TO_ACCOUNT, get }, { NS_VCARD, "vCard", IQ_SET, TO_SELF, set }),
	.hooks            = HOOKS(ON_IQ_SENT(AT_GUARD, refuse_set)),
	.forget           = FORGET(Q_REMOVE),
	.portable         = &(const struct portable){ .query = Q_GET, .export = export, .import = import },
	.migrations       = MIGRATIONS({ "vcard", 1, "CREATE TABLE vcard (account INTEGER PRIMARY KEY, card TEXT NOT NULL);" }),
};

/*
 * XEP-0359 Stanza IDs: nobody but the account itself speaks in its name.
 *
 * A stanza-id that claims to be by the recipient is taken out, whether or not
 * an id of ours comes in its place (§3). An id of ours belongs to a row of an
 * archive; an account without one gives none. Origin ids pass untouched.
 */
#include "modules/modules.h"
#include "core/account.h"

/* Addresses compare prepared: 'Juliet@Example' is the account's too. */
static bool is_forged(struct turn *t, const struct xml *id)
{
	const char *by = xml_get(id, "by");
	const struct jid *jid = by ? jid_parse(t->arena, by) : NULL;
	return jid && jid_same(jid, t->account->address);
}

static const struct xml *find_forged(struct turn *t, const struct xml *stanza)
{
	const struct xml *id = xml_child(stanza, NS_STANZA_ID, "stanza-id");
	while (id && !is_forged(t, id))
		id = xml_next(id, NS_STANZA_ID, "stanza-id");
	return id;
}

static enum stanza_error remove_forged(struct turn *t)
{
	if (!find_forged(t, t->stanza))
		return OK;
	struct xml *clean = xml_clone(t->arena, t->stanza);      /* what arrived isn't ours to change */
	for (const struct xml *id; (id = find_forged(t, clean)); )
		xml_remove(clean, id);
	t->stanza = clean;
	return OK;
}

const struct module mod_stanza_id = {
	.name             = "stanza_id",
	.title            = "Unique and Stable Stanza IDs",
	.xep              = 359,
	.account_features = FEATURES(NS_STANZA_ID),
	.hooks            = HOOKS(ON_MESSAGE(AT_MARK, remove_forged)),
};

/*
 * In the server an import is a turn of the account, which is loaded anew
 * behind it.
 */
#include "core/portable.h"
#include "base/clock.h"
#include "core/account.h"
#include "core/credentials.h"
#include "core/host.h"
#include "xmpp/ns.h"
#include <string.h>

static enum import_verdict take(struct importing *in, const struct xml *child)
{
	for (unsigned i = 0; i < modules_count(); i++) {
		const struct portable *p = modules[i]->portable;
		enum import_verdict verdict = p ? p->import(in, child) : IMPORT_NOT_MINE;
		if (verdict != IMPORT_NOT_MINE)
			return verdict;
	}
	return IMPORT_NOT_MINE;
}

void portable_import(struct importing *in, const struct xml *user)
{
	for (const struct xml *child = xml_first(user); child; child = xml_next(child, NULL, NULL)) {
		enum import_verdict verdict = take(in, child);
		in->wrong += verdict == IMPORT_WRONG;
		in->ignored += verdict == IMPORT_NOT_MINE;
		if (verdict != IMPORT_TAKEN)
			in->example = arena_printf(in->arena, "<%s xmlns='%s'/>", child->name, child->ns);
	}
}

struct xml *portable_report(struct arena *a, const struct importing *in, bool is_new)
{
	return EL(a, NS_CALL, "imported", ATTR(a, "result", is_new ? "made" : "merged"), ATTR(a, "hashes", arena_printf(a, "%u", in->hashes)),
		ATTR(a, "wrong", arena_printf(a, "%u", in->wrong)), ATTR(a, "ignored", arena_printf(a, "%u", in->ignored)), ATTR(a, "example", in->example));
}

/* --- as a turn --- */

static void put(struct importing *in, const char *sql, const struct value *values, size_t count)
{
	turn_write_values(in->with, sql, values, count);
}

static void reload(struct turn *t, void *with)
{
	account_reload(t->account);
}

static enum stanza_error go_on(struct turn *t, void *keys)
{
	struct account *account = t->account;
	bool is_new = account->state != ACCOUNT_READY;
	const char *overwrite = xml_get(t->stanza, "overwrite");
	struct importing in = { .arena = t->arena, .jid = account->address, .is_new = is_new, .overwrites = overwrite && strcmp(overwrite, "yes") == 0, .put = put, .with = t };
	if (is_new) {
		account->id = clock_key();
		turn_write(t, Q_ACCOUNT_ADD, V(account->id), V(account->jid), V(account->address->domain), V(clock_wall()));
	}
	in.account = account->id;
	if (keys) {
		credentials_write(t, keys);
		in.hashes = credentials_terms(t)->hashes;
	}
	portable_import(&in, t->stanza);
	turn_then(t, reload, NULL);
	turn_answer(t, portable_report(t->arena, &in, is_new));
	return HANDLED;
}

/* A password in the file makes all keys, as one that is set does; somebody who is here keeps his own. */
static enum stanza_error import(struct turn *t)
{
	const char *text = xml_get(t->stanza, "password"), *overwrite = xml_get(t->stanza, "overwrite");
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (!text || (t->account->state == ACCOUNT_READY && !overwrite))
		return go_on(t, NULL);
	struct password_keys *keys = ARENA_NEW(t->arena, struct password_keys);
	keys->terms = *credentials_terms(t);
	keys->password = jid_password(t->arena, text);
	if (!keys->password || !*keys->password) {
		turn_answer(t, EL(t->arena, NS_CALL, "failed", ATTR(t->arena, "why", "password")));
		return HANDLED;
	}
	return turn_work(t, password_keys_make, go_on, keys);
}

const struct module mod_portable = {
	.name      = "portable",
	.is_needed = true,
	.title     = "Import and Export of Accounts",
	.xep       = 227,
	.calls     = CALLS({ "import", import }),
};

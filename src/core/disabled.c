/* It is a column of the account's own row, which every load reads anyway. */
#include "core/disabled.h"
#include "base/clock.h"
#include "core/account.h"
#include "core/credentials.h"
#include "core/portable.h"
#include "core/session.h"
#include "xmpp/datetime.h"

const char Q_DISABLED_SET[] = "UPDATE account SET disabled = ?2 WHERE id = ?1 AND (disabled = 0 OR ?2 = 0)";
static const char Q_DISABLED_GET[] = "SELECT disabled FROM account WHERE id = ?1";

static enum stanza_error answer(struct turn *t, const char *name, const char *why)
{
	turn_answer(t, EL(t->arena, NS_CALL, name, ATTR(t->arena, "why", why)));
	return HANDLED;
}

static void take(struct turn *t, void *with)
{
	const bool *is_disabled = with;
	t->account->is_disabled = *is_disabled;
	EACH_SESSION(t->account, s)
		if (*is_disabled)
			session_end(s, STREAM_NOT_AUTHORIZED, "The account was disabled");
}

static enum stanza_error change(struct turn *t, msec when)
{
	bool *is_disabled = ARENA_NEW(t->arena, bool);
	*is_disabled = when != 0;
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (t->account->state != ACCOUNT_READY)
		return answer(t, "failed", "missing");
	turn_write(t, Q_DISABLED_SET, V(t->account->id), V(when));
	turn_then(t, take, is_disabled);
	return answer(t, "done", NULL);
}

static enum stanza_error disable(struct turn *t)
{
	return change(t, clock_wall());
}

static enum stanza_error enable(struct turn *t)
{
	return change(t, 0);
}

/* --- what is known of it --- */

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static struct xml *describe(struct arena *a, const struct session *s)
{
	struct session_facts f = s->stream->facts(s->stream_with);
	return EL(a, NS_CALL, "session", ATTR(a, "resource", arena_string(a, s->resource)), ATTR(a, "since", number(a, s->since)),
		ATTR(a, "idle", number(a, session_idle(s))), ATTR(a, "received", number(a, s->received)), *f.peer ? ATTR(a, "peer", arena_string(a, f.peer)) : NULL);
}

static enum stanza_error show(struct turn *t)
{
	struct arena *a = t->arena;
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (t->account->state != ACCOUNT_READY)
		return answer(t, "failed", "missing");
	struct xml *account = EL(a, NS_CALL, "account", t->account->is_disabled ? ATTR(a, "disabled", "yes") : NULL);
	EACH_SESSION(t->account, s)
		if (s->stream)
			xml_append(account, describe(a, s));
	turn_answer(t, account);
	return HANDLED;
}

/* --- to another server and from one: XEP-0227 has no element for it --- */

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	msec at = rows->first ? row_int(rows->first, 0) : 0;
	if (at)
		xml_append(user, EL(a, NS_PORTABLE, "disabled", ATTR(a, "since", datetime_print(a, at))));
	return 0;
}

/* Who is here already stays as he is. */
static enum import_verdict import(struct importing *in, const struct xml *child)
{
	msec at;
	const char *since = xml_get(child, "since");
	if (!xml_is(child, NS_PORTABLE, "disabled"))
		return IMPORT_NOT_MINE;
	if (!since || !datetime_parse(since, &at) || at <= 0)
		return IMPORT_WRONG;
	if (in->is_new || in->overwrites)
		import_put(in, Q_DISABLED_SET, V(in->account), V((int64_t)at));
	return IMPORT_TAKEN;
}

const struct module mod_disabled = {
	.name      = "disabled",
	.is_needed = true,
	.title     = "Disabled Accounts",
	.calls     = CALLS({ "account-disable", disable }, { "account-enable", enable }, { "account-show", show }),
	.portable  = &(const struct portable){ .query = Q_DISABLED_GET, .export = export, .import = import },
};

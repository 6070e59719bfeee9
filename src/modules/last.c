/*
 * XEP-0012 Last Activity: how long a user is away, and with which words he
 * went; how long the server runs.
 *
 * It tells of presence, so it is told to those who may see that, and to nobody
 * else: neither by the server nor by a client that would answer (§4, §8). Whoever may not
 * is told `forbidden`, and so is who asks for a name that doesn't exist.
 *
 * A login is noted too, so that the end of a session in a crash loses little.
 */
#include "base/clock.h"
#include "core/call.h"
#include "core/server.h"
#include "core/session.h"
#include "modules/modules.h"
#include "modules/roster.h"
#include <string.h>

enum { STATUS_MOST = 1024 };         /* bytes that are kept of it */

static const char Q_GET[] = "SELECT login, logout, status FROM last_activity WHERE account = ?1";
static const char Q_LOGIN[] = "INSERT INTO last_activity (account, login) VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET login = ?2";
static const char Q_LOGOUT[] = "INSERT INTO last_activity (account, logout) VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET logout = ?2";
static const char Q_STATUS[] =
	"INSERT INTO last_activity (account, status) VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET status = ?2";
static const char Q_REMOVE[] = "DELETE FROM last_activity WHERE account = ?1";

/* --- what is noted --- */

static bool is_alone(const struct turn *t)
{
	return t->account->session_count == 1;
}

static enum stanza_error bound(struct turn *t)
{
	if (is_alone(t))
		turn_append(t, Q_LOGIN, V(t->account->id), V(clock_wall()));
	return OK;
}

/* Whole characters of it. */
static const char *status_of(const struct turn *t)
{
	const char *text = xml_child_text(t->stanza, NS_CLIENT, "status", t->arena);
	size_t size = text ? strlen(text) : 0;
	if (size <= STATUS_MOST)
		return size ? text : NULL;
	for (size = STATUS_MOST; (text[size] & 0xC0) == 0x80;)
		size--;
	return arena_copy(t->arena, text, size);
}

/* §3: "the last unavailable presence received from the user". */
static enum stanza_error sent(struct turn *t)
{
	if (t->kind == KIND_NOTIFY && t->type == TYPE_UNAVAILABLE && !t->was_addressed && t->session->is_available)
		turn_append(t, Q_STATUS, V(t->account->id), V(status_of(t)));
	return OK;
}

static enum stanza_error gone(struct turn *t)
{
	const char *nothing = NULL;
	if (t->account->state != ACCOUNT_READY)
		return OK;                           /* it was removed */
	if (t->session->is_available)
		turn_append(t, Q_STATUS, V(t->account->id), V(nothing));         /* it went without a word */
	if (is_alone(t))
		turn_append(t, Q_LOGOUT, V(t->account->id), V(clock_wall()));
	return OK;
}

/* --- what is told --- */

static struct xml *seconds_since(struct turn *t, msec then, const char *status)
{
	int64_t seconds = (clock_wall() - then) / 1000;
	return EL(t->arena, NS_LAST, "query", ATTR(t->arena, "seconds", arena_printf(t->arena, "%lld", (long long)(seconds < 0 ? 0 : seconds))),
		TEXT(t->arena, status));
}

static enum stanza_error uptime(struct turn *t)
{
	turn_reply(t, seconds_since(t, server.started, NULL));
	return OK;
}

/* When somebody was last here who isn't. */
static msec last_here(const struct row *row)
{
	int64_t login = row_int(row, 0), logout = row_int(row, 1);
	return login > logout ? login : logout;
}

static enum stanza_error found(struct turn *t, const struct rows *rows)
{
	const struct row *row = rows->first;
	if (!row || !last_here(row))
		return ITEM_NOT_FOUND;
	turn_reply(t, seconds_since(t, last_here(row), row_text(row, 2)));
	return OK;
}

static enum stanza_error ask(struct turn *t)
{
	if (!roster_may_see(t->account, t->from))
		return FORBIDDEN;
	if (!t->account->session_count)
		return turn_read(t, found, Q_GET, V(t->account->id));
	turn_reply(t, seconds_since(t, clock_wall(), NULL));
	return OK;
}

/* §4: of a client, which would answer with how long nobody touched it. */
static enum stanza_error guard(struct turn *t)
{
	bool is_asked = t->type == TYPE_GET && xml_is(t->payload, NS_LAST, "query");
	return is_asked && !roster_may_see(t->account, t->from) ? FORBIDDEN : OK;
}

/* --- for the server itself: <last/> → <last [online='yes'] [login='…' logout='…' status='…']/>, times in ms since 1970 --- */

static enum stanza_error told(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const struct row *row = rows->first;
	struct xml *last = EL(a, NS_CALL, "last", t->account->session_count ? ATTR(a, "online", "yes") : NULL);
	if (row && row_int(row, 0))
		xml_set(a, last, "login", arena_printf(a, "%lld", (long long)row_int(row, 0)));
	if (row && row_int(row, 1))
		xml_set(a, last, "logout", arena_printf(a, "%lld", (long long)row_int(row, 1)));
	xml_set(a, last, "status", row ? row_text(row, 2) : NULL);
	turn_answer(t, last);
	return HANDLED;
}

static enum stanza_error tell(struct turn *t)
{
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (t->account->state != ACCOUNT_READY)
		return ITEM_NOT_FOUND;
	return turn_read(t, told, Q_GET, V(t->account->id));
}

const struct module mod_last = {
	.name             = "last",
	.title            = "Last Activity",
	.xep              = 12,
	.features         = FEATURES(NS_LAST),
	.account_features = FEATURES(NS_LAST),
	.iqs              = IQS(
		{ NS_LAST, "query", IQ_GET, TO_HOST,    uptime },
		{ NS_LAST, "query", IQ_GET, TO_ACCOUNT, ask, .stranger = FORBIDDEN }),
	.calls            = CALLS({ "last", tell }),
	.hooks            = HOOKS(ON_SESSION_BOUND(AT_KEEP, bound), ON_PRESENCE_SENT(AT_KEEP, sent), ON_SESSION_GONE(AT_KEEP, gone),
		ON_IQ_PASSING(AT_GUARD, guard)),
	.forget           = FORGET(Q_REMOVE),
	.migrations       = MIGRATIONS({ "last", 1,
		"CREATE TABLE last_activity (account INTEGER PRIMARY KEY, login INTEGER, logout INTEGER, status TEXT);" }),
};

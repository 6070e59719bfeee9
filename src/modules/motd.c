/*
 * What a host says to its users by itself: the message of the day, once to
 * each (XEP-0133 §4.24), and a welcome to who is new (§4.27).
 *
 * Both are settings. The message of the day has a number: who has seen that
 * number isn't told again, so a mistake can be corrected without telling
 * everybody twice. It is told at an account's first presence, and at once to
 * who is there when it is set (the call <motd/>). The welcome is a message to
 * an account that has no session yet, and waits for it like any other.
 */
#include "base/mem.h"
#include "core/account.h"
#include "core/host.h"
#include "core/session.h"
#include "modules/modules.h"

static const char Q_SEEN[] = "SELECT number FROM motd_seen WHERE account = ?1";
static const char Q_SEE[] = "INSERT INTO motd_seen (account, number) VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET number = ?2";
static const char Q_FORGET[] = "DELETE FROM motd_seen WHERE account = ?1";

struct motd { const char *text; int64_t number; };

/* --- the message of the day --- */

static const void *load(const struct host *host, struct arena *a)
{
	const char *text = host_text(host, &mod_motd, "text");
	if (!text || !*text)
		return NULL;
	struct motd *m = ARENA_NEW(a, struct motd);
	*m = (struct motd){ text, host_int(host, &mod_motd, "number") };
	return m;
}

static bool takes_messages(const struct session *s)
{
	return s->stream && s->is_available && s->priority >= 0;
}

/* A hop may lie before it, and a reload within that: the turn's own host may be gone. */
static const struct motd *motd_of(const struct turn *t)
{
	return t->account->host ? host_data(t->account->host, &mod_motd) : NULL;
}

static struct xml *message(struct turn *t, const struct session *s, const char *text)
{
	struct arena *a = t->arena;
	return EL(a, NS_CLIENT, "message", ATTR(a, "type", "headline"), ATTR(a, "from", t->account->address->domain), ATTR(a, "to", arena_string(a, s->jid->full)),
		EL(a, NS_CLIENT, "subject", TEXT(a, "Message of the day")), EL(a, NS_CLIENT, "body", TEXT(a, text)));
}

/* Which number this account has seen, while it is in memory; NULL: nobody has looked yet. */
static int64_t *seen_by(const struct turn *t)
{
	return account_live(t->account, &mod_motd);
}

static void has_seen(struct turn *t, int64_t number)
{
	int64_t *seen = seen_by(t);
	if (!seen) {
		seen = NEW(int64_t);
		account_set_live(t->account, &mod_motd, seen);
	}
	*seen = number;
}

static void remember(struct turn *t, void *with)
{
	has_seen(t, *(const int64_t *)with);
}

static enum stanza_error tell(struct turn *t, const struct rows *rows)
{
	const struct motd *m = motd_of(t);
	bool is_told = false;
	if (!m || (rows->first && row_int(rows->first, 0) == m->number)) {
		has_seen(t, rows->first ? row_int(rows->first, 0) : -1);
		return OK;
	}
	EACH_SESSION(t->account, s)
		if (takes_messages(s)) {
			turn_deliver(t, s, message(t, s, arena_string(t->arena, m->text)));
			is_told = true;
		}
	if (!is_told)
		return OK;
	int64_t *number = ARENA_NEW(t->arena, int64_t);
	*number = m->number;
	turn_write(t, Q_SEE, V(t->account->id), V(*number));
	turn_then(t, remember, number);
	return OK;
}

static enum stanza_error look(struct turn *t)
{
	const struct motd *m = motd_of(t);
	const int64_t *seen = seen_by(t);
	if (!m || (seen && *seen == m->number))
		return OK;
	return turn_read_to_write(t, tell, Q_SEEN, V(t->account->id));
}

static enum stanza_error available(struct turn *t)
{
	return t->type == TYPE_AVAILABLE && !t->was_addressed && t->session && takes_messages(t->session) ? look(t) : OK;
}

static enum stanza_error was_set(struct turn *t)
{
	return t->account->state == ACCOUNT_READY ? look(t) : HANDLED;
}

const struct module mod_motd = {
	.name       = "motd",
	.title      = "Message of the Day",
	.calls      = CALLS({ "motd", was_set }),
	.hooks      = HOOKS(ON_PRESENCE_SENT(AT_MISS, available)),
	.options    = OPTIONS(
		{ "text", OPTION_STRING, NULL, "Told once to everybody who logs in; none: nothing is" },
		{ "number", OPTION_INT, "0", "Another number: those who have seen the last one are told too" }),
	.live_free  = mem_free,
	.host_load  = load,
	.forget     = FORGET(Q_FORGET),
	.migrations = MIGRATIONS({ "motd", 1, "CREATE TABLE motd_seen (account INTEGER PRIMARY KEY, number INTEGER NOT NULL);" }),
};

/* --- the welcome --- */

static const void *load_welcome(const struct host *host, struct arena *a)
{
	const char *text = host_text(host, &mod_welcome, "text");
	return text && *text ? text : NULL;
}

static enum stanza_error added(struct turn *t)
{
	struct arena *a = t->arena;
	const char *text = t->account->host ? host_data(t->account->host, &mod_welcome) : NULL;
	if (text)
		turn_send(t, EL(a, NS_CLIENT, "message", ATTR(a, "type", "normal"), ATTR(a, "from", t->account->address->domain), ATTR(a, "to", t->account->jid),
			EL(a, NS_CLIENT, "subject", TEXT(a, "Welcome")), EL(a, NS_CLIENT, "body", TEXT(a, arena_string(a, text)))));
	return OK;
}

const struct module mod_welcome = {
	.name      = "welcome",
	.title     = "Welcome Message",
	.hooks     = HOOKS(ON_ACCOUNT_ADDED(AT_DELIVER, added)),
	.options   = OPTIONS({ "text", OPTION_STRING, NULL, "A message to each new account; none: none is sent" }),
	.host_load = load_welcome,
};

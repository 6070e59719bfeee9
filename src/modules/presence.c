/*
 * RFC 6121 §4: who is there.
 *
 * A session's own presence goes to its subscribers and to the account's other
 * sessions; going away is told to everybody who heard of it, also by presence
 * that was addressed to them (§4.6). Who asks (a probe) is answered only with
 * the right to know, or what it was told before: RFC 6120 §13.10.2.
 *
 * All of this is live state. No turn in here writes, so it is changed at once.
 */
#include "modules/presence.h"
#include "base/mem.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/session.h"
#include "modules/access.h"
#include "modules/directed.h"
#include "modules/modules.h"
#include "modules/subscription.h"
#include <stdlib.h>
#include <string.h>

enum { HEARERS_FOR_A_STANZA = 10 };          /* what is said to so many costs as much as one stanza more (XEP-0205 §4.9) */

static struct xml *addressed(struct turn *t, const struct xml *presence, const char *to)
{
	struct xml *el = xml_shallow(t->arena, presence);
	xml_set(t->arena, el, "to", to);
	return el;
}

/* Without what a user said: that a session is there or isn't. */
static struct xml *mere(struct turn *t, const struct session *s, const char *type, const char *to)
{
	struct arena *a = t->arena;
	return EL(a, NS_CLIENT, "presence", ATTR(a, "from", arena_string(a, s->jid->full)), ATTR(a, "to", to), ATTR(a, "type", type));
}

static bool is_there(const struct session *s)
{
	return s->is_available && s->stream;
}

void presence_show(struct turn *t, const char *bare)
{
	EACH_SESSION(t->account, s)
		if (is_there(s))
			turn_send(t, addressed(t, session_presence(s, t->arena), bare));
}

void presence_hide(struct turn *t, const char *bare)
{
	EACH_SESSION(t->account, s)
		if (s->is_available)
			turn_send(t, mere(t, s, "unavailable", bare));
}

/* --- broadcasts: §4.2, §4.4, §4.5 --- */

/* One copy serves all own sessions; each subscriber gets a head of its own over the same children. */
static void broadcast(struct turn *t, const struct xml *presence)
{
	struct xml *own = addressed(t, presence, t->account->jid);
	const bool is_leaving = xml_get(presence, "type");       /* whoever saw somebody come may see him go */
	struct contact c;
	size_t at = 0;
	unsigned heard = 0;
	EACH_SESSION(t->account, s)
		if (is_there(s))
			turn_deliver(t, s, own);
	while (roster_block_next(roster_of(t->account), &at, &c)) {
		if (!subscription_is_from(c.subscription) || (!is_leaving && !access_is_open(t, c.jid)))
			continue;
		turn_send(t, addressed(t, presence, arena_string(t->arena, c.jid)));
		heard++;
	}
	session_cost(t->session, heard / HEARERS_FOR_A_STANZA);
}

/* §4.7.2.3. No <priority/>: 0. */
static bool read_priority(const struct turn *t, int *priority)
{
	const char *text = xml_child_text(t->stanza, NS_CLIENT, "priority", t->arena);
	char *end;
	*priority = 0;
	if (!text)
		return true;
	long number = strtol(text, &end, 10);
	if (end == text || end[strspn(end, " \t\r\n")] || number < -128 || number > 127)
		return false;
	*priority = (int)number;
	return true;
}

static void take(struct turn *t)
{
	struct session *s = t->session;
	read_priority(t, &s->priority);
	s->is_available = true;
	session_keep_presence(s, t->stanza);
	broadcast(t, t->stanza);
}

/* §4.2.2: a new session hears of the account's others, and asks for those that the user follows. */
static void look_around(struct turn *t)
{
	struct arena *a = t->arena;
	struct contact c;
	size_t at = 0;
	EACH_SESSION(t->account, s)
		if (s != t->session && is_there(s))
			turn_deliver(t, t->session, addressed(t, session_presence(s, a), t->account->jid));
	while (roster_block_next(roster_of(t->account), &at, &c))
		if (subscription_is_to(c.subscription))
			turn_send(t, EL(a, NS_CLIENT, "presence", ATTR(a, "type", "probe"), ATTR(a, "from", t->account->jid),
				ATTR(a, "to", arena_string(a, c.jid))));
}

static enum stanza_error come_online(struct turn *t, const struct rows *requests)
{
	take(t);
	look_around(t);
	subscription_remind(t, requests);
	return OK;
}

static enum stanza_error available(struct turn *t)
{
	int priority;
	if (!read_priority(t, &priority))
		return BAD_REQUEST;
	if (!t->session->is_available)
		return subscription_recall(t, come_online);
	take(t);
	return OK;
}

/* --- directed presence: §4.6 --- */

static struct directed *directed_of(const struct session *s)
{
	return session_data(s, &mod_presence);
}

static bool is_subscriber(const struct turn *t, const char *jid)
{
	return subscription_is_from(roster_subscription(t->account, arena_copy(t->arena, jid, strcspn(jid, "/"))));
}

static enum stanza_error directed_is_full(void)
{
	limit_reached(LIMIT_DIRECTED);
	return POLICY_VIOLATION;
}

/* §4.6.3. A subscriber of an available session needs no remembering: broadcasts reach it. */
static enum stanza_error direct(struct turn *t)
{
	struct session *s = t->session;
	struct directed *d = directed_of(s);
	if (t->type == TYPE_UNAVAILABLE && d)
		directed_remove(d, t->to->full);
	if (t->type != TYPE_AVAILABLE || jid_same_bare(t->to, t->account->address) || (s->is_available && is_subscriber(t, t->to->bare)))
		return OK;
	if (!directed_fits(d, t->to->full, (size_t)host_int(t->host, &mod_presence, "directed")))
		return directed_is_full();
	session_set_data(s, &mod_presence, directed_add(d, t->to->full));
	return OK;
}

/* To those who were told by name and hear of no broadcast. */
static void tell_directed(struct turn *t, const struct xml *presence)
{
	const char *to = NULL;
	while ((to = directed_next(directed_of(t->session), to)))
		if (!t->session->is_available || !is_subscriber(t, to))
			turn_send(t, addressed(t, presence, arena_string(t->arena, to)));
}

static void forget_all_directed(struct session *s)
{
	struct directed *d = directed_of(s);
	if (!d)
		return;
	session_set_data(s, &mod_presence, NULL);
	mem_free(d);
}

static void go_offline(struct turn *t, const struct xml *presence)       /* §4.5.2 */
{
	struct session *s = t->session;
	if (s->is_available)
		broadcast(t, presence);
	tell_directed(t, presence);
	forget_all_directed(s);
	s->is_available = false;
	s->priority = 0;
	session_keep_presence(s, NULL);
}

/* --- what own sessions send, and their end --- */

static enum stanza_error sent(struct turn *t)
{
	if (t->kind == KIND_SUBSCRIBE)               /* a probe: §4.3 lets clients send them; the rest was handled before */
		return t->was_addressed ? OK : HANDLED;
	if (t->was_addressed)
		return direct(t);
	if (t->type == TYPE_AVAILABLE)
		return available(t);
	if (t->type == TYPE_UNAVAILABLE)
		go_offline(t, t->stanza);
	return OK;
}

static enum stanza_error gone(struct turn *t)
{
	go_offline(t, mere(t, t->session, "unavailable", NULL));
	return OK;
}

/* --- probes: §4.3.2, §4.6.6 --- */

static bool is_meant(const struct turn *t, const struct session *s)
{
	return !t->to->resource || strcmp(t->to->resource, s->resource) == 0;
}

static void answer(struct turn *t)
{
	EACH_SESSION(t->account, s) {
		if (!is_there(s) || !is_meant(t, s))
			continue;
		turn_send(t, t->to->resource ? mere(t, s, NULL, t->from->full)
			: addressed(t, session_presence(s, t->arena), t->from->full));
	}
}

static bool answer_directed(struct turn *t)
{
	bool was_told = false;
	EACH_SESSION(t->account, s) {
		const struct directed *d = directed_of(s);
		if (!s->stream || !is_meant(t, s) || (!directed_has(d, t->from->full) && !directed_has(d, t->from->bare)))
			continue;
		turn_send(t, mere(t, s, NULL, t->from->full));
		was_told = true;
	}
	return was_told;
}

/*
 * A server probes from the bare address of one who thinks to be subscribed: it
 * is told when that isn't so. Anybody else hears nothing. An answer would say
 * that the account is in memory, and so that somebody is there; and to one
 * whose request still waits it would be a refusal.
 */
static enum stanza_error probed(struct turn *t)
{
	struct arena *a = t->arena;
	if (roster_may_see(t->account, t->from))
		answer(t);
	else if (!answer_directed(t) && jid_is_bare(t->from) && !subscription_is_in(roster_subscription(t->account, t->from->bare)))
		turn_send(t, EL(a, NS_CLIENT, "presence", ATTR(a, "type", "unsubscribed"), ATTR(a, "from", t->account->jid),
			ATTR(a, "to", t->from->bare), ATTR(a, "id", t->id)));
	return HANDLED;
}

/* --- what arrives: §8.5.2.1.2, §8.5.3 --- */

/* Who is gone, or can't be reached, need not hear that we go (§4.6.1). */
static void forget_directed(struct turn *t, struct session *s)
{
	struct directed *d = directed_of(s);
	if (!d || t->type == TYPE_AVAILABLE)
		return;
	directed_remove(d, t->from->full);
	if (t->type == TYPE_ERROR)
		directed_remove(d, t->from->bare);
}

static enum stanza_error came(struct turn *t)
{
	if (t->kind == KIND_SUBSCRIBE)
		return probed(t);
	EACH_SESSION(t->account, s) {
		if (!is_meant(t, s) || !s->stream)
			continue;
		forget_directed(t, s);
		if (t->to->resource || (s->is_available && t->type != TYPE_ERROR))
			turn_deliver(t, s, t->stanza);
	}
	return OK;
}

/* --- over a restart --- */

static struct xml *save(const struct session *s, struct arena *a)
{
	struct xml *el = EL(a, NS_CALL, "directed", NULL);
	const char *to = NULL;
	while ((to = directed_next(directed_of(s), to)))
		xml_append(el, EL(a, NS_CALL, "to", TEXT(a, arena_string(a, to))));
	return el->first ? el : NULL;
}

static void restore(struct session *s, const struct xml *el)
{
	struct arena *a = arena_new();
	struct directed *d = NULL;
	for (const struct xml *to = xml_first(el); to; to = xml_next(to, NULL, NULL))
		d = directed_add(d, xml_text(to, a));
	session_set_data(s, &mod_presence, d);
	arena_free(a);
}

const struct module mod_presence = {
	.name    = "presence",
	.is_needed = true,
	.title   = "Presence",
	.hooks   = HOOKS(ON_PRESENCE_SENT(AT_DELIVER, sent), ON_PRESENCE(AT_DELIVER, came), ON_SESSION_GONE(AT_DELIVER, gone)),
	.options = OPTIONS(
		{ "directed", OPTION_SIZE, "64k", "Bytes of addresses that one session may have sent presence to by name", 0, 64 << 20 }),
	.session_free = mem_free,
	.session_save = save,
	.session_restore = restore,
};

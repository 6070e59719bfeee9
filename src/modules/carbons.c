/*
 * XEP-0280 Message Carbons: all of a user's clients see both sides of a conversation.
 *
 *   sent by a client (§8)    → <sent/> to each other session that wants copies
 *   come for the user (§7)   → <received/> to each session that wants copies and wasn't given the message
 *
 * Copies are given to sessions directly, so nobody copies a copy, keeps one or
 * hears of one that failed. A wrapper that somebody else made is refused: §11
 * wants clients to ignore it, and there is no honest one.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "core/account.h"
#include "core/session.h"
#include "modules/modules.h"
#include <string.h>

/* --- who wants them: §4, §5 --- */

static bool wants_copies(const struct session *s)
{
	return session_data(s, &mod_carbons) && s->stream;
}

static void enable(struct session *s, bool is_wanted)
{
	static char wanted;
	session_set_data(s, &mod_carbons, is_wanted ? &wanted : NULL);
}

/* Always granted, so there is nothing to say (XEP-0386 §3.2). */
static struct xml *bind(struct session *s, struct arena *a, const struct xml *el)
{
	enable(s, strcmp(el->name, "enable") == 0);
	return NULL;
}

static enum stanza_error set(struct turn *t)
{
	if (!t->session)
		return NOT_ALLOWED;
	enable(t->session, strcmp(t->payload->name, "enable") == 0);
	turn_reply(t, NULL);
	return OK;
}

/* --- which messages: §6.1 --- */

enum { REMEMBERED = 64 };

struct copied {                      /* live, of an account: what was copied lately, so that errors about it are, too */
	uint64_t messages[REMEMBERED];
	unsigned next;
};

static uint64_t hash_of(const char *id, const struct jid *peer)
{
	return hash_bytes(hash_bytes(0, id, strlen(id)), peer->bare, strlen(peer->bare)) | 1;
}

static void remember(struct turn *t, const struct jid *peer)
{
	struct copied *c = account_live(t->account, &mod_carbons);
	if (!t->id)
		return;
	if (!c)
		account_set_live(t->account, &mod_carbons, c = NEW(struct copied));
	c->messages[c->next++ % REMEMBERED] = hash_of(t->id, peer);
}

static bool is_about_copied(const struct turn *t, const struct jid *peer)
{
	const struct copied *c = account_live(t->account, &mod_carbons);
	for (unsigned i = 0; c && t->id && i < REMEMBERED; i++)
		if (c->messages[i] == hash_of(t->id, peer))
			return true;
	return false;
}

static bool is_invitation(const struct xml *message)
{
	const struct xml *x = xml_child(message, NS_MUC_USER, "x");
	return xml_child(message, NS_INVITATION, "x") || xml_child(x, NS_MUC_USER, "invite");
}

/* From somebody in a room: the room tells each client that is in it. */
static bool is_from_room(const struct turn *t)
{
	return !t->session && t->from->resource && xml_child(t->stanza, NS_MUC_USER, "x");
}

static bool is_for_people(const struct xml *message)
{
	for (const struct xml *el = xml_first(message); el; el = xml_next(el, NULL, NULL))
		if (el->ns == NS_RECEIPTS || el->ns == NS_CHAT_STATES || el->ns == NS_MARKERS)
			return true;
	return false;
}

static bool is_eligible(const struct turn *t, const struct jid *peer)
{
	const struct xml *m = t->stanza;
	if (t->type == TYPE_GROUPCHAT || xml_child(m, NS_CARBONS, "private") || xml_child(m, NS_HINTS, "no-copy"))
		return false;
	if (t->type == TYPE_ERROR)
		return is_about_copied(t, peer);
	if (is_invitation(m))
		return true;
	if (is_from_room(t))
		return false;
	return t->type == TYPE_CHAT || (t->type == TYPE_NORMAL && xml_child(m, NS_CLIENT, "body")) || is_for_people(m);
}

/* --- copies: §7, §8 --- */

static bool is_sender(const struct turn *t, const struct session *s)
{
	return s == t->session || (jid_same_bare(t->from, t->account->address) && t->from->resource && strcmp(t->from->resource, s->resource) == 0);
}

static bool gets_copy(const struct turn *t, const struct session *s)
{
	return wants_copies(s) && !is_sender(t, s) && !turn_delivers_to(t, s);
}

/* All but its `to`, which is each session's own. */
static struct xml *wrap(struct turn *t, const char *direction)
{
	struct arena *a = t->arena;
	return EL(a, NS_CLIENT, "message", ATTR(a, "type", xml_get(t->stanza, "type")), ATTR(a, "from", t->account->jid),
		EL(a, NS_CARBONS, direction, EL(a, NS_FORWARD, "forwarded", xml_clone(a, t->stanza))));
}

static void copy(struct turn *t, const char *direction, const struct jid *peer)
{
	struct xml *wrapper = NULL;
	EACH_SESSION(t->account, s) {
		if (!gets_copy(t, s))
			continue;
		if (!wrapper && !is_eligible(t, peer))
			return;
		if (!wrapper)
			remember(t, peer);
		wrapper = wrapper ? xml_shallow(t->arena, wrapper) : wrap(t, direction);
		xml_set(t->arena, wrapper, "to", s->jid->full);
		turn_deliver(t, s, wrapper);
	}
}

/* To oneself it comes back, and is copied then. */
static enum stanza_error sent(struct turn *t)
{
	if (t->account->session_count > 1 && !jid_same_bare(t->to, t->account->address))
		copy(t, "sent", t->to);
	return OK;
}

static enum stanza_error received(struct turn *t)
{
	copy(t, "received", t->from);
	return OK;
}

/* --- forged ones: §11 --- */

static bool is_copy(const struct xml *message)
{
	for (const struct xml *el = message->first; el; el = el->next)          /* every message comes by here */
		if (el->ns == NS_CARBONS && strcmp(el->name, "private") != 0)
			return true;
	return false;
}

static enum stanza_error refuse_forged(struct turn *t)
{
	return is_copy(t->stanza) ? NOT_ACCEPTABLE : OK;
}

static void keep(void *wanted)
{
}

/* --- over a restart --- */

static struct xml *save(const struct session *s, struct arena *a)
{
	return session_data(s, &mod_carbons) ? EL(a, NS_CALL, "enabled") : NULL;
}

static void restore(struct session *s, const struct xml *el)
{
	enable(s, true);
}

const struct module mod_carbons = {
	.name     = "carbons",
	.title    = "Message Carbons",
	.xep      = 280,
	.features = FEATURES(NS_CARBONS, NS_CARBONS_RULES),
	.account_features = FEATURES(NS_CARBONS, NS_CARBONS_RULES),
	.iqs      = IQS({ NS_CARBONS, "enable", IQ_SET, TO_SELF | TO_ACCOUNT, set }, { NS_CARBONS, "disable", IQ_SET, TO_SELF | TO_ACCOUNT, set }),
	.hooks    = HOOKS(ON_MESSAGE_SENT(AT_GUARD, refuse_forged), ON_MESSAGE(AT_GUARD, refuse_forged),
		ON_MESSAGE_SENT(AT_COPY, sent), ON_MESSAGE(AT_DELIVER, received)),
	.bind_feature = NS_CARBONS,
	.bind         = bind,
	.live_free    = mem_free,
	.session_free = keep,
	.session_save = save,
	.session_restore = restore,
};

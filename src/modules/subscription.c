/*
 * RFC 6121 §3: subscriptions are asked for, granted, refused and ended.
 *
 * What a stanza does is in the tables of Appendix A (subscription_state.c);
 * here is what follows from it: the roster, pushes, presence, and requests
 * that wait for an answer, kept whole.
 *
 * Two rosters take part, and no transaction spans them. So what was lost
 * between them heals: an unanswered request goes out again when its user comes
 * online, one that was granted is answered at once, and a server that asks for
 * presence without right is told that there is no subscription (presence.c).
 */
#include "modules/subscription.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/portable.h"
#include "core/route.h"
#include "core/session.h"
#include "modules/modules.h"
#include "modules/presence.h"
#include "xml/parser.h"
#include <string.h>

static const char Q_REQUEST_PUT[] =
	"INSERT INTO subscription_request (account, jid, stanza) VALUES (?1, ?2, ?3) ON CONFLICT (account, jid) DO UPDATE SET stanza = ?3";
static const char Q_REQUEST_REMOVE[] = "DELETE FROM subscription_request WHERE account = ?1 AND jid = ?2";
static const char Q_REQUESTS[] = "SELECT stanza FROM subscription_request WHERE account = ?1 ORDER BY jid";
/* Imported: whoever sees us already asks for nothing, and a request that is here stays. */
static const char Q_ASKS[] =
	"INSERT INTO roster (account, jid, subscription, approved, listed) VALUES (?1, ?2, 2, 0, 0) ON CONFLICT (account, jid) DO UPDATE SET"
	" subscription = CASE roster.subscription WHEN 0 THEN 2 WHEN 1 THEN 3 WHEN 4 THEN 5 ELSE roster.subscription END";
static const char Q_REQUEST_ADD[] =
	"INSERT OR IGNORE INTO subscription_request (account, jid, stanza)"
	" SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM roster WHERE account = ?1 AND jid = ?2 AND subscription IN (2, 3, 5))";
static const char Q_FORGET[] = "DELETE FROM subscription_request WHERE account = ?1";

static const char *const words[] = { "subscribe", "subscribed", "unsubscribe", "unsubscribed" };

static enum subscription_verb verb_of(const struct turn *t)
{
	return t->type == TYPE_SUBSCRIBE ? VERB_SUBSCRIBE : t->type == TYPE_SUBSCRIBED ? VERB_SUBSCRIBED
		: t->type == TYPE_UNSUBSCRIBE ? VERB_UNSUBSCRIBE : VERB_UNSUBSCRIBED;
}

/* §3: between bare addresses only. */
static struct xml *stamped(struct turn *t, const char *from, const char *to)
{
	struct xml *el = xml_shallow(t->arena, t->stanza);
	xml_set(t->arena, el, "from", from);
	xml_set(t->arena, el, "to", to);
	return el;
}

static void say(struct turn *t, enum subscription_verb verb, const char *to, const char *id)
{
	struct arena *a = t->arena;
	turn_send(t, EL(a, NS_CLIENT, "presence", ATTR(a, "type", words[verb]), ATTR(a, "from", t->account->jid),
		ATTR(a, "to", to), ATTR(a, "id", id)));
}

/* --- what changes --- */

static bool is_visible(const struct contact *old, const struct contact *new)
{
	return old->is_listed != new->is_listed || (new->is_listed && (old->is_approved != new->is_approved
		|| subscription_is_out(old->subscription) != subscription_is_out(new->subscription)
		|| strcmp(subscription_word(old->subscription), subscription_word(new->subscription)) != 0));
}

/* The roster takes what became of a contact. A push only when a client could see the difference. */
static void change(struct turn *t, const struct contact *old, const struct contact *new)
{
	if (old->subscription == new->subscription && old->is_approved == new->is_approved && old->is_listed == new->is_listed)
		return;
	if (subscription_is_in(old->subscription) && !subscription_is_in(new->subscription))
		turn_write(t, Q_REQUEST_REMOVE, V(t->account->id), V(new->jid));
	roster_put(t, new);
	if (is_visible(old, new))
		roster_push(t, new);
}

/* --- outbound: §A.2 --- */

/* A contact enters the roster by a request of ours, by our approval, or by one in advance (§3.1.2, §3.1.5, §3.4.2). */
static struct contact after_sending(const struct contact *old, enum subscription_verb verb)
{
	const struct subscription_step *step = &subscription_outbound[verb][old->subscription];
	struct contact new = *old;
	new.subscription = step->next;
	new.is_approved = step->preapproves || (old->is_approved && verb != VERB_UNSUBSCRIBED);
	new.is_listed = old->is_listed || step->preapproves || subscription_is_out(step->next) || subscription_is_from(step->next);
	return new;
}

static enum stanza_error sent(struct turn *t)
{
	if (t->kind != KIND_SUBSCRIBE || t->type == TYPE_PROBE)
		return OK;
	if (!t->was_addressed)
		return BAD_REQUEST;
	if (jid_same_bare(t->to, t->account->address))
		return HANDLED;                      /* one always sees oneself */
	enum subscription_verb verb = verb_of(t);
	const char *to = t->to->bare;
	if (verb == VERB_SUBSCRIBE && !route_leads_to(t->to->domain))
		return REMOTE_SERVER_NOT_FOUND;
	struct contact old = roster_contact(t, to), new = after_sending(&old, verb);
	const struct subscription_step *step = &subscription_outbound[verb][old.subscription];
	if (new.is_listed && !old.is_listed && roster_is_full(t))
		return POLICY_VIOLATION;
	bool was_seen = subscription_is_from(old.subscription), is_seen = subscription_is_from(new.subscription);
	if (was_seen && !is_seen)
		presence_hide(t, to);                /* §3.2.2: while it is still subscribed */
	if (step->passes)
		turn_send(t, stamped(t, t->account->jid, to));
	change(t, &old, &new);
	if (is_seen && !was_seen)
		presence_show(t, to);                /* §3.1.5 */
	return HANDLED;
}

void subscription_end(struct turn *t, const struct contact *c)
{
	const char *to = arena_string(t->arena, c->jid);
	if (subscription_is_to(c->subscription) || subscription_is_out(c->subscription))
		say(t, VERB_UNSUBSCRIBE, to, NULL);
	if (!subscription_is_from(c->subscription))
		return;
	presence_hide(t, to);
	say(t, VERB_UNSUBSCRIBED, to, NULL);
}

/* --- inbound: §A.3 --- */

static void to_available(struct turn *t, const struct xml *stanza)
{
	EACH_SESSION(t->account, s)
		if (s->is_available && s->stream)
			turn_deliver(t, s, stanza);
}

/* §3.1.3: the whole stanza; of one that is too large for keeping what matters. */
static const char *for_keeping(struct turn *t, struct xml *request)
{
	char *text = xml_string(t->arena, request, NS_CLIENT);
	if ((int64_t)strlen(text) <= host_int(t->host, &mod_subscription, "request_size"))
		return text;
	struct xml *head = xml_shallow(t->arena, request);
	head->first = head->last = NULL;
	return xml_string(t->arena, head, NS_CLIENT);
}

/* An approval by the server: asked again for what was granted, or approved in advance (§3.1.3, §3.4.2). */
static void grant(struct turn *t, const struct contact *old)
{
	struct contact new = *old;
	if (!subscription_is_from(old->subscription)) {
		enum subscription asked = subscription_inbound[VERB_SUBSCRIBE][old->subscription].next;
		new.subscription = subscription_outbound[VERB_SUBSCRIBED][asked].next;
	}
	say(t, VERB_SUBSCRIBED, old->jid, t->id);
	change(t, old, &new);
	presence_show(t, old->jid);
}

static enum stanza_error asked(struct turn *t, const struct contact *old)
{
	const struct subscription_step *step = &subscription_inbound[VERB_SUBSCRIBE][old->subscription];
	const struct roster_block *b = roster_of(t->account);
	if (step->answers || (step->passes && old->is_approved)) {
		grant(t, old);
		return HANDLED;
	}
	if (!step->passes)
		return HANDLED;
	if (b && b->asking >= host_int(t->host, &mod_subscription, "requests")) {
		limit_reached(LIMIT_SUBSCRIPTION_REQUESTS);
		return HANDLED;
	}
	struct contact new = *old;
	struct xml *request = stamped(t, old->jid, t->account->jid);
	new.subscription = step->next;
	turn_write(t, Q_REQUEST_PUT, V(t->account->id), V(old->jid), V(for_keeping(t, request)));
	change(t, old, &new);
	to_available(t, request);
	return HANDLED;
}

static enum stanza_error came(struct turn *t)
{
	if (t->kind != KIND_SUBSCRIBE || t->type == TYPE_PROBE)
		return OK;
	if (jid_same_bare(t->from, t->account->address))
		return HANDLED;
	enum subscription_verb verb = verb_of(t);
	struct contact old = roster_contact(t, t->from->bare), new = old;
	if (verb == VERB_SUBSCRIBE)
		return asked(t, &old);
	if (t->to->resource && !account_session(t->account, t->to->resource))
		return HANDLED;                      /* §8.5.3.2.2 */
	const struct subscription_step *step = &subscription_inbound[verb][old.subscription];
	if (!step->passes)
		return HANDLED;
	new.subscription = step->next;
	bool was_seen = subscription_is_from(old.subscription);
	if (was_seen && !subscription_is_from(new.subscription))
		presence_hide(t, old.jid);           /* §3.3.3 */
	if (step->answers)
		say(t, VERB_UNSUBSCRIBED, old.jid, NULL);
	roster_tell(t, stamped(t, old.jid, t->account->jid));            /* before the push: §3.1.6, §3.2.3, §3.3.3 */
	change(t, &old, &new);
	return HANDLED;
}

/* --- a session comes online --- */

enum stanza_error subscription_recall(struct turn *t, read_function *online)
{
	const struct roster_block *b = roster_of(t->account);
	if (!b || !b->asking)
		return online(t, NULL);
	return turn_read_to_write(t, online, Q_REQUESTS, V(t->account->id));     /* holds: presence keeps its order */
}

void subscription_remind(struct turn *t, const struct rows *requests)
{
	struct contact c;
	size_t at = 0;
	for (const struct row *r = requests ? requests->first : NULL; r; r = r->next) {
		const char *text = row_text(r, 0);
		struct xml *request = xml_parse(t->arena, text, strlen(text), NS_CLIENT);
		if (request)
			turn_deliver(t, t->session, request);
	}
	while (roster_block_next(roster_of(t->account), &at, &c)) {
		if (!subscription_is_out(c.subscription))
			continue;
		const char *to = arena_string(t->arena, c.jid);
		say(t, VERB_SUBSCRIBE, to, arena_printf(t->arena, "again-%s", to));
	}
}

/* --- to another server and from one (XEP-0227 §4.9) --- */

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	for (const struct row *row = rows->first; row; row = row->next) {
		const char *text = row_text(row, 0);
		xml_append(user, xml_parse(a, text, strlen(text), NS_CLIENT));
	}
	return 0;
}

static enum import_verdict import(struct importing *in, const struct xml *child)
{
	const char *type = xml_get(child, "type"), *from = xml_get(child, "from");
	if (!xml_is(child, NS_CLIENT, "presence"))
		return IMPORT_NOT_MINE;
	const struct jid *asks = from ? jid_parse(in->arena, from) : NULL;
	if (!type || strcmp(type, "subscribe") != 0 || !asks || jid_same_bare(asks, in->jid))
		return IMPORT_WRONG;
	struct xml *request = xml_shallow(in->arena, child);
	xml_set(in->arena, request, "from", asks->bare);
	xml_set(in->arena, request, "to", in->jid->bare);
	import_put(in, Q_ASKS, V(in->account), V(asks->bare));
	import_put(in, Q_REQUEST_ADD, V(in->account), V(asks->bare), V(xml_string(in->arena, request, NS_CLIENT)));
	return IMPORT_TAKEN;
}

const struct module mod_subscription = {
	.name       = "subscription",
	.is_needed = true,
	.title      = "Presence Subscriptions",
	.hooks      = HOOKS(ON_PRESENCE_SENT(AT_DELIVER, sent), ON_PRESENCE(AT_DELIVER, came)),
	.forget     = FORGET(Q_FORGET),
	.portable   = &(const struct portable){ .query = Q_REQUESTS, .export = export, .import = import },
	.options    = OPTIONS(
		{ "requests", OPTION_INT, "500", "Subscription requests that may wait for one account's answer; what comes beyond is ignored", 0, 1000000 },
		{ "request_size", OPTION_SIZE, "10k", "Bytes of a request that waits; of a larger one only its addresses are kept", 0, 1 << 20 }),
	.migrations = MIGRATIONS(
		{ "subscription", 1,
		  "CREATE TABLE subscription_request (account INTEGER NOT NULL, jid TEXT NOT NULL, stanza TEXT NOT NULL,"
		  " PRIMARY KEY (account, jid)) WITHOUT ROWID;" }),
};

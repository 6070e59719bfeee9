/*
 * XEP-0175 §3: what an anonymous user may do.
 *
 * Nobody knows who that is. So it reaches no further than is allowed here, has
 * no subscriptions, sets nothing that would be kept (core/iq.c), and what is
 * sent to it when it isn't there comes back.
 */
#include "core/account.h"
#include "core/component.h"
#include "core/host.h"
#include "modules/modules.h"
#include <string.h>

enum reach { REACH_DOMAIN, REACH_SERVER, REACH_ANYWHERE };

/* The domain, and its services: rooms.example.com is below example.com. */
static bool is_of(const char *domain, const char *own)
{
	const size_t length = strlen(domain), own_length = strlen(own);
	if (length < own_length || strcmp(domain + length - own_length, own) != 0)
		return false;
	return length == own_length || domain[length - own_length - 1] == '.';
}

static bool reaches(const struct turn *t)
{
	const enum reach reach = (enum reach)host_int(t->host, &mod_anonymous, "reach");
	if (reach == REACH_ANYWHERE || is_of(t->to->domain, t->account->address->domain))
		return true;
	return reach == REACH_SERVER && (host_find(t->to->domain) || component_of(t->to->domain));
}

static enum stanza_error sent(struct turn *t)
{
	if (!t->account->is_anonymous || !t->was_addressed || t->type == TYPE_ERROR || t->type == TYPE_RESULT)
		return OK;
	return reaches(t) ? OK : FORBIDDEN;
}

static enum stanza_error presence_sent(struct turn *t)
{
	return t->account->is_anonymous && t->kind == KIND_SUBSCRIBE && t->type != TYPE_PROBE ? FORBIDDEN : sent(t);
}

/* Nobody is there to answer later. A request gets the answer that it would never get. */
static enum stanza_error presence(struct turn *t)
{
	struct arena *a = t->arena;
	if (!t->account->is_anonymous || t->kind != KIND_SUBSCRIBE || t->type == TYPE_PROBE)
		return OK;
	if (t->type == TYPE_SUBSCRIBE)
		turn_send(t, EL(a, NS_CLIENT, "presence", ATTR(a, "type", "unsubscribed"), ATTR(a, "to", arena_string(a, t->from->bare)),
			ATTR(a, "id", t->id)));
	return HANDLED;
}

static enum stanza_error missed(struct turn *t)
{
	return t->account->is_anonymous && !t->is_delivered && t->type != TYPE_ERROR ? SERVICE_UNAVAILABLE : OK;
}

const struct module mod_anonymous = {
	.name    = "anonymous",
	.is_needed = true,
	.title   = "What anonymous users may do",
	.xep     = 175,
	.hooks   = HOOKS(ON_MESSAGE_SENT(AT_LIMIT, sent), ON_PRESENCE_SENT(AT_LIMIT, presence_sent), ON_IQ_SENT(AT_LIMIT, sent),
		ON_PRESENCE(AT_GUARD, presence), ON_MESSAGE(AT_MISS, missed)),
	.options = OPTIONS(
		{ "reach", OPTION_ENUM, "domain", "Whom anonymous users may write to: the domain and those below it, all of this server, or anywhere", 0, 0,
		  "domain server anywhere" }),
};

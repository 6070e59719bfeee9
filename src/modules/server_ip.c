/*
 * XEP-0279 Server IP Check: from which address a client comes, told to that
 * client and to nobody else. Behind a proxy it is what the proxy's header
 * says; a Unix socket has none.
 */
#include "core/session.h"
#include "modules/modules.h"
#include "modules/own.h"
#include <string.h>

/* "192.0.2.1:40312" or "[2001:db8::1]:40312": false when it is neither. */
static bool split(struct arena *a, const char *peer, const char **ip, const char **port)
{
	const char *colon = strrchr(peer, ':');
	bool is_v6 = *peer == '[';
	if (!colon || (!is_v6 && strchr(peer, ':') != colon) || !strchr("[0123456789", *peer))
		return false;
	*ip = is_v6 ? arena_copy(a, peer + 1, (size_t)(colon - peer) - 2) : arena_copy(a, peer, (size_t)(colon - peer));
	*port = colon + 1;
	return true;
}

static enum stanza_error tell(struct turn *t)
{
	struct arena *a = t->arena;
	const char *ip, *port;
	if (!t->session)
		return FORBIDDEN;
	if (!t->session->stream)
		return HANDLED;                      /* it has gone */
	struct session_facts facts = t->session->stream->facts(t->session->stream_with);
	if (!split(a, arena_string(a, facts.peer), &ip, &port))
		return ITEM_NOT_FOUND;
	turn_reply(t, EL(a, NS_SIC, "address", EL(a, NS_SIC, "ip", TEXT(a, ip)), EL(a, NS_SIC, "port", TEXT(a, port))));
	return OK;
}

/* §4: "a server MUST NOT return the IP address of another client". */
static enum stanza_error refuse(struct turn *t)
{
	return is_asked_of_another(t, NS_SIC, "address") ? FORBIDDEN : OK;
}

const struct module mod_server_ip = {
	.name     = "server_ip",
	.title    = "Server IP Check",
	.xep      = 279,
	.features = FEATURES(NS_SIC),
	.iqs      = IQS({ NS_SIC, "address", IQ_GET, TO_HOST | TO_SELF, tell }),
	.hooks    = HOOKS(ON_IQ_SENT(AT_GUARD, refuse)),
};

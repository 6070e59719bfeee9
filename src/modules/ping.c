/*
 * XEP-0199 XMPP Ping: we are here.
 *
 * An account's answer would tell a stranger that it exists, so only those who
 * may see its presence get one.
 */
#include "modules/modules.h"
#include "modules/roster.h"

static enum stanza_error ping(struct turn *t)
{
	turn_reply(t, NULL);
	return OK;
}

static enum stanza_error ping_account(struct turn *t)
{
	return roster_may_see(t->account, t->from) ? ping(t) : SERVICE_UNAVAILABLE;
}

const struct module mod_ping = {
	.name             = "ping",
	.title            = "XMPP Ping",
	.xep              = 199,
	.features         = FEATURES(NS_PING),
	.account_features = FEATURES(NS_PING),
	.iqs              = IQS({ NS_PING, "ping", IQ_GET, TO_HOST, ping }, { NS_PING, "ping", IQ_GET, TO_ACCOUNT, ping_account }),
};

/*
 * RFC 6121 §8.5: a message finds its sessions.
 *
 *   to              normal        chat          groupchat     headline      error
 *   bare            best          best          refused       all ≥ 0       dropped
 *   full, there     that session, whatever its priority and presence
 *   full, not there refused       as to bare    refused       dropped       dropped
 *
 * Best: the sessions with the highest priority that is not negative. Who finds
 * none goes on to AT_MISS, where it may be kept; what nobody keeps is refused
 * AT_FAIL. What is refused is refused alike whether there is such an account,
 * or somebody online: nobody learns of it.
 */
#include "core/host.h"
#include "core/session.h"
#include "modules/modules.h"
#include <limits.h>

enum { DELIVER_BEST, DELIVER_ALL };           /* the words of the setting `deliver` */

static bool is_open(const struct session *s)
{
	return s->is_available && s->priority >= 0 && s->stream;
}

/* The lowest priority that is good enough. */
static int threshold(const struct turn *t)
{
	int best = INT_MAX;
	unsigned open = 0;
	EACH_SESSION(t->account, s) {
		if (!is_open(s))
			continue;
		best = !open++ || s->priority > best ? s->priority : best;
	}
	return open > 1 && host_int(t->host, &mod_message, "deliver") == DELIVER_ALL ? 0 : best;
}

static void to_those_from(struct turn *t, int least)
{
	EACH_SESSION(t->account, s)
		if (is_open(s) && s->priority >= least)
			turn_deliver(t, s, t->stanza);
}

static enum stanza_error to_account(struct turn *t)                      /* §8.5.2.1.1 */
{
	switch (t->type) {
	case TYPE_NORMAL:
	case TYPE_CHAT:
		to_those_from(t, threshold(t));
		return OK;
	case TYPE_HEADLINE:
		to_those_from(t, 0);
		return t->is_delivered ? OK : HANDLED;
	case TYPE_GROUPCHAT:
		return SERVICE_UNAVAILABLE;
	default:                                     /* an error; a message has no other types */
		return HANDLED;
	}
}

/* §8.5.3.2.1. One that comes back from a session that ended was taken once: it goes on like chat. */
static enum stanza_error to_nobody(struct turn *t)
{
	if (t->type == TYPE_CHAT || (t->type == TYPE_NORMAL && turn_kept_key(t)))
		return to_account(t);
	return t->type == TYPE_NORMAL || t->type == TYPE_GROUPCHAT ? SERVICE_UNAVAILABLE : HANDLED;
}

static enum stanza_error deliver(struct turn *t)
{
	if (!t->to->resource)
		return to_account(t);
	struct session *s = account_session(t->account, t->to->resource);
	if (!s)
		return to_nobody(t);
	turn_deliver(t, s, t->stanza);               /* §8.5.3.1 */
	return OK;
}

static enum stanza_error refuse(struct turn *t)                          /* §8.5.2.2.1 */
{
	return t->is_delivered ? OK : SERVICE_UNAVAILABLE;
}

const struct module mod_message = {
	.name    = "message",
	.is_needed = true,
	.title   = "Message Delivery",
	.hooks   = HOOKS(ON_MESSAGE(AT_DELIVER, deliver), ON_MESSAGE(AT_FAIL, refuse)),
	.options = OPTIONS(
		{ "deliver", OPTION_ENUM, "best", "A message to an account goes to its sessions of the highest priority, or to all that are not negative", 0, 0, "best all" }),
};

/*
 * Which messages wait for their recipient: by type (XEP-0160 §3), by what is
 * in them, and by what their sender asks for (XEP-0334 §4).
 */
#include "modules/offline.h"
#include <string.h>

/* About the message, nothing to read in itself. */
static bool is_marginal(const struct xml *el)
{
	return el->ns == NS_HINTS || el->ns == NS_STANZA_ID || el->ns == NS_DELAY || xml_is(el, NS_CLIENT, "thread");
}

/* XEP-0085 alone: what somebody did at his keyboard then. */
static bool is_only_state(const struct xml *message)
{
	bool has_state = false;
	for (const struct xml *el = xml_first(message); el; el = xml_next(el, NULL, NULL)) {
		if (el->ns == NS_CHAT_STATES)
			has_state = true;
		else if (!is_marginal(el))
			return false;
	}
	return has_state;
}

enum worth offline_worth(const struct xml *message, enum type type)
{
	if (type == TYPE_ERROR)
		return WORTH_NOTHING;                    /* hints don't count in errors: XEP-0334 §5 */
	if (type == TYPE_GROUPCHAT)
		return WORTH_AN_ERROR;
	if (xml_child(message, NS_HINTS, "no-store"))
		return type == TYPE_HEADLINE || is_only_state(message) ? WORTH_NOTHING : WORTH_AN_ERROR;
	if (xml_child(message, NS_HINTS, "store"))
		return WORTH_KEEPING;
	return type == TYPE_HEADLINE || is_only_state(message) ? WORTH_NOTHING : WORTH_KEEPING;
}

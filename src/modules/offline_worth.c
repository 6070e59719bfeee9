/*
 * Which messages wait for their recipient: by type (XEP-0160 §3), by what is
 * in them, and by what their sender asks for (XEP-0334 §4, XEP-0131 §5.4).
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

/* XEP-0131 §5.4: "true" only is a yes. */
static bool may_be_stored(const struct xml *message)
{
	const struct xml *header = xml_child(xml_child(message, NS_SHIM, "headers"), NS_SHIM, "header");
	for (; header; header = xml_next(header, NS_SHIM, "header")) {
		const char *name = xml_get(header, "name");
		const struct xml *value = header->first;
		if (name && strcmp(name, "Store") == 0 && (!value || value->name || strcmp(value->text, "true") != 0))
			return false;
	}
	return true;
}

enum worth offline_worth(const struct xml *message, enum type type)
{
	if (type == TYPE_ERROR)
		return WORTH_NOTHING;                    /* hints don't count in errors: XEP-0334 §5 */
	if (type == TYPE_GROUPCHAT)
		return WORTH_AN_ERROR;
	if (xml_child(message, NS_HINTS, "no-store") || !may_be_stored(message))
		return type == TYPE_HEADLINE || is_only_state(message) ? WORTH_NOTHING : WORTH_AN_ERROR;
	if (xml_child(message, NS_HINTS, "store"))
		return WORTH_KEEPING;
	return type == TYPE_HEADLINE || is_only_state(message) ? WORTH_NOTHING : WORTH_KEEPING;
}

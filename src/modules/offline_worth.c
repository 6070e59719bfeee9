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

/* Of that moment, and nothing later: what somebody did at his keyboard (XEP-0085, XEP-0301), or a call for attention (XEP-0224). */
static bool is_momentary(const struct xml *el)
{
	return el->ns == NS_CHAT_STATES || xml_is(el, NS_REAL_TIME_TEXT, "rtt") || xml_is(el, NS_ATTENTION, "attention");
}

static bool is_only_momentary(const struct xml *message)
{
	bool has_one = false;
	for (const struct xml *el = xml_first(message); el; el = xml_next(el, NULL, NULL)) {
		if (is_momentary(el))
			has_one = true;
		else if (!is_marginal(el))
			return false;
	}
	return has_one;
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
		return type == TYPE_HEADLINE || is_only_momentary(message) ? WORTH_NOTHING : WORTH_AN_ERROR;
	if (xml_child(message, NS_HINTS, "store"))
		return WORTH_KEEPING;
	return type == TYPE_HEADLINE || is_only_momentary(message) ? WORTH_NOTHING : WORTH_KEEPING;
}

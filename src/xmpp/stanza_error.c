/* The table of RFC 6120 §8.3.3 and the elements made from it. Where it leaves a choice of types, the first is taken. */
#include "xmpp/stanza_error.h"
#include "base/check.h"
#include "xmpp/ns.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const struct {
	const char *name, *type, *code;      /* code: XEP-0086's; NULL: it knows none */
} conditions[STANZA_ERRORS] = {
	[BAD_REQUEST]             = { "bad-request",             "modify", "400" },
	[CONFLICT]                = { "conflict",                "cancel", "409" },
	[FEATURE_NOT_IMPLEMENTED] = { "feature-not-implemented", "cancel", "501" },
	[FORBIDDEN]               = { "forbidden",               "auth",   "403" },
	[GONE]                    = { "gone",                    "cancel", "302" },
	[INTERNAL_SERVER_ERROR]   = { "internal-server-error",   "cancel", "500" },
	[ITEM_NOT_FOUND]          = { "item-not-found",          "cancel", "404" },
	[JID_MALFORMED]           = { "jid-malformed",           "modify", "400" },
	[NOT_ACCEPTABLE]          = { "not-acceptable",          "modify", "406" },
	[NOT_ALLOWED]             = { "not-allowed",             "cancel", "405" },
	[NOT_AUTHORIZED]          = { "not-authorized",          "auth",   "401" },
	[POLICY_VIOLATION]        = { "policy-violation",        "modify" },
	[RECIPIENT_UNAVAILABLE]   = { "recipient-unavailable",   "wait",   "404" },
	[REDIRECT]                = { "redirect",                "modify", "302" },
	[REGISTRATION_REQUIRED]   = { "registration-required",   "auth",   "407" },
	[REMOTE_SERVER_NOT_FOUND] = { "remote-server-not-found", "cancel", "404" },
	[REMOTE_SERVER_TIMEOUT]   = { "remote-server-timeout",   "wait",   "504" },
	[RESOURCE_CONSTRAINT]     = { "resource-constraint",     "wait",   "500" },
	[SERVICE_UNAVAILABLE]     = { "service-unavailable",     "cancel", "503" },
	[SUBSCRIPTION_REQUIRED]   = { "subscription-required",   "auth",   "407" },
	[UNDEFINED_CONDITION]     = { "undefined-condition",     "cancel", "500" },
	[UNEXPECTED_REQUEST]      = { "unexpected-request",      "wait",   "400" },
};

const char *stanza_error_name(enum stanza_error error)
{
	return conditions[error].name;
}

const char *stanza_error_type(enum stanza_error error)
{
	return conditions[error].type;
}

void stanza_error_add_code(struct arena *a, struct xml *stanza)
{
	const struct xml *error = stanza ? xml_child(stanza, stanza->ns, "error") : NULL;
	if (error)
		xml_set(a, (struct xml *)(uintptr_t)error, "code", conditions[stanza_error_read(stanza)].code);
}

static enum stanza_error find(const char *name)
{
	for (enum stanza_error e = BAD_REQUEST; e < STANZA_ERRORS; e++)
		if (strcmp(name, conditions[e].name) == 0)
			return e;
	return OK;
}

enum stanza_error stanza_error_read(const struct xml *stanza)
{
	const struct xml *error = stanza ? xml_child(stanza, stanza->ns, "error") : NULL;
	if (!error)
		return OK;
	const struct xml *child = xml_child(error, NS_STANZA_ERRORS, NULL);
	for (; child; child = xml_next(child, NS_STANZA_ERRORS, NULL))
		if (find(child->name))
			return find(child->name);
	return UNDEFINED_CONDITION;
}

/* RFC 6120 §8.3.2: the words name their language. */
static struct xml *words(struct arena *a, const char *text)
{
	if (!text)
		return NULL;
	struct xml *el = EL(a, NS_STANZA_ERRORS, "text", TEXT(a, text));
	xml_set_lang(a, el, "en");
	return el;
}

/* In the stanza's own namespace, which is the client's, the servers' or a component's. */
static struct xml *error_in(struct arena *a, const char *ns, enum stanza_error error, const char *text, const struct xml *application)
{
	ASSERT(error > HANDLED && error < STANZA_ERRORS);
	return EL(a, ns, "error",
		ATTR(a, "type", conditions[error].type),
		EL(a, NS_STANZA_ERRORS, conditions[error].name),
		words(a, text),
		application ? xml_clone(a, application) : NULL);
}

struct xml *stanza_error_element(struct arena *a, enum stanza_error error, const char *text, const struct xml *application)
{
	return error_in(a, NS_CLIENT, error, text, application);
}

static bool may_be_answered(const struct xml *stanza)
{
	const char *type = xml_get(stanza, "type");
	if (!type)
		return true;
	bool is_result = strcmp(stanza->name, "iq") == 0 && strcmp(type, "result") == 0;
	return !is_result && strcmp(type, "error") != 0;
}

struct xml *stanza_error_reply(struct arena *a, const struct xml *stanza, enum stanza_error error, const char *text, const struct xml *application)
{
	if (!may_be_answered(stanza))
		return NULL;
	return EL(a, stanza->ns, stanza->name,
		ATTR(a, "type", "error"),
		ATTR(a, "id", xml_get(stanza, "id")),
		ATTR(a, "from", xml_get(stanza, "to")),
		ATTR(a, "to", xml_get(stanza, "from")),
		error_in(a, stanza->ns, error, text, application));
}

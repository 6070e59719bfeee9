/* The table of RFC 6120 §8.3.3 and the elements made from it. Where it leaves a choice of types, the first is taken. */
#include "xmpp/stanza_error.h"
#include "base/check.h"
#include "xmpp/ns.h"
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *name, *type;
} conditions[STANZA_ERRORS] = {
	[BAD_REQUEST]             = { "bad-request",             "modify" },
	[CONFLICT]                = { "conflict",                "cancel" },
	[FEATURE_NOT_IMPLEMENTED] = { "feature-not-implemented", "cancel" },
	[FORBIDDEN]               = { "forbidden",               "auth"   },
	[GONE]                    = { "gone",                    "cancel" },
	[INTERNAL_SERVER_ERROR]   = { "internal-server-error",   "cancel" },
	[ITEM_NOT_FOUND]          = { "item-not-found",          "cancel" },
	[JID_MALFORMED]           = { "jid-malformed",           "modify" },
	[NOT_ACCEPTABLE]          = { "not-acceptable",          "modify" },
	[NOT_ALLOWED]             = { "not-allowed",             "cancel" },
	[NOT_AUTHORIZED]          = { "not-authorized",          "auth"   },
	[POLICY_VIOLATION]        = { "policy-violation",        "modify" },
	[RECIPIENT_UNAVAILABLE]   = { "recipient-unavailable",   "wait"   },
	[REDIRECT]                = { "redirect",                "modify" },
	[REGISTRATION_REQUIRED]   = { "registration-required",   "auth"   },
	[REMOTE_SERVER_NOT_FOUND] = { "remote-server-not-found", "cancel" },
	[REMOTE_SERVER_TIMEOUT]   = { "remote-server-timeout",   "wait"   },
	[RESOURCE_CONSTRAINT]     = { "resource-constraint",     "wait"   },
	[SERVICE_UNAVAILABLE]     = { "service-unavailable",     "cancel" },
	[SUBSCRIPTION_REQUIRED]   = { "subscription-required",   "auth"   },
	[UNDEFINED_CONDITION]     = { "undefined-condition",     "cancel" },
	[UNEXPECTED_REQUEST]      = { "unexpected-request",      "wait"   },
};

const char *stanza_error_name(enum stanza_error error)
{
	return conditions[error].name;
}

const char *stanza_error_type(enum stanza_error error)
{
	return conditions[error].type;
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

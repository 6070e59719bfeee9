/* The names of RFC 6120 §4.9.3, in its order, and the element. */
#include "xmpp/stream_error.h"
#include "base/check.h"
#include "xmpp/ns.h"
#include <string.h>

static const char *const names[STREAM_ERRORS] = {
	[STREAM_BAD_FORMAT]               = "bad-format",
	[STREAM_BAD_NAMESPACE_PREFIX]     = "bad-namespace-prefix",
	[STREAM_CONFLICT]                 = "conflict",
	[STREAM_CONNECTION_TIMEOUT]       = "connection-timeout",
	[STREAM_HOST_GONE]                = "host-gone",
	[STREAM_HOST_UNKNOWN]             = "host-unknown",
	[STREAM_IMPROPER_ADDRESSING]      = "improper-addressing",
	[STREAM_INTERNAL_SERVER_ERROR]    = "internal-server-error",
	[STREAM_INVALID_FROM]             = "invalid-from",
	[STREAM_INVALID_NAMESPACE]        = "invalid-namespace",
	[STREAM_INVALID_XML]              = "invalid-xml",
	[STREAM_NOT_AUTHORIZED]           = "not-authorized",
	[STREAM_NOT_WELL_FORMED]          = "not-well-formed",
	[STREAM_POLICY_VIOLATION]         = "policy-violation",
	[STREAM_REMOTE_CONNECTION_FAILED] = "remote-connection-failed",
	[STREAM_RESET]                    = "reset",
	[STREAM_RESOURCE_CONSTRAINT]      = "resource-constraint",
	[STREAM_RESTRICTED_XML]           = "restricted-xml",
	[STREAM_SEE_OTHER_HOST]           = "see-other-host",
	[STREAM_SYSTEM_SHUTDOWN]          = "system-shutdown",
	[STREAM_UNDEFINED_CONDITION]      = "undefined-condition",
	[STREAM_UNSUPPORTED_ENCODING]     = "unsupported-encoding",
	[STREAM_UNSUPPORTED_FEATURE]      = "unsupported-feature",
	[STREAM_UNSUPPORTED_STANZA_TYPE]  = "unsupported-stanza-type",
	[STREAM_UNSUPPORTED_VERSION]      = "unsupported-version",
};

const char *stream_error_name(enum stream_error error)
{
	return names[error];
}

enum stream_error stream_error_read(const struct xml *error)
{
	const struct xml *child = xml_child(error, NS_STREAM_ERRORS, NULL);
	for (; child; child = xml_next(child, NS_STREAM_ERRORS, NULL))
		for (enum stream_error e = STREAM_NONE + 1; e < STREAM_ERRORS; e++)
			if (strcmp(child->name, names[e]) == 0)
				return e;
	return STREAM_UNDEFINED_CONDITION;
}

/* RFC 6120 §4.9.2: the words name their language. */
static struct xml *words(struct arena *a, const char *text)
{
	if (!text)
		return NULL;
	struct xml *el = EL(a, NS_STREAM_ERRORS, "text", TEXT(a, text));
	xml_set_lang(a, el, "en");
	return el;
}

struct xml *stream_error_element(struct arena *a, enum stream_error error, const char *text, const struct xml *application)
{
	ASSERT(error < STREAM_ERRORS && error != STREAM_SEE_OTHER_HOST);
	return EL(a, NS_STREAMS, "error",
		EL(a, NS_STREAM_ERRORS, names[error]),
		words(a, text),
		application ? xml_clone(a, application) : NULL);
}

struct xml *stream_error_elsewhere(struct arena *a, const char *host)
{
	return EL(a, NS_STREAMS, "error",
		EL(a, NS_STREAM_ERRORS, names[STREAM_SEE_OTHER_HOST], TEXT(a, host)));
}

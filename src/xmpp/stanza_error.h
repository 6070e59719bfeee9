/*
 * Stanza errors (RFC 6120 §8.3, XEP-0182).
 *
 * Handlers return one of these, and the core sends it; OK and HANDLED are no
 * errors but say how the stanza goes on.
 */
#pragma once
#include "base/arena.h"
#include "xml/xml.h"

enum stanza_error {
	OK,                          /* all is well, go on */
	HANDLED,                     /* the stanza has reached its end; no other handler sees it */
	BAD_REQUEST,
	CONFLICT,
	FEATURE_NOT_IMPLEMENTED,
	FORBIDDEN,
	GONE,
	INTERNAL_SERVER_ERROR,
	ITEM_NOT_FOUND,
	JID_MALFORMED,
	NOT_ACCEPTABLE,
	NOT_ALLOWED,
	NOT_AUTHORIZED,
	POLICY_VIOLATION,
	RECIPIENT_UNAVAILABLE,
	REDIRECT,
	REGISTRATION_REQUIRED,
	REMOTE_SERVER_NOT_FOUND,
	REMOTE_SERVER_TIMEOUT,
	RESOURCE_CONSTRAINT,
	SERVICE_UNAVAILABLE,
	SUBSCRIPTION_REQUIRED,
	UNDEFINED_CONDITION,
	UNEXPECTED_REQUEST,
	STANZA_ERRORS
};

const char *stanza_error_name(enum stanza_error);        /* the condition's element; NULL for OK and HANDLED */
const char *stanza_error_type(enum stanza_error);        /* its usual type; NULL for OK and HANDLED */
/* The stanza's <error/>, built here, gets the number by which old clients know it (XEP-0086); conditions younger than that have none. */
void stanza_error_add_code(struct arena *, struct xml *stanza);
/* The condition in a stanza's <error/>: UNDEFINED_CONDITION when we don't know it, OK when there is no <error/>. */
enum stanza_error stanza_error_read(const struct xml *stanza);

/*
 * <error/>, in NS_CLIENT, with the condition's usual type, words for a human and the
 * application's own condition, which is copied; either may be NULL. Where a
 * XEP wants another type, xml_set(error, "type", …) gives it.
 */
struct xml *stanza_error_element(struct arena *, enum stanza_error, const char *text, const struct xml *application);
/*
 * The answer to a stanza: addresses swapped, same id, type "error". What the
 * stanza carried is left out, as RFC 6120 §8.3.1 lets us: its sender knows it,
 * and nobody may depend on it. NULL when the stanza mustn't be answered so: it
 * is an error or a result itself.
 */
struct xml *stanza_error_reply(struct arena *, const struct xml *stanza, enum stanza_error, const char *text, const struct xml *application);

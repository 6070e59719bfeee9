/*
 * OAUTHBEARER: the client's message, and what is told when it fails (RFC 7628).
 */
#pragma once
#include <stddef.h>
#include "base/arena.h"
#include "xmpp/sasl_failure.h"

struct sasl_oauth {
	const char *authzid;         /* NULL when there is none */
	const char *token;           /* of the scheme Bearer */
	const char *host;            /* where the client says it connected to; NULL: it doesn't say */
};

/* Reads `message`, already decoded from base64. The strings lie in the arena. SASL_MALFORMED_REQUEST: it is none. */
enum sasl_failure sasl_oauth_parse(struct sasl_oauth *, struct arena *, const void *message, size_t size);

/* §3.2.2: why, as JSON. `scope` and `configuration` (a URL) may be NULL. */
const char *sasl_oauth_error(struct arena *, const char *status, const char *scope, const char *configuration);

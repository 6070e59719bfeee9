/*
 * PLAIN: the client's one message (RFC 4616).
 */
#pragma once
#include <stddef.h>
#include "base/arena.h"
#include "xmpp/sasl_failure.h"

struct sasl_plain {                  /* as sent: nothing is prepared yet */
	const char *authzid;         /* NULL when there is none */
	const char *authcid;
	char *password;
};

/*
 * Reads `message`, already decoded from base64. No part may be longer than
 * `longest` bytes; RFC 4616 §2 wants at least 255 to be accepted. The strings
 * lie in the arena, the password among them: wipe it with sasl_plain_forget.
 */
enum sasl_failure sasl_plain_parse(struct sasl_plain *, struct arena *, const void *message, size_t size, size_t longest);
void sasl_plain_forget(struct sasl_plain *);

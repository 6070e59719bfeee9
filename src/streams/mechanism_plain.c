/* PLAIN (RFC 4616): name and password in one message. */
#include "streams/exchange.h"
#include "streams/password.h"
#include "xmpp/sasl_plain.h"

static void first(struct exchange *x, const char *text, size_t size)
{
	struct sasl_plain p;
	enum sasl_failure wrong = sasl_plain_parse(&p, x->arena, text, size, JID_PART);
	if (wrong != SASL_OK) {
		exchange_fail(x, wrong, "PLAIN");
		return;
	}
	exchange_name(x, p.authcid);
	x->authzid = p.authzid;
	password_check(x, p.authcid, p.password);
}

const struct mechanism mechanism_plain = { "PLAIN", NEEDS_PRIVACY, SOURCE_KEYS | SOURCE_CHECK, .longest = MESSAGE_USUAL, .first = first, .clear = password_forget };

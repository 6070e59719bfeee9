/*
 * HT-SHA-256-* (draft-schmaus-kitten-sasl-ht): a token, proved in one message,
 * bound to the channel in the way of its mechanism. Only for FAST (XEP-0484).
 *
 *   client   name NUL HMAC(token, "Initiator" binding)
 *   server   HMAC(token, "Responder" binding)
 */
#include "streams/exchange.h"
#include "base/random.h"
#include "core/call.h"
#include "streams/bindings.h"
#include "streams/sasl2.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = 32, WHO = 9, BINDING = 64 };

struct own {
	const char *proof;           /* HASH bytes */
	struct bindings bindings;
	const struct scram_binding *binding;         /* NULL: none */
	unsigned char answer[HASH];
};

/* --- bindings --- */

static const char *binding_of(const struct mechanism *m)
{
	return m == &mechanism_ht_exporter ? "tls-exporter" : m == &mechanism_ht_unique ? "tls-unique" : "tls-server-end-point";
}

/* False: this channel has no such binding. */
static bool take_binding(struct c2s *c, const struct mechanism *m, struct own *own)
{
	if (m == &mechanism_ht_none)
		return true;
	bindings_take(&own->bindings, c);
	for (size_t i = 0; i < own->bindings.count; i++)
		if (strcmp(own->bindings.all[i].type, binding_of(m)) == 0)
			own->binding = &own->bindings.all[i];
	return own->binding;
}

static enum sasl_failure lacks(struct c2s *c, const struct mechanism *m)
{
	struct own own = { 0 };
	return take_binding(c, m, &own) ? SASL_OK : SASL_INVALID_MECHANISM;
}

#define LACKS(variable) static enum sasl_failure lacks_##variable(struct c2s *c) { return lacks(c, &mechanism_ht_##variable); }
LACKS(exporter)
LACKS(unique)
LACKS(end_point)
LACKS(none)

/* --- the proof --- */

static void hash(const struct own *own, const char *who, const unsigned char *token, size_t size, unsigned char out[HASH])
{
	unsigned char text[WHO + BINDING];
	size_t bound = own->binding ? own->binding->size : 0;
	memcpy(text, who, WHO);
	if (bound)
		memcpy(text + WHO, own->binding->data, bound);
	HMAC(EVP_sha256(), token, (int)size, text, WHO + bound, out, NULL);
}

static bool is_proof_of(struct own *own, const char *token)
{
	unsigned char right[HASH];
	size_t size = strlen(token);
	hash(own, "Initiator", (const unsigned char *)token, size, right);
	bool is_right = CRYPTO_memcmp(right, own->proof, HASH) == 0;
	if (is_right)
		hash(own, "Responder", (const unsigned char *)token, size, own->answer);
	return is_right;
}

static void refuse_expired(struct exchange *x)
{
	exchange_fail(x, SASL_CREDENTIALS_EXPIRED, "its token is too old");
}

/* All are looked at, whether one fits or not; who has none gets one that fits nothing. */
static void tokens_came(struct exchange *x, const struct xml *answer)
{
	struct own *own = x->own;
	const struct xml *found = NULL, *token = xml_first(answer);
	for (; token; token = xml_next(token, NULL, NULL))
		if (is_proof_of(own, xml_get(token, "secret")))
			found = token;
	if (!xml_first(answer))
		is_proof_of(own, "0123456789012345678901234567890123456789012");
	if (!found) {
		exchange_refuse(x);
	} else if (xml_get(found, "expired")) {
		refuse_expired(x);
	} else {
		x->c->sasl2->token_slot = atoi(xml_get(found, "slot"));
		exchange_succeed(x, (const char *)own->answer, HASH);
	}
}

static void first(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own = ARENA_NEW(x->arena, struct own);
	const char *end = memchr(text, '\0', size);
	if (!x->c->sasl2 || !end || end == text || size - (size_t)(end - text) - 1 != HASH) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, x->mechanism->name);
		return;
	}
	if (!take_binding(x->c, x->mechanism, own)) {
		exchange_fail(x, SASL_INVALID_MECHANISM, "no such binding here");
		return;
	}
	own->proof = arena_copy(x->arena, end + 1, HASH);
	exchange_name(x, arena_string(x->arena, text));
	struct arena *a = arena_new();
	exchange_ask(x, a, EL(a, NS_CALL, "tokens", ATTR(a, "agent", arena_string(a, x->c->sasl2->agent)),
		ATTR(a, "mechanism", x->mechanism->name)), tokens_came);
}

#define HT(variable, title) \
	const struct mechanism mechanism_ht_##variable = { title, NEEDS_TOKEN | NEEDS_TLS, .longest = MESSAGE_USUAL, .lacks = lacks_##variable, .first = first }

HT(exporter, "HT-SHA-256-EXPR");
HT(unique, "HT-SHA-256-UNIQ");
HT(end_point, "HT-SHA-256-ENDP");
HT(none, "HT-SHA-256-NONE");

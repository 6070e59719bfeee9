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
#include "streams/sasl2.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = 32, BINDING = 64 };

struct own {
	const char *proof;           /* HASH bytes */
	char        binding[BINDING];
	size_t      binding_size;
	unsigned char answer[HASH];
};

/* --- bindings --- */

static bool takes_none(struct c2s *c)
{
	return c2s_is_secure(c);
}

static bool bind_exporter(struct c2s *c, char *to, size_t *size)
{
	*size = 32;
	return conn_binding_exporter(c->conn, (unsigned char *)to);
}

static bool takes_exporter(struct c2s *c)
{
	char bytes[BINDING];
	size_t size;
	return c2s_is_secure(c) && bind_exporter(c, bytes, &size);
}

static bool bind_end_point(struct c2s *c, char *to, size_t *size)
{
	return conn_binding_end_point(c->conn, (unsigned char *)to, size);
}

static bool takes_end_point(struct c2s *c)
{
	char bytes[BINDING];
	size_t size;
	return c2s_is_secure(c) && bind_end_point(c, bytes, &size);
}

static bool take_binding(struct exchange *x, struct own *own)
{
	const struct mechanism *m = x->mechanism;
	if (m == &mechanism_ht_none)
		return true;
	return m == &mechanism_ht_exporter ? bind_exporter(x->c, own->binding, &own->binding_size) : bind_end_point(x->c, own->binding, &own->binding_size);
}

/* --- the proof --- */

static void hash(const struct own *own, const char *who, const unsigned char *token, size_t size, unsigned char out[HASH])
{
	char text[9 + BINDING];
	memcpy(text, who, 9);
	memcpy(text + 9, own->binding, own->binding_size);
	HMAC(EVP_sha256(), token, (int)size, (const unsigned char *)text, 9 + own->binding_size, out, NULL);
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
	if (!take_binding(x, own)) {
		exchange_fail(x, SASL_INVALID_MECHANISM, "no such binding here");
		return;
	}
	own->proof = arena_copy(x->arena, end + 1, HASH);
	exchange_name(x, arena_string(x->arena, text));
	struct arena *a = arena_new();
	exchange_ask(x, a, EL(a, NS_CALL, "tokens", ATTR(a, "agent", arena_string(a, x->c->sasl2->agent)),
		ATTR(a, "mechanism", x->mechanism->name)), tokens_came);
}

#define HT(variable, title, takes) \
	const struct mechanism mechanism_ht_##variable = { title, NEEDS_TOKEN, .longest = MESSAGE_USUAL, .may = takes, .first = first }

HT(exporter, "HT-SHA-256-EXPR", takes_exporter);
HT(end_point, "HT-SHA-256-ENDP", takes_end_point);
HT(none, "HT-SHA-256-NONE", takes_none);

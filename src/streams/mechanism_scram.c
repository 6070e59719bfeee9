/* SCRAM of each hash, bound to the channel or not, around xmpp/scram.h. */
#include "streams/exchange.h"
#include "core/call.h"
#include "streams/keys.h"
#include <openssl/crypto.h>
#include <string.h>

struct own {
	struct scram      scram;
	struct scram_keys keys;
	struct scram_binding bindings[2];
	unsigned char     exporter[32], end_point[64];
};

static size_t take_bindings(struct c2s *c, struct own *own)
{
	size_t n = 0, size = 0;
	if (!c2s_is_secure(c))
		return 0;
	if (conn_binding_end_point(c->conn, own->end_point, &size))
		own->bindings[n++] = (struct scram_binding){ "tls-server-end-point", own->end_point, size };
	if (conn_binding_exporter(c->conn, own->exporter))
		own->bindings[n++] = (struct scram_binding){ "tls-exporter", own->exporter, sizeof own->exporter };
	return n;
}

static void keys_came(struct exchange *x, const struct xml *answer)
{
	struct own *own = x->own;
	keys_take(x, &own->keys, own->scram.hash, own->scram.user, answer);
	const char *text = scram_challenge(&own->scram, &own->keys, NULL, NULL);
	exchange_challenge(x, text, strlen(text));
}

static void first(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own = ARENA_NEW(x->arena, struct own);
	struct scram_terms terms = { .plus_offered = mechanism_offers_binding(x->c), .bindings = own->bindings, .longest = x->mechanism->longest };
	scram_find(x->mechanism->name, &terms.hash, &terms.plus);
	terms.bindings_count = take_bindings(x->c, own);
	enum sasl_failure wrong = scram_first(&own->scram, x->arena, &terms, text, size);
	if (wrong != SASL_OK) {
		exchange_fail(x, wrong, own->scram.why);
		return;
	}
	exchange_name(x, own->scram.user);
	x->authzid = own->scram.authzid;
	struct arena *a = arena_new();
	exchange_ask(x, a, EL(a, NS_CALL, "credentials", ATTR(a, "hash", scram_mechanism(terms.hash, false))), keys_came);
}

static void next(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own;
	const char *last = NULL;
	enum sasl_failure wrong = scram_final(&own->scram, text, size, &last);
	if (wrong == SASL_OK)
		exchange_succeed(x, last, strlen(last));
	else if (wrong == SASL_NOT_AUTHORIZED)
		exchange_refuse(x);
	else
		exchange_fail(x, wrong, own->scram.why);
}

static void clear(struct exchange *x)
{
	struct own *own = x->own;
	if (!own)
		return;
	OPENSSL_cleanse(&own->keys, sizeof own->keys);
	OPENSSL_cleanse(&own->scram.keys, sizeof own->scram.keys);
}

#define SCRAM(variable, title, wants, keys) \
	const struct mechanism mechanism_##variable = { title, wants, keys, .longest = MESSAGE_USUAL, .first = first, .next = next, .clear = clear }

SCRAM(scram_sha_1, "SCRAM-SHA-1", 0, SOURCE_SHA_1);
SCRAM(scram_sha_1_plus, "SCRAM-SHA-1-PLUS", NEEDS_BINDING, SOURCE_SHA_1);
SCRAM(scram_sha_256, "SCRAM-SHA-256", 0, SOURCE_SHA_256);
SCRAM(scram_sha_256_plus, "SCRAM-SHA-256-PLUS", NEEDS_BINDING, SOURCE_SHA_256);

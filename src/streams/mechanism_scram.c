/* SCRAM of each hash, bound to the channel or not, around xmpp/scram.h. */
#include "streams/exchange.h"
#include "core/call.h"
#include "streams/bindings.h"
#include "streams/keys.h"
#include "xmpp/scram_downgrade.h"
#include <openssl/crypto.h>
#include <string.h>

struct own {
	struct scram      scram;
	struct scram_keys keys;
	struct bindings   bindings;
};

/* XEP-0474: the lists that this stream was shown. */
static const char *advertised(struct exchange *x)
{
	struct own *own = x->own;
	const char *mechanisms[MECHANISMS], *bindings[3];
	const struct mechanism *m;
	unsigned place = 0;
	size_t count = 0, binding_count = mechanism_offers_binding(x->c) ? own->bindings.count : 0;
	while (count < MECHANISMS && (m = mechanism_next(x->c, &place)))
		mechanisms[count++] = m->name;
	for (size_t i = 0; i < binding_count; i++)
		bindings[i] = own->bindings.all[i].type;
	return scram_downgrade_attribute(x->arena, own->scram.hash, mechanisms, count, bindings, binding_count);
}

/* XEP-0515: the version of TLS at our end, for the client to compare with its own. */
static const char *extensions(struct exchange *x)
{
	const char *lists = advertised(x);
	const unsigned version = conn_tls_number(x->c->conn);
	return version ? arena_printf(x->arena, "%s,t=%04x", lists, version) : lists;
}

static void keys_came(struct exchange *x, const struct xml *answer)
{
	struct own *own = x->own;
	keys_take(x, &own->keys, own->scram.hash, own->scram.user, answer);
	const char *text = scram_challenge(&own->scram, &own->keys, NULL, extensions(x));
	exchange_challenge(x, text, strlen(text));
}

static void first(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own = ARENA_NEW(x->arena, struct own);
	struct scram_terms terms = { .plus_offered = mechanism_offers_binding(x->c), .longest = x->mechanism->longest };
	scram_find(x->mechanism->name, &terms.hash, &terms.plus);
	bindings_take(&own->bindings, x->c);
	terms.bindings = own->bindings.all;
	terms.bindings_count = own->bindings.count;
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
SCRAM(scram_sha_512, "SCRAM-SHA-512", 0, SOURCE_SHA_512);
SCRAM(scram_sha_512_plus, "SCRAM-SHA-512-PLUS", NEEDS_BINDING, SOURCE_SHA_512);

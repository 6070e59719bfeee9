/*
 * JWK: keys by which the signatures of tokens are checked (RFC 7517, RFC 7518).
 *
 * From PEM (public keys, certificates) or a JWK Set. A set is made once, by one
 * thread; then it is only read. A shared secret is no public key and doesn't
 * come in the same way: who holds one may sign.
 */
#pragma once
#include <openssl/evp.h>
#include <stdbool.h>
#include "base/arena.h"
#include "base/fail.h"

enum { JWK_KEYS = 32, JWK_SECRET = 32 };     /* keys in a set; bytes that a secret must have (RFC 7518 §3.2) */

enum jwk_kind { JWK_RSA, JWK_P256, JWK_P384, JWK_ED25519, JWK_SECRET_KIND };

struct jwk {
	enum jwk_kind kind;
	const char *id;                      /* "kid"; NULL: it has none, and fits tokens with any */
	const char *algorithm;               /* "alg": the only one it is for; NULL: any of its kind */
	EVP_PKEY   *key;                     /* NULL: a secret */
	const unsigned char *secret;
	size_t      secret_size;
};

struct jwks {
	struct arena *arena;
	unsigned count;
	struct jwk keys[JWK_KEYS];
};

void jwks_init(struct jwks *, struct arena *);
void jwks_clear(struct jwks *);
/* `name` is the file, for words. False: nothing of use was in it, or something that must not be. */
bool jwks_add(struct jwks *, const char *name, const char *text, size_t size, struct fail *why);
bool jwks_add_secret(struct jwks *, const char *name, const char *text, size_t size, struct fail *why);

/*
 * JWT: what a signed token says of who bears it, and whether that holds
 * (RFC 7519, RFC 7515, with RFC 8725's advice).
 *
 * The header never chooses how it is checked: a kind of key has its
 * algorithms, and only keys that were given are used. Checking a signature
 * takes up to some 100 µs, so it is for workers. Touches nothing but its
 * arguments.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "xmpp/jwk.h"

struct jwt_terms {                   /* whom a token must come from, and be for */
	const char *issuer;                  /* "iss" must be this; NULL: any */
	const char *const *audiences;        /* "aud" must have one of these; ends with NULL. None at all: nobody's */
	const char *scope;                   /* "scope" must have this word; NULL: any */
	const char *claim;                   /* whose text is the name */
	int64_t     leeway;                  /* seconds that clocks may differ */
};

enum jwt_fault {
	JWT_OK,
	JWT_MALFORMED,                       /* it is no signed token */
	JWT_UNSIGNED,                        /* the signature isn't that of a key which may sign so */
	JWT_EXPIRED, JWT_EARLY,
	JWT_FOREIGN,                         /* of another issuer, for another audience, or to be shown with a proof */
	JWT_SCOPE,                           /* for other uses */
	JWT_NAMELESS,                        /* it doesn't say who it is */
	JWT_FAULTS
};

struct jwt {
	const char *name;                    /* the claim, as it stands there */
	int64_t     expires;                 /* seconds since 1970 */
};

/* The strings are in the arena. On a fault nothing of `jwt` may be believed. */
enum jwt_fault jwt_check(struct jwt *, struct arena *, const struct jwks *, const struct jwt_terms *, int64_t now,
	const char *token);
const char *jwt_fault_words(enum jwt_fault);

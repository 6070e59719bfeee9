/*
 * SCRAM, the server's side, for any hash (RFC 5802, RFC 7677, XEP-0438).
 *
 * Keys are made from a password once, slowly, on a worker. An exchange never
 * waits inside: it has three steps, and the owner takes its time between them.
 *
 *	scram_first      the client's first message  -> whom to ask for
 *	  (the owner finds the account's keys, or makes fake ones)
 *	scram_challenge  the keys                    -> our first message
 *	scram_final      the client's last message   -> verdict, our last message
 *
 * Users are as the client sent them: the owner prepares and looks them up, and
 * sees to it that `user` may act as `authzid`. `why` tells the log what was
 * wrong; clients learn the condition only.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "xmpp/sasl_failure.h"

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256, SCRAM_SHA_512, SCRAM_HASHES };
enum { SCRAM_DIGEST = 64, SCRAM_SALT = 64, SCRAM_SALT_USUAL = 16 };      /* bytes; XEP-0438 §4.1 wants 16 or more */

struct scram_keys {
	enum scram_hash hash;
	unsigned rounds;
	bool   fake;                 /* of no user: the exchange runs like any other, and fails */
	size_t salt_size;
	unsigned char salt[SCRAM_SALT];
	unsigned char stored[SCRAM_DIGEST], server[SCRAM_DIGEST];    /* the first scram_size bytes */
};

size_t scram_size(enum scram_hash);                                  /* of its digests, in bytes */
const struct evp_md_st *scram_md(enum scram_hash);                   /* OpenSSL's */
const char *scram_mechanism(enum scram_hash, bool plus);             /* "SCRAM-SHA-256-PLUS" */
bool scram_find(const char *mechanism, enum scram_hash *, bool *plus);   /* false: it is no SCRAM that we know */

/* PBKDF2: milliseconds, so for workers. `password` is prepared: jid_password. */
void scram_keys_make(struct scram_keys *, enum scram_hash, const char *password, const void *salt, size_t salt_size, unsigned rounds);
/* The same from PBKDF2's output, scram_size bytes, which somebody else made: hash, salt and rounds are set. */
void scram_keys_from_salted(struct scram_keys *, const unsigned char *salted);
bool scram_verify_password(const struct scram_keys *, const char *password);
/*
 * Keys for a user who isn't there: the same salt at each try, and no password
 * fits. `secret` is the server's own; `rounds` and `salt_size` are those of
 * accounts made today. `user` is prepared, or each spelling had its own salt.
 */
void scram_fake_keys(struct scram_keys *, const void *secret, size_t secret_size, const char *user,
	enum scram_hash, size_t salt_size, unsigned rounds);

struct scram_binding {               /* RFC 5056: "tls-exporter", "tls-server-end-point" and its bytes here */
	const char *type;
	const void *data;
	size_t size;
};

struct scram_terms {                 /* what was agreed and offered before the client's first message */
	enum scram_hash hash;
	bool plus;                   /* the client chose the -PLUS mechanism */
	bool plus_offered;           /* some -PLUS mechanism was among those offered */
	const struct scram_binding *bindings;
	size_t bindings_count;
	size_t longest;              /* bytes of a client's message */
};

struct scram {                       /* one exchange; lives as long as the arena given to scram_first */
	const char *user, *authzid;  /* decoded; authzid NULL when there is none */
	char flag;                   /* of the GS2 header: 'n', 'y' or 'p' */
	const char *binding;         /* of 'p': the binding's type */
	const char *why;             /* after a failure: what for */

	struct arena *arena;         /* from here on scram.c's own */
	enum { SCRAM_ASKED, SCRAM_CHALLENGED, SCRAM_OVER } step;
	enum scram_hash hash;
	size_t longest;
	struct scram_keys keys;
	const char *header, *bare;   /* the first message's two halves */
	const char *cbind;           /* base64: what "c=" must be */
	const char *nonce;           /* the client's, then both */
	const char *challenge;
};

enum sasl_failure scram_first(struct scram *, struct arena *, const struct scram_terms *, const char *text, size_t size);
/*
 * Our first message. `nonce` is our half of it, printable without commas; NULL:
 * a random one. `extensions` go behind, such as XEP-0474's "h=…"; NULL: none.
 */
const char *scram_challenge(struct scram *, const struct scram_keys *, const char *nonce, const char *extensions);
/* On SASL_OK, *answer is our last message, which proves us to the client. */
enum sasl_failure scram_final(struct scram *, const char *text, size_t size, const char **answer);

/*
 * TLS: certificates, and what is asked of a handshake.
 *
 * A struct tls is one identity with its policy (a domain's certificates,
 * versions, ciphers), immutable, counted, shared by loops. Which one a
 * connection uses is chosen by SNI through the listener's chooser, or named by
 * the stream's `to`. A struct tls_policy is what a listener asks besides; it
 * goes before that of the identity.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/clock.h"
#include "base/fail.h"

struct tls;

enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_OPTIONAL, TLS_VERIFY_REQUIRED, TLS_VERIFY_UNSAID };

struct tls_wishes {                          /* of an identity all have a default, of a listener's policy what is unsaid is the identity's */
	const char *client_ca;               /* file or folder; NULL: none, or unsaid */
	enum tls_verify verify;
	const char *ciphers;                 /* OpenSSL's list for TLS 1.2; NULL: ECDHE with AEAD, or unsaid */
	const char *suites;                  /* TLS 1.3; NULL: OpenSSL's default, or unsaid */
	int minimum;                         /* 12 or 13; 0: unsaid */
};

struct tls_options {
	/* PEM files, at most one for each kind of key (RSA, ECDSA, …), each with its chain. The nth key belongs to the nth
	 * certificate; none at all: each is in its certificate's file. Both end with NULL. */
	const char *const *certificates, *const *keys;
	const char *key_password;            /* of all keys that are encrypted; NULL: none */
	const char *key_password_file;       /* its first line is the password; NULL: none */
	struct tls_wishes wishes;
};

/* Reads the files: at start or on a worker. A key, or a password, that everybody on the machine may read is refused. */
struct tls *tls_new(const struct tls_options *, struct fail *why);
struct tls *tls_share(struct tls *);
void tls_drop(struct tls *);                                             /* NULL is fine */
msec tls_expires(const struct tls *);                                    /* wall clock: when its first certificate does */
bool tls_names(const struct tls *, const char *domain);                  /* each of its certificates is for this domain (RFC 6125 §6) */

struct tls_policy;
struct tls_policy *tls_policy_new(const struct tls_wishes *, struct fail *why);
void tls_policy_free(struct tls_policy *);                               /* NULL is fine */

struct tls_choice {
	struct tls *tls;                     /* NULL: the handshake is refused (unrecognized_name) */
	const struct tls_policy *policy;     /* NULL: the identity's own counts */
};
/* Chooses by the name a client sent (NULL: none sent). What it returns is looked at before the call that asked returns, and no later. */
typedef struct tls_choice (*tls_chooser)(const char *name, void *with);

bool tls_make_self_signed(const char *domain, const char *certificate, const char *key, int days, struct fail *why);   /* P-256; with xmpp and wildcard-free names */

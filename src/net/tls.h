/*
 * TLS: certificates and what a handshake decided.
 *
 * A struct tls is one identity and policy (a domain's certificate, versions,
 * ciphers), immutable, counted, shared by loops. Which one a connection uses is
 * chosen by SNI through the listener's chooser, or named by the stream's `to`.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/fail.h"

struct tls;

enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_OPTIONAL, TLS_VERIFY_REQUIRED };

struct tls_options {
	const char *certificate, *key;       /* PEM files; the chain in the certificate's file; key NULL: the same file */
	const char *key_password;            /* NULL: none */
	const char *client_ca;               /* file or folder; NULL: none */
	enum tls_verify verify;
	const char *ciphers;                 /* OpenSSL's list for TLS 1.2; NULL: ECDHE with AEAD */
	const char *suites;                  /* TLS 1.3; NULL: OpenSSL's default */
	int minimum;                         /* 12 or 13 */
};

struct tls *tls_new(const struct tls_options *, struct fail *why);       /* reads the files: at start or on a worker */
struct tls *tls_share(struct tls *);
void tls_drop(struct tls *);                                             /* NULL is fine */

/* Chooses by the name a client sent (NULL: none sent). Returns NULL to refuse the handshake (unrecognized_name). Borrowed until the handshake ends. */
typedef struct tls *(*tls_chooser)(const char *name, void *with);

bool tls_make_self_signed(const char *domain, const char *certificate, const char *key, int days, struct fail *why);   /* P-256; with xmpp and wildcard-free names */

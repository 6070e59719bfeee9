/*
 * TLS, inside: what connections need of contexts.
 *
 * Every connection begins with the one front context, which has no
 * certificate; when the client's hello is read, the chooser is asked and the
 * chosen identity takes over before anything is decided.
 */
#pragma once
#include <openssl/ssl.h>
#include "net/tls.h"

struct tls_asked {                           /* whom to ask; SSL's app data */
	tls_chooser chooser;
	void       *with;
	bool        is_asked_again;          /* the peer wants to renegotiate */
};

SSL_CTX    *tls_front(void);
msec tls_expiry_of(const X509 *);            /* wall clock; 0: it can't be read */
const char *tls_words(void);                 /* why OpenSSL failed last on this thread; a static string */

/* tls_keys.c */
struct tls_password {
	char text[1024];                     /* PEM_BUFSIZE */
	bool is_known, was_asked;
};
bool tls_read_password(const struct tls_options *, struct tls_password *, struct fail *why);
EVP_PKEY *tls_read_key(const char *path, struct tls_password *, struct fail *why);    /* NULL: it can't be had, or everybody could have it */

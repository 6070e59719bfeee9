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
const char *tls_words(void);                 /* why OpenSSL failed last on this thread; a static string */

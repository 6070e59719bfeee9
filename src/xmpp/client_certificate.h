/*
 * Client certificate: what it says (RFC 5280), as far as a login
 * looks at it. Whether an authority that we trust signed it is TLS's to know.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>
#include "base/arena.h"
#include "base/clock.h"
#include "xmpp/jid.h"

enum { CERTIFICATE_ADDRESSES = 16, CERTIFICATE_FINGERPRINT = 32 };

struct client_certificate {
	msec begins, expires;                /* wall clock */
	unsigned char fingerprint[CERTIFICATE_FINGERPRINT];  /* SHA-256 of all of it */
	/* RFC 6120 §13.7.1.4: those that are addresses, prepared; a user's may be full. */
	const struct jid *addresses[CERTIFICATE_ADDRESSES];
	unsigned count;
};

/* False: its dates can't be read, or it has more addresses than anybody needs. */
bool client_certificate_look(struct client_certificate *, struct arena *, const X509 *);
/* The same of the DER of one certificate, with nothing behind it. Slower by far: its key is decoded too. */
bool client_certificate_read(struct client_certificate *, struct arena *, const void *der, size_t size);

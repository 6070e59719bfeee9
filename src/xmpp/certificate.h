/*
 * Certificate: what a client's certificate says (RFC 5280), as far as a login
 * looks at it. Whether an authority that we trust signed it is TLS's to know.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/clock.h"
#include "xmpp/jid.h"

enum { CERTIFICATE_ADDRESSES = 16, CERTIFICATE_FINGERPRINT = 32 };

struct certificate_facts {
	msec begins, expires;                /* wall clock */
	unsigned char fingerprint[CERTIFICATE_FINGERPRINT];  /* SHA-256 of all of it */
	/* RFC 6120 §13.7.1.4: those that are addresses, prepared; a user's may be full. */
	const struct jid *addresses[CERTIFICATE_ADDRESSES];
	unsigned count;
};

/* The DER of one certificate and nothing behind it. False: it is none, or has more addresses than anybody needs. */
bool certificate_read(struct certificate_facts *, struct arena *, const void *der, size_t size);

/*
 * Bindings: what a login can be bound to on this connection (RFC 5056), and so
 * what is announced (XEP-0440).
 */
#pragma once
#include "streams/c2s.h"
#include "xmpp/scram.h"

struct bindings {
	struct scram_binding all[3];
	size_t        count;                 /* 0: no TLS, or none that works with this one */
	unsigned char end_point[64], exporter[32], unique[64];
};

void bindings_take(struct bindings *, const struct c2s *);

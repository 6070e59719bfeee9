/*
 * Told: what a host said of itself, by the hashes under which it said it
 * (XEP-0115, XEP-0390).
 */
#pragma once
#include "core/host.h"
#include "xml/xml.h"

struct told {
	char ver[29];                /* XEP-0115's, sha-1 */
	char sha_256[45], sha3_256[45];      /* XEP-0390's */
};

/* Of what `info` answers for this host; good for this round. */
const struct told *told_of(const struct host *, struct xml *(*info)(const struct host *, struct arena *));
/* Is this the hash of that node (urn:xmpp:caps#…)? */
bool told_is(const struct told *, struct arena *, const char *node);
/* What was told lately under that node, here or by another host that says the same; NULL: it isn't known any more. */
struct xml *told_lately(struct arena *, const char *node);

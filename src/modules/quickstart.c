/*
 * XEP-0305 XMPP Quickstart: a client that remembers what a server can do
 * needs not wait for its features. So what stands in the stream's features
 * stands in disco#info too (§2), whose hash is among them (XEP-0115); and
 * what a client sends ahead is taken in its turn (streams/c2s.c), which the
 * feature <pipelining/> promises (streams/features.c).
 *
 * What depends on how far a stream is, TLS and SASL, is left out.
 */
#include "modules/modules.h"

const struct module mod_quickstart = {
	.name     = "quickstart",
	.title    = "XMPP Quickstart",
	.xep      = 305,
	.features = FEATURES(NS_PIPELINING, NS_BIND, NS_SM, NS_ROSTER_VERSION, NS_PREAPPROVAL, NS_CAPS, NS_LIMITS),
};

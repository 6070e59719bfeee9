/*
 * XEP-0131 Stanza Headers: which of them the server itself heeds. Stanzas
 * pass with all their headers; `Store` keeps one out of the offline messages
 * (offline_worth.c).
 */
#include "modules/modules.h"

const struct module mod_shim = {
	.name     = "shim",
	.title    = "Stanza Headers and Internet Metadata",
	.xep      = 131,
	.features = FEATURES(NS_SHIM),
	.nodes    = NODES({ NS_SHIM, FEATURES("http://jabber.org/protocol/shim#Store") }),
};

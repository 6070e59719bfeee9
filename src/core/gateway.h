/*
 * Gateway: a front end inside the process, that speaks no XMPP.
 *
 * What leads to another protocol (SIP, mail, SMS), or a script, serves a domain
 * or a single address, which may be one of a domain of ours. It is given every
 * stanza for it, as the signal that it is, and sends signals as anybody there.
 * To everybody else it is what a component is: routing finds it by a link
 * (core/link.h), and taps see it.
 *
 * It lives at the home of its address, and all of this happens there.
 */
#pragma once
#include "core/link.h"
#include "core/tap.h"

struct gateway {
	const char *address;         /* a domain, or a bare address; prepared */
	/* A signal for it: MESSAGE, SUBSCRIBE, NOTIFY or INFO. The view is good until this returns. An INFO wants an answer. */
	void (*receive)(struct gateway *, const struct tap_view *);
	struct carrier carrier;      /* the core's */
};

/* From the next round on, everywhere. False: the place is taken, or the domain is ours. An account of that address hears nothing then. */
bool gateway_open(struct gateway *);
void gateway_close(struct gateway *);        /* it is its owner's again at once; what comes too late goes back to its sender */
/* Says something as somebody of this address. Takes the arena, in which the stanza lies. False, and nothing is sent: `from` is
 * another's, or it is no stanza. */
bool gateway_send(struct gateway *, struct arena *, struct xml *stanza);

/*
 * Tap: sees every stanza that comes in and that goes out, inside the process
 * and without a session.
 *
 * A stanza is shown where it passes a front end's door: once when a client, a
 * component, or what else speaks for somebody gives it to us (TAP_IN), and
 * once for each front end that it is given to (TAP_OUT). So what is bounced,
 * kept or dropped is shown once, coming in, and its error once, going out; a
 * presence for ten contacts comes in once and goes out ten times. As a signal
 * it is MESSAGE, SUBSCRIBE, NOTIFY or INFO, with its complete XML. Not shown:
 * a stream's own affairs (SASL, the binding of a resource, XEP-0198), and the
 * server's own questions, which never come to a door. docs/signals.md has all
 * of it.
 *
 * A tap is open on every loop and is called there, on the loop that has the
 * stanza in hand: it must not wait, and what it keeps for itself it keeps for
 * each loop, or under a lock of its own. While no tap is open a stanza costs
 * one comparison more.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "core/home.h"
#include "core/session.h"
#include "core/turn.h"

enum tap_way { TAP_IN, TAP_OUT };

/* Who stands at the door. */
struct tap_place {
	const char        *front;            /* "client", or what else this front end is called */
	const char        *address;          /* whom it speaks for: a session's full JID, a component's domain */
	const struct host *host;             /* of ours that it belongs to; NULL: none */
	struct session_facts (*facts)(void *with);   /* NULL: it has no connection */
	void              *with;
};

struct tap_view {                    /* good until the tap returns */
	enum tap_way       way;
	enum kind          kind;             /* never KIND_CALL */
	enum type          type;
	bool               is_wrong;         /* RFC 6120 §8 knows no such type, or `to` is no address: its sender is told so */
	const char        *from, *to;        /* never NULL: what the stanza leaves out is the account's bare address */
	const char        *id;               /* NULL: none */
	const struct xml  *stanza;           /* all of it, as it came in (and `from` stamped) or as it goes out */
	const struct tap_place *place;
};

struct tap {
	void (*saw)(struct tap *, const struct tap_view *);
	void (*second)(struct tap *);        /* every second, on the first loop only; NULL: nothing is to be done then */
	/* No loop calls it any more, and it is its owner's again. Called on the last loop that let go; NULL: nobody wants to know. */
	void (*closed)(struct tap *);
	atomic_uint loops;                   /* the core's: that may call it */
};

/* From any thread. Each loop takes the new one in place of the old in one step; either may be NULL. */
void tap_replace(struct tap *old, struct tap *now);
static inline void tap_open(struct tap *t)  { tap_replace(NULL, t); }
static inline void tap_close(struct tap *t) { tap_replace(t, NULL); }

/* --- what a view says besides --- */

const char *tap_type_word(const struct tap_view *);          /* the type attribute as it is written; NULL: none */
const char *tap_text(const struct tap_view *, struct arena *, const char *name);    /* of <body/>, <subject/>, <thread/>, …; NULL: none */
char *tap_data(struct arena *, const struct tap_view *);     /* what P-XMPP-Data carries: the whole stanza, printed */
void tap_peer(const struct tap_view *, char peer[64]);       /* "192.0.2.1:40312", or "" */
/* An INFO is answered by the one with its id that goes the other way between the same two (RFC 6120 §8.2.3). */
bool tap_answers(const struct tap_view *response, const char *request_from, const char *request_to, const char *request_id);

/* --- for front ends --- */

static inline bool tap_is_open(const struct home *h) { return __builtin_expect(h->taps != NULL, 0); }
/* A view of a stanza at this place, and showing it to all taps of this loop. */
void tap_look(struct tap_view *, enum tap_way, const struct tap_place *, const struct xml *stanza);
void tap_show(const struct tap_view *);
/* The same for a stanza that passes a session's door otherwise than by session_receive and session_put. */
void tap_show_session(enum tap_way, const struct session *, const struct xml *stanza);

/* --- the core's own --- */
void tap_show_turn(const struct turn *, bool is_wrong);      /* what a session sent */
void taps_second(const struct home *);

/*
 * Link: the way to a domain that isn't ours, at the home of its name.
 *
 * A stanza to any address of the domain comes here as a signal; at the other
 * end is a carrier, a stream: of a component (streams/component.c), later of
 * another server. What comes in by a carrier is a turn of the link's entity
 * (an account without a local part), and goes on from there.
 *
 * Nobody there: messages and subscriptions wait if the component's `queue`
 * lets them, in memory; everything else is returned to its sender. With
 * several carriers (conflict = share) the recipient's bare address chooses
 * one, so an address has one place, and the order of its stanzas is kept.
 */
#pragma once
#include <stdbool.h>
#include "core/component.h"
#include "core/receipt.h"
#include "core/signal.h"
#include "xmpp/stream_error.h"

struct carrier;
struct home;
struct link;

struct carrier_kind {                /* what a stream offers; called at the link's home */
	/* Writes a stanza. False: it can't be told any more; the stanza goes back to its sender, or to the queue. */
	bool (*send)(struct carrier *, const struct xml *);
	void (*ask)(struct carrier *);       /* another wants its place: is it still there? */
	void (*end)(struct carrier *, enum stream_error, const char *text);      /* link_leave follows, at once or later */
	bool is_inside;                      /* a gateway of the process (core/gateway.h): no configuration lets it in, and it has its link alone */
};

struct carrier {                     /* embedded in its stream */
	struct list   in_link;
	struct link  *link;          /* NULL: not joined */
	const struct carrier_kind *kind;
	const char   *secret;        /* by which it proved who it is: its stream's string */
	struct list   sent;          /* signals that it may not have yet, while the link has a queue; oldest first */
	unsigned      sent_count;
	size_t        sent_bytes;
	uint64_t      kept;          /* how many were ever put there */
};

/* The stream serves this component's name from now on. False: the place is taken. On the home of `name`. */
bool link_join(struct carrier *, const char *name);
void link_open(struct carrier *);                    /* it has been told so: it gets what waits */
/* It is over. What it may not have gets back into the queue. */
void link_leave(struct carrier *);
/* It has all but the last `left` of what it was sent. */
void link_taken(struct carrier *, unsigned left);
/* A stanza came by it; its `from` is of the link's domains. Takes the arena, in which both lie. */
void link_receive(struct carrier *, struct arena *, struct xml *, const struct jid *from, struct receipt *);
bool link_is_of(const struct link *, const char *domain);    /* the link serves this domain */

/* Those with somebody at the other end, anywhere, as this home knows. */
void links_reachable(void (*fn)(const char *name, void *with), void *with);

/* --- the core's --- */
bool link_is_of_gateway(const char *address);        /* a gateway serves this domain or bare address, as this home knows */
void link_carry(struct signal *);                    /* out. Takes the signal */
void links_sweep(struct home *);                     /* every second: what waited for too long is returned */
void links_tell(const char *name, int more, bool is_inside);         /* to all homes: so many carriers more */
void links_stop(struct home *);                      /* the server ends: what waits is lost, and the log says so */
void links_take_hosts(struct home *);                /* the snapshot changed: who may not serve its domain any more ends */

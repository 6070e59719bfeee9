/*
 * Exchange: one authentication under way, by one mechanism over one wire.
 *
 *   the wire (auth.c)          the exchange                   the mechanism
 *   <auth/>, <response/>  →    exchange_begin, _message   →   first, next
 *   challenge             ←    exchange_challenge         ←
 *                              exchange_ask               ←   the account's home is asked …    → answered
 *                              exchange_work              ←   what takes long, on the pool …   → done
 *   succeeded             ←    exchange_succeed           ←
 *   failed                ←    exchange_refuse, _fail     ←
 *
 * A mechanism knows no element and no stream, a wire no password. The stream
 * reads nothing while a home or the pool works. Each message of the client
 * ends in exactly one of these steps.
 */
#pragma once
#include "streams/login.h"
#include "streams/mechanism.h"
#include "xmpp/jid.h"
#include "xmpp/sasl_failure.h"

/* How messages are wrapped: SASL of RFC 6120, or another profile. */
struct exchange_wire;
struct exchange_success {
	const struct exchange_wire *wire;
	const char *bare, *mechanism;
	const char *last;                    /* data that goes with the success; NULL: none */
	size_t      size;
	const char *resource;                /* of the exchange */
};
struct exchange_wire {
	void (*challenge)(struct c2s *, const char *data, size_t size);      /* NULL: the client is to speak first */
	void (*succeeded)(struct c2s *, struct arena *, const struct exchange_success *);    /* goes on with c2s_authenticated. Takes the arena, in which all the rest is */
	void (*failed)(struct c2s *, enum sasl_failure);                     /* only says so */
	bool takes_tokens;           /* mechanisms of NEEDS_TOKEN too */
};

struct exchange {
	struct arena           *arena;       /* ends with it */
	struct c2s             *c;           /* NULL: the stream ended while the pool works */
	const struct mechanism *mechanism;
	const struct jid       *jid;         /* who it wants to be, bare; NULL: not known, or a name that can't be one */
	const char             *authzid;     /* whom it wants to act for; NULL: itself */
	const char             *resource;    /* to be bound at once, by the wire; NULL: none */
	const char             *source;      /* the URI of where its password is; NULL: in the store */
	uint32_t                source_stamp;        /* as it was before it was asked */
	bool                    source_checks;       /* and takes one to say whether it is right */
	const char             *verifier;    /* of a clear password, for the home's cache; NULL: none */
	void                   *own;         /* the mechanism's; once it is there, messages of the client are `next` ones */
	void                   *work_on;     /* all that `work` touches */
	struct login           *login;       /* what the stream takes along, once it succeeds; NULL: nothing */

	const struct exchange_wire *wire;    /* from here on exchange.c's own */
	bool                    has_begun, is_working;
	void                  (*answered)(struct exchange *, const struct xml *);
	void                  (*work)(struct exchange *), (*done)(struct exchange *);
};

/* --- for wires --- */
/* A mechanism was chosen. False: it was refused, and that has been said. */
bool exchange_begin(struct c2s *, const struct exchange_wire *, const char *mechanism);
struct exchange *exchange_start(struct c2s *, const struct exchange_wire *, const struct mechanism *);      /* one that isn't in the table. NULL: refused, and said */
void exchange_message(struct c2s *, const char *text, size_t size);          /* c->auth is there. NULL: the first one was left out */
/* One that ends before a mechanism had its say; `why` is for the log. May end the stream. */
void exchange_failed(struct c2s *, const struct exchange_wire *, enum sasl_failure, const char *why);
void exchange_free(struct exchange *);                                       /* NULL is fine; the stream ends */

/* --- for mechanisms --- */
void exchange_name(struct exchange *, const char *user);                     /* sets `jid`: that user of the stream's domain */
void exchange_challenge(struct exchange *, const char *data, size_t size);
/*
 * A call to the account's home (core/credentials.h). `answered` hears of <refused/> too, and at once when there is no `jid`; but not of
 * a home that can't say or lets nobody try: that ends the exchange. The question is built in the arena; both are taken.
 */
void exchange_ask(struct exchange *, struct arena *, struct xml *question, void (*answered)(struct exchange *, const struct xml *));
void exchange_work(struct exchange *, void (*work)(struct exchange *), void (*done)(struct exchange *));     /* `work` runs on the pool */
void exchange_succeed(struct exchange *, const char *last, size_t size);     /* if `jid` may act as `authzid` */
void exchange_refuse(struct exchange *);                                     /* wrong password, or no such account: nobody learns which */
void exchange_fail(struct exchange *, enum sasl_failure, const char *why);   /* what isn't a guess; `why` is for the log */

/*
 * Mechanism: one way to prove who one is (RFC 4422), apart from how its
 * messages are wrapped (streams/exchange.h).
 *
 * To add one: a file mechanism_NAME.c with a const struct for each name, and
 * lines in mechanism.c and in core/host.c's list of what is built.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/source.h"
#include "streams/c2s.h"
#include "xmpp/sasl_failure.h"

struct exchange;

enum {                               /* what it needs */
	NEEDS_PRIVACY = 1,           /* who listens would learn the password, or could take over: TLS, or the settings allow it in the clear */
	NEEDS_BINDING = 2,           /* a channel that can be bound to */
	NEEDS_TLS = 4,               /* whatever the settings allow */
	NEEDS_TOKEN = 8,             /* in place of a password: only FAST offers it (XEP-0484) */
};
enum { MESSAGE_USUAL = 4096 };       /* bytes of a client's message */

struct mechanism {
	const char *name;
	unsigned    needs;
	unsigned    lives_on;        /* SOURCE_…: one of these the stream's source of passwords must be able to; 0: it needs no password, and the source isn't asked */
	enum source_use use;
	bool        server_first;    /* `first` is called without a message too (NULL); else the client is asked for one */
	size_t      longest;         /* bytes of a client's message */
	/* What this stream lacks to use it, beside what it needs and what is configured: what is said to who tries all the same. SASL_OK: nothing.
	 * NULL: it never lacks anything. */
	enum sasl_failure (*lacks)(struct c2s *);
	/* The client's first message, and each later one. Each ends in one of exchange.h's steps; `x` may be gone then. */
	void      (*first)(struct exchange *, const char *text, size_t size);
	void      (*next)(struct exchange *, const char *text, size_t size);
	void      (*clear)(struct exchange *);       /* wipes secrets and gives back what isn't in the arena; x->own may be NULL. NULL: nothing is */
};

const struct mechanism *mechanism_find(const char *name);                    /* NULL: there is none of that name */
/* Configured for the stream's domain, with a source of passwords that can serve it; and to be had on this stream now. */
bool mechanism_is_offered(struct c2s *, const struct mechanism *);
/* Why not, for one that is configured: what its client is told. */
enum sasl_failure mechanism_lacks(struct c2s *, const struct mechanism *);
bool mechanism_is_configured(struct c2s *, const struct mechanism *);
/* and to be had on this stream now. */
bool mechanism_is_offered(struct c2s *, const struct mechanism *);
/* One after the other those that are offered, strongest first: begins with place 0. NULL: that was all. */
const struct mechanism *mechanism_next(struct c2s *, unsigned *place);
const struct mechanism *mechanism_next_fast(struct c2s *, unsigned *place);  /* and of those that take a token */
enum { MECHANISMS = 32 };            /* more than there are */
bool mechanism_offers_binding(struct c2s *);                                 /* some -PLUS is offered */

extern const struct mechanism mechanism_external, mechanism_anonymous, mechanism_oauthbearer;
extern const struct mechanism mechanism_plain, mechanism_login, mechanism_digest_md5, mechanism_cram_md5, mechanism_gssapi;
extern const struct mechanism mechanism_scram_sha_1, mechanism_scram_sha_1_plus, mechanism_scram_sha_256, mechanism_scram_sha_256_plus,
	mechanism_scram_sha_512, mechanism_scram_sha_512_plus;
extern const struct mechanism mechanism_ht_exporter, mechanism_ht_unique, mechanism_ht_end_point, mechanism_ht_none;

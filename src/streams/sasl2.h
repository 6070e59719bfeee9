/*
 * SASL2: XEP-0388's profile of SASL, and what a client asks for together with
 * its login: a resource (XEP-0386), its old stream (XEP-0198), a token for the
 * next time (XEP-0484), keys of a stronger hash (XEP-0480).
 *
 *   <authenticate/> → exchange → [tasks] → [moves to the account's home] → token → resume or bind → <success/> and features
 *
 * One struct for each request, from <authenticate/> to the end of it.
 */
#pragma once
#include "streams/c2s.h"

enum { TOKEN_NONE = -1 };

struct sasl2 {
	struct arena     *arena;
	const struct xml *request;           /* <authenticate/> */
	const char       *agent;             /* id of <user-agent/>; NULL: none, or no UUID */
	const char       *token_mechanism;   /* a token is asked for, of this one; NULL: none */
	const char       *last;              /* <additional-data/>, base64; NULL: none */
	bool              invalidates;       /* the token it came with shall be good no more */
	int               token_slot;        /* of the token it came with; TOKEN_NONE: it came with a password */
	const char       *count;             /* of <fast/>; NULL: none */
	const struct xml *token, *resumed, *bound;   /* for <success/>, when they are known; NULL: there is none */
	const struct exchange_wire *wire;
	const char       *bare, *mechanism;  /* once it is known who it is */
	struct scram_keys *upgrade;          /* a task under way: salt and rounds; NULL: none */
	const struct xml *task;              /* the next <upgrade/> of the request; NULL: there is no more */
	bool              in_task;           /* <continue/> was sent: no exchange begins anew */
};

void sasl2_element(struct c2s *, const struct xml *);        /* an element in NS_SASL2 */
void sasl2_features(struct c2s *, struct arena *, struct xml *features);
void sasl2_free(struct sasl2 *);                             /* NULL is fine */
/* It is at its account's home: goes on to <success/>. */
void sasl2_arrived(struct c2s *);
/* Its bind was decided: success, or the end of the stream. */
void sasl2_bound(struct c2s *, struct session *, enum stanza_error);

/*
 * Login: what it brought along that counts as long as its stream.
 *
 * Most bring nothing: a password says who one is, and that is all. Made by a
 * mechanism, given to the stream with its success.
 */
#pragma once
#include <stdbool.h>
#include "base/clock.h"
#include "net/loop.h"

struct c2s;
struct core_limits;

enum { LOGIN_FINGERPRINT = 32 };

struct login {
	bool  is_anonymous;          /* the account is there for this stream alone (SASL ANONYMOUS) */
	bool  is_restricted;         /* it may not manage certificates (XEP-0257 §2.1) */
	bool  has_certificate, is_own;       /* is_own: its user has put it down, and nobody else vouches for it */
	unsigned char certificate[LOGIN_FINGERPRINT];
	char *resource;              /* the only one it may bind (XEP-0257 §3); NULL: any */
	msec  until;                 /* wall clock: what it logged in with is good no longer; 0: for ever */
	const char *ending;          /* what is said then */
	struct timer timer;          /* from here on login.c's own */
	struct c2s *c;
};

struct login *login_new(void);
struct login *login_anonymous(const struct core_limits *);     /* NULL: there are too many anonymous users */
void login_free(struct login *);                     /* NULL is fine. Of an anonymous user: before its stream was welcome */

/* The resource that is bound when this one was asked for: it may be for another only (XEP-0257 §3), and an anonymous user's is ours to
 * choose (XEP-0175 §3). NULL: any. */
const char *login_resource(const struct login *, const char *asked);

/* On the account's home; NULL is fine. */
void login_begins(struct login *, struct c2s *);     /* the stream is welcome */
void login_ends(struct login *, const char *bare);   /* the stream is over. Frees it. `bare` NULL: it was never welcome */

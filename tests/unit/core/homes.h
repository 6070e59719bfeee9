/*
 * Homes: a server without streams.
 *
 * Real loops, modules and a database in a folder of its own; clients are
 * sessions whose streams write down what they are given. What a test says, a
 * client says on its home's loop; what it hears lies here under a lock.
 */
#pragma once
#include <pthread.h>
#include "core/home.h"
#include "core/session.h"
#include "core/tap.h"

#define DOMAIN "example.com"
enum { HOMES = 4, CLIENTS = 40, PASSED = 4096 };

struct client {
	const char *jid, *resource;
	struct session *session;
	atomic_bool grants;                  /* it answers `subscribe` with `subscribed` */
	unsigned heard;
};

struct passed {                      /* a stanza at a door */
	enum tap_way way;
	enum kind    kind;
	enum type    type;
	bool         is_wrong;
	char        *at, *from, *to, *id, *xml;
};

/* What went through the doors, as the clients say, and as the tap saw it. In the order of each client. */
extern struct passed said[PASSED], seen[PASSED];
extern unsigned said_count, seen_count;

void homes_begin(unsigned accounts, const char *const jids[]);
void homes_end(void);
struct client *client_bind(const char *jid, const char *resource);     /* and sends its presence */
void client_says(struct client *, const char *stanza);
void homes_settle(void);                     /* waits until nothing passes any more */
void homes_forget(void);                     /* what has passed so far */
extern pthread_mutex_t passed_lock;          /* guards the four above, and a client's fields */
/* Settles; what the clients gave and were given is what the tap saw: no more, no less, nothing twice, each whole. */
#define assert_once() do { \
	const char *why_ = homes_difference(); \
	if (why_) \
		fail_msg("%s", why_); \
} while (0)
const char *homes_difference(void);          /* NULL: there is none */
void homes_note(enum tap_way, const char *at, const struct xml *stanza);       /* somebody else than a client gave it, or was given it */
/* The number of views that fit; each NULL: any. */
unsigned seen_such(enum tap_way, enum kind, enum type, const char *at, const char *id);

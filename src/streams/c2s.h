/*
 * C2S: a client's stream, from its header to its end (RFC 6120 §4–§7).
 *
 *   header → features → (STARTTLS → header → features) → SASL → [moves to its account's home] → header
 *     → features → bind → a session → closing tag
 *
 * One struct for each client's connection, on the loop that holds it. Once
 * bound it is the transport of a session (core/session.h). What is of one step
 * only has its own file: features.c, auth.c, signup.c; acknowledgements are in
 * acks.c.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/list.h"
#include "base/meter.h"
#include "core/session.h"
#include "net/conn.h"
#include "xml/parser.h"

enum c2s_state {
	C2S_HEADER,                  /* a stream header is awaited */
	C2S_NEGOTIATING,             /* features were sent */
	C2S_WAITING,                 /* for an answer of ours: credentials, the pool, a bind. Nothing is read */
	C2S_BOUND,
	C2S_LEAVING,                 /* the client closed it; what it sent is not yet settled */
	C2S_CLOSING,                 /* our closing tag was sent; the peer's is awaited */
};
enum { C2S_MAGIC = 0x63327300 };

struct c2s {
	unsigned             magic;
	enum c2s_state       state;
	struct list          in_loop;        /* all streams of this loop */
	struct conn         *conn;           /* NULL: it is gone, and so is the stream soon */
	struct xml_parser   *parser;
	struct listener_rules *rules;        /* of the listener it came by */
	char                 tag[24];        /* "XMPPS-17" */
	char                 id[24];         /* of the stream, RFC 6120 §4.7.3 */
	char                *host;           /* prepared; NULL before the header */
	char                *lang;           /* the client's, for its stanzas; NULL: none */
	char                *caller;         /* the bare JID of its header's `from`; NULL: none */
	char                *account;        /* bare JID, once authenticated */
	const char          *mechanism;      /* a static string */
	struct address      *address;        /* what its IP address may do here */
	struct auth         *auth;           /* an authentication under way */
	struct session      *session;        /* once bound */
	struct acks         *acks;           /* XEP-0198, once enabled */
	struct timer         timer;          /* until it must be bound; then idleness; then the closing */
	struct meter         stanzas, bytes;
	msec                 heard_at;       /* the last bytes */
	uint64_t             sent;           /* stanzas given to the session's client */
	uint8_t              tries;          /* failed authentications */
	bool                 has_header;     /* ours was sent: an error needs none before it */
	bool                 is_asked;       /* a ping went out and nothing came since */
	bool                 is_binding;     /* a bind is under way: `bind_id` awaits */
	bool                 is_full;        /* not read: too much is unsettled */
	bool                 is_slowed;      /* not read: it went too fast */
	bool                 is_starved;     /* not read: the server's memory is over its limit */
	bool                 is_inside, is_over;     /* in our input function: what is over is freed when it is left */
	char                *bind_id;
	struct welcome      *welcome;        /* on its way to its account's home */
};
_Static_assert(sizeof(struct c2s) <= 312, "an idle session shall cost 4 KiB, and this is its share: docs/memory.md");

/* A connection that speaks XMPP begins here. Takes the conn, and a place of the listener and of its address. */
void c2s_start(struct conn *, struct listener_rules *, struct address *);
void c2s_stop_all(void);                     /* this loop's streams end with system-shutdown, but for those that are ending already */
void c2s_second(void);                       /* every second: reads again who was not read for want of memory */
size_t c2s_count(void);                      /* this loop's streams */

/* --- for the files of this room --- */
void c2s_write(struct c2s *, const struct xml *);                    /* an element of the stream's own */
void c2s_error(struct c2s *, enum stream_error, const char *text);   /* ends the stream so (RFC 6120 §4.9) */
void c2s_close(struct c2s *, const char *why);                       /* ends it with a closing tag */
void c2s_go_on(struct c2s *);                                        /* what it waited for has come: reads again */
void c2s_wait(struct c2s *);                                         /* reads nothing until c2s_go_on */
void c2s_restart(struct c2s *);                                      /* a new header is awaited */
/* Moves to its account's home and says `success` there. Takes the arena. */
void c2s_authenticated(struct c2s *, const char *bare, const char *mechanism, struct arena *, struct xml *success);
const struct host *c2s_host(const struct c2s *);                     /* NULL: it is served no more */
bool c2s_is_secure(const struct c2s *);
bool c2s_may_plain(const struct c2s *);                              /* a password may be sent in the clear here */
struct xml *c2s_features(struct c2s *, struct arena *);              /* features.c: what is offered at this step */

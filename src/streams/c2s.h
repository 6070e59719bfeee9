/*
 * C2S: a client's stream, from its header to its end (RFC 6120 §4–§7).
 *
 *   header → features → (STARTTLS → header → features) → SASL → [moves to its account's home] → header
 *     → features → bind → a session → closing tag
 *
 * One struct for each client's connection, on the loop that holds it. Once
 * bound it is the transport of a session (core/session.h). What is of one step
 * only has its own file: features.c, auth.c and exchange.c, signup.c; acknowledgements are in
 * acks.c.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/list.h"
#include "base/log.h"
#include "base/meter.h"
#include "core/host.h"
#include "core/session.h"
#include "core/source.h"
#include "core/stream_table.h"
#include "net/conn.h"
#include "xml/parser.h"

enum c2s_state {
	C2S_HEADER,                  /* a stream header is awaited */
	C2S_NEGOTIATING,             /* features were sent */
	C2S_SECURING,                /* <proceed/> was sent: what comes is a handshake */
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
	struct gate         *gate;           /* by which it came */
	uint64_t             number;         /* of its connection: "XMPPS-000017" */
	uint64_t             bytes_in;
	uint32_t             since;          /* when it connected: seconds since 1970 */
	uint32_t             stanzas_in, stanzas_out;
	char                 id[20];         /* of the stream, RFC 6120 §4.7.3 */
	char                *host;           /* prepared; NULL before the header */
	char                *lang;           /* the client's, for its stanzas; NULL: none */
	char                *caller;         /* the bare JID of its header's `from`; NULL: none */
	char                *account;        /* bare JID, once authenticated */
	const char          *mechanism;      /* a static string */
	struct address      *address;        /* what its IP address may do here */
	struct exchange     *auth;           /* an authentication under way */
	struct sasl2        *sasl2;          /* XEP-0388's request, until its success */
	struct session      *session;        /* once bound */
	struct acks         *acks;           /* XEP-0198, once enabled */
	struct timer         timer;          /* until it must be bound; then idleness; then the closing */
	struct meter         stanzas, bytes;
	msec                 heard_at;       /* the last bytes */
	uint64_t             sent;           /* stanzas given to the session's client */
	uint8_t              tries;          /* failed authentications */
	bool                 has_header : 1;     /* ours was sent: an error needs none before it */
	bool                 is_asked : 1;       /* a ping went out and nothing came since */
	bool                 is_binding : 1;     /* a bind is under way: `bind_id` awaits */
	bool                 is_resuming : 1;    /* a resumption is under way: `resume` awaits */
	bool                 is_full : 1;        /* not read: too much is unsettled */
	bool                 is_slowed : 1;      /* not read: it went too fast */
	bool                 is_starved : 1;     /* not read: the server's memory is over its limit */
	bool                 is_inside : 1, is_over : 1;     /* in our input function: what is over is freed when it is left */
	bool                 has_failed_sasl : 1, is_legacy : 1;     /* logs in by XEP-0078, which isn't taken once SASL failed */
	char                 kind;           /* of the tag: I until its header says that it is a client's, then S */
	uint16_t             place;          /* which terms of the gate's entrance are its peer's, in the snapshot `generation`: ask c2s_terms */
	unsigned             generation;
	union {
		char          *bind_id;
		struct resume *resume;       /* a resumption is under way */
	};
	union {
		struct welcome *welcome;     /* on its way to its account's home */
		struct login   *login;       /* else: what its login brought along; NULL: nothing */
	};
};
_Static_assert(sizeof(struct c2s) <= 320, "an idle session shall cost 4 KiB, and this is its share: docs/memory.md");

/* A connection that speaks XMPP begins here. Takes the conn, and a place of the gate and of its address. */
struct arrival { uint64_t number; msec since; };     /* of a connection, from when it was accepted */
void c2s_start(struct conn *, struct gate *, struct address *, const struct arrival *);
void c2s_each(stream_seen *, void *with);    /* this loop's, for the table of streams */
bool c2s_end(uint64_t number, const char *why);
void c2s_stop_all(void);                     /* this loop's streams end with system-shutdown, but for those that are ending already */
void c2s_second(void);                       /* every second: reads again who was not read for want of memory */
size_t c2s_count(void);                      /* this loop's streams */

/* --- for the files of this room --- */
struct log_who c2s_who(const struct c2s *);                          /* for LOG_OF */
#define c2s_log(c, level, ...) LOG_OF(level, c2s_who(c), __VA_ARGS__)
void c2s_log_xml(const struct c2s *, const char *done, const struct xml *);     /* "received" or "sent", without secrets */
#define C2S_LOG_XML(c, done, el) \
	((int)LOG_ALL <= atomic_load_explicit(&log_limit, memory_order_relaxed) ? c2s_log_xml(c, done, el) : (void)0)
void c2s_write(struct c2s *, const struct xml *);                    /* an element of the stream's own */
void c2s_write_error(struct c2s *, struct arena *, struct xml *stanza);      /* one that holds a stanza error */
void c2s_error(struct c2s *, enum stream_error, const char *text);   /* ends the stream so (RFC 6120 §4.9) */
void c2s_close(struct c2s *, const char *why);                       /* ends it with a closing tag */
void c2s_go_on(struct c2s *);                                        /* what it waited for has come: reads again */
void c2s_wait(struct c2s *);                                         /* reads nothing until c2s_go_on */
void c2s_restart(struct c2s *);                                      /* a new header is awaited */
/* Moves to its account's home and says `success` there; NULL: goes on with what came with SASL2's request. Or binds `resource` there
 * at once. Takes the arena. */
struct exchange_wire;                /* which says so, should it not be welcome there */
void c2s_authenticated(struct c2s *, const struct exchange_wire *, const char *bare, const char *mechanism, struct arena *, struct xml *success);
void c2s_authenticated_to_bind(struct c2s *, const struct exchange_wire *, const char *bare, const char *mechanism, struct arena *, const char *resource);
/* XEP-0078: the answer to the login is that to the bind. At the account's home; `bind_id` is set. */
void c2s_bind_at_once(struct c2s *, const char *resource);
const struct host *c2s_host(const struct c2s *);                     /* NULL: it is served no more */
const struct terms *c2s_terms(struct c2s *);                         /* in the snapshot of this home */
int64_t c2s_limit(struct c2s *, enum client_limit);                  /* the listener's, unless only the domain says one */
bool c2s_is_secure(const struct c2s *);
bool c2s_needs_tls(struct c2s *);                                    /* nobody logs in here without */
bool c2s_offers_tls(struct c2s *);                                   /* STARTTLS is to be had */
struct source *c2s_source(struct c2s *, enum source_use);            /* where its passwords are. NULL: in the store */
struct auth_terms c2s_auth_terms(struct c2s *);                      /* what its domain and listener say together */
bool c2s_may_plain(struct c2s *);                              /* a password may be sent in the clear here */
struct xml *c2s_features(struct c2s *, struct arena *);              /* features.c: what is offered at this step */

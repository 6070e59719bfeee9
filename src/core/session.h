/*
 * Session: a client that is bound to a resource, on its account's home.
 *
 * It knows its connection by five messages: elements in (session_receive);
 * bytes out (stream->send); pause (stream->pause); close (stream->end,
 * session_ended); and facts. What carries them (TCP, WebSocket, BOSH, later
 * another node) is the stream's affair; also that nothing does for now. The
 * session of a client that has lost its connection and may resume (XEP-0198)
 * hibernates: its stream only keeps, and to all others it is what it was.
 *
 * Receipts: every stanza received is numbered and is settled when all that it
 * owes is on disk or done; the stream hears of the longest settled prefix
 * (`h` of XEP-0198) and pauses reading while too much is unsettled.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/account.h"
#include "xmpp/stream_error.h"

enum { SESSION_MAGIC = 0x73657373 };

struct session_facts {               /* for lists and logs; strings live as long as the stream */
	char        tag[32];         /* "XMPPS-000017" */
	char        peer[64];        /* "192.0.2.1:40312"; "": its connection is gone */
	const char *tls, *cipher;    /* NULL: none */
	const char *mechanism;       /* SASL */
	msec        hibernates_since, hibernates_until;  /* wall clock; 0: it has its connection */
	unsigned    queued;          /* stanzas that the client may not have; counted with XEP-0198 only */
	const unsigned char *certificate;    /* SHA-256 of the client's, if it logged in by that; NULL */
	bool        is_own;          /* which was believed because the user has put it down */
	bool        is_restricted;   /* by one with which certificates may not be managed (XEP-0257 §2.1) */
};

struct session_stream {              /* what a stream offers; called on the session's home */
	/* Writes a stanza. Returns its number: 1, 2, … in the order of sending. */
	uint64_t (*send)(void *stream, const struct xml *stanza);
	/* Ends it; session_ended follows (at once or later). Condition NONE: a plain close. */
	void (*end)(void *stream, enum stream_error, const char *text);
	/* `settled` stanzas from the start have been settled; `unsettled` with `bytes` are still owed. */
	void (*settled)(void *stream, uint32_t settled, unsigned unsettled, size_t bytes);
	struct session_facts (*facts)(void *stream);
	bool (*is_slow)(void *stream);           /* its queue is over the soft limit: pages wait */
	/* A bind was decided: the session, or NULL and the error. */
	void (*bound)(void *stream, struct session *, enum stanza_error);
	/* What its client sent costs as much as so many stanzas more: it is read later. NULL: nothing has a price here. */
	void (*cost)(void *stream, unsigned stanzas);
	bool hibernates;                         /* nobody is at the other end; the client may come back */
	/* When its client was heard last, by clock_now. NULL: just now. */
	msec (*heard)(void *stream);
};

struct untaken {                     /* a stanza that a client may not have */
	const struct xml *stanza;        /* NULL: the end of an array */
	msec              since;         /* when it was sent: wall clock */
};

struct session {
	unsigned            magic;
	struct list         in_account;
	struct account     *account;
	const struct jid   *jid;             /* full; lives with the session */
	const char         *resource;
	const struct session_stream *stream; /* NULL: the stream has ended */
	void               *stream_with;
	struct arena       *arena;           /* lives with the session: small things only */
	int64_t             number;          /* unique; names it across hops */
	msec                since;           /* wall clock */
	/* Presence (RFC 6121 §4): set by the presence module. */
	bool                is_available;
	int                 priority;        /* -128..127 */
	struct bytes       *presence;        /* the last broadcast one, printed; NULL before the first */
	bool                wants_roster;    /* "interested resource", RFC 6121 §2.2 */
	/* Receipts. */
	bool                has_acks;        /* XEP-0198 is on: its storable messages are kept before they are settled */
	uint32_t            received, settled;
	size_t              unsettled_bytes;
	struct receipt     *receipts, *receipts_last;   /* oldest first */
	struct flight      *flights, *flights_last;      /* messages sent to this client of which something is to be done when it has them; oldest first. NULL: session_taken may be left out */
	struct orphan      *orphans, *orphans_last;      /* stanzas it can't be given any more: routed again when it goes */
	unsigned            holders;         /* turns that refer to it */
	bool                is_inactive;     /* its client said that nobody looks at it (XEP-0352) */
	bool                is_gone;         /* out of its account; freed when the last turn lets go */
	void              **data;            /* core/slots.h; NULL until used */
};
_Static_assert(sizeof(struct session) <= 192, "an idle session shall cost 4 KiB, and this is its share: docs/memory.md");

/* --- for streams --- */
/* Asks the account (bare, prepared; its home is here) for a session; stream->bound tells. `resource` NULL: ours to choose. */
void session_bind(const char *bare, const char *resource, const struct session_stream *, void *stream);
/* The same for a client that is known by itself: whoever has the resource is its own earlier session, and goes (XEP-0386 §3.2). */
void session_bind_again(const char *bare, const char *resource, const struct session_stream *, void *stream);
void session_bind_cancel(const char *bare, void *stream);            /* the stream ended before it was told: it won't be */
/* As a turn of this account, behind all that it has to do: for a stream that looks for the session it shall resume. `with` isn't NULL. */
void session_visit(const char *bare, void (*fn)(struct turn *, void *with), void *with);
void session_visit_cancel(const char *bare, void *with);
void sessions_may_resume(int more);                  /* so many more or fewer of this process: while it stops they are still told who goes */
/* From now on this carries it. When it hibernated and does so no more, modules hear of it: SESSION_RESUMED. */
void session_change_stream(struct session *, const struct session_stream *, void *stream);
/* A stanza of this client. Takes the arena, in which the element lies. */
void session_receive(struct session *, struct arena *, struct xml *, size_t bytes);
void session_use_acks(struct session *);                             /* <enable/> was accepted: counting of receipts begins anew */
/* Its client says whether somebody looks at it (XEP-0352). What was held back leaves at once. */
void session_set_inactive(struct session *, bool);
/* The client has (or, without XEP-0198, the socket took) everything up to this number of stream->send. */
void session_taken(struct session *, uint64_t number);
/* The stream is over: its own calls end here. `untaken` are the stanzas that the client may not have, oldest first, the first with
 * number `first`: messages among them are routed again, from copies, and who asked something is told that nobody answers. NULL: none are held. */
void session_ended(struct session *, const struct untaken *, uint64_t first, const char *why);

/* --- for the core and modules --- */
void *session_data(const struct session *, const struct module *);
void  session_set_data(struct session *, const struct module *, void *);
void  session_give(struct session *, const struct xml *);            /* what was held back, to its stream */
void  session_end(struct session *, enum stream_error, const char *text);
/* Its last broadcast presence with `from`, ready to be addressed; NULL before the first. The presence module keeps it. */
struct xml *session_presence(const struct session *, struct arena *);
msec  session_idle(const struct session *);           /* since its client was heard */
void session_keep_presence(struct session *, const struct xml *);    /* NULL: none */
void  session_cost(struct session *, unsigned stanzas);              /* a fan-out weighs what it costs */
struct session *session_find(const struct account *, int64_t number);
bool sessions_hibernate(const struct account *);                     /* some of its home do: costs nothing, and spares most a look */
unsigned session_flights(const struct session *, unsigned most);      /* of them, counted up to `most` */

/* --- over a restart: session_kept.c --- */
/* All but its stream, as an element in NS_CALL. On any thread, when its loop has ended. */
struct xml *session_save(const struct session *, struct arena *);
bool session_may_return(const struct turn *, const struct xml *);    /* false: it is another account by now, or there is such a session */
/* Of what its client may not have, the rows. A message that should have one and hasn't gets it, in this turn's commit. In its arena. */
struct flight *session_flights_again(struct turn *, const struct xml *, const struct untaken *, uint64_t first);
/* The session again, when that is kept; without a stream until session_begin. */
struct session *session_restore(struct turn *, const struct xml *, const struct flight *);
void session_begin(struct session *, const struct session_stream *, void *stream);

/* --- the core's own --- */
bool sessions_are_resumable(void);                   /* sessions_may_resume: some are */
struct session *session_new(struct account *, const char *resource);         /* without a stream */
void session_hold(struct session *);                 /* a turn refers to it */
void session_let_go(struct session *);
void flights_sweep(struct account *);                /* forgets the keys of rows that are gone */
void sessions_reset(struct account *);               /* a commit's outcome is unknown: its streams end with <reset/> */

/*
 * Turn: a stanza's visit to a home.
 *
 * Check, change memory, queue writes and stanzas, return. The core commits the
 * writes and only then lets out what reports them; one turn of an entity at a
 * time. So nobody hears of what was not kept, and a module has no failure path
 * for the database:
 *   - a handler that returns an error has queued nothing;
 *   - when a write fails, what was loaded of the account is loaded again and
 *     the sender gets an error; so a turn that writes changes what is in no
 *     database (presence, queues) in turn_then, after the commit;
 *   - appends (rows that only add to a queue or an archive) don't hold the
 *     entity; stanzas leave at once, and only the sender's receipt waits.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "store/store.h"
#include "xml/xml.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"
#include "xmpp/stanza_error.h"

struct account;
struct session;
struct host;
struct receipt;

/* The kinds of signal that travel between homes. */
enum kind { KIND_MESSAGE, KIND_SUBSCRIBE, KIND_NOTIFY, KIND_INFO, KIND_CALL };   /* message; presence: subscriptions and probes; presence: availability; iq; the server's own */

enum type {                          /* the `type` attribute, by kind */
	TYPE_NORMAL, TYPE_CHAT, TYPE_GROUPCHAT, TYPE_HEADLINE,
	TYPE_AVAILABLE, TYPE_UNAVAILABLE, TYPE_SUBSCRIBE, TYPE_SUBSCRIBED, TYPE_UNSUBSCRIBE, TYPE_UNSUBSCRIBED, TYPE_PROBE,
	TYPE_GET, TYPE_SET, TYPE_RESULT,
	TYPE_ERROR,
};

struct turn {
	struct arena      *arena;    /* lives as long as the turn; what is built here needs no free */
	struct account    *account;  /* whose turn it is; never NULL in a hook or a handler */
	struct session    *session;  /* whose client said it (…_SENT, IQs of own sessions, SESSION_…); NULL otherwise */
	const struct host *host;     /* the account's host; for an IQ to a host: that host */
	const struct xml  *stanza;
	const struct xml  *payload;  /* an IQ's or a call's child; else NULL */
	const struct jid  *from;     /* the sender's full JID, as stamped; of a call: NULL */
	const struct jid  *to;       /* never NULL: without a `to` it is the account's bare JID */
	const char        *id;       /* may be NULL for messages and presence */
	enum kind          kind;
	enum type          type;
	bool               was_addressed;    /* there was a `to` */
	bool               is_delivered;     /* a message: a session of this account took it */
	bool               wants_keeping;    /* the sender's stream has XEP-0198 on: a storable message is to be on disk before its receipt */
	struct turn_out   *out;      /* the core's: what leaves, what is written */
};

/* Answers an IQ with a result; payload NULL: an empty one. */
void turn_reply(struct turn *, struct xml *payload);
/* An error with words or an application condition (XEP-0182); returns HANDLED, so: return turn_refuse(t, CONFLICT, "…", NULL); */
enum stanza_error turn_refuse(struct turn *, enum stanza_error, const char *text, const struct xml *application);
/* The same with an element beside <error/>, for clients that look there for what it is about. */
enum stanza_error turn_refuse_with(struct turn *, enum stanza_error, const char *text, const struct xml *application, struct xml *beside);

/* Sends a stanza on its way, by its `to`; its `from` is set to the account's bare JID if it has none. Built in t->arena. */
void turn_send(struct turn *, struct xml *stanza);
/* To one session of this account. The stanza may be t->stanza itself. */
void turn_deliver(struct turn *, struct session *, const struct xml *stanza);

bool turn_delivers_to(const struct turn *, const struct session *);   /* t->stanza itself, so far */

/* One statement of this turn's commit. Values: V(…); texts are borrowed until the turn ends. */
#define turn_write(t, sql, ...)  turn_write_values(t, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))
/* A row that adds to a queue or an archive: doesn't hold the entity; its values are copied. */
#define turn_append(t, sql, ...) turn_append_values(t, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))
void turn_write_values(struct turn *, const char *sql, const struct value *, size_t count);
void turn_append_values(struct turn *, const char *sql, const struct value *, size_t count);

/*
 * A message that is delivered live while its row waits: turn_append has put the row down, and this says how it goes once a client
 * has the message (sql binds the key). Called before turn_deliver of t->stanza.
 */
void turn_flight(struct turn *, const char *sql, int64_t key);
/* Its row is down under this key: by turn_flight, or earlier, when the message comes back from a session that ended; else 0. */
int64_t turn_kept_key(const struct turn *);
/* Since when its message waits for a client: wall clock. Now, unless it comes back from a session that ended. */
msec turn_since(const struct turn *);
/* The same for a stanza that the turn built from such a row. */
void turn_deliver_kept(struct turn *, struct session *, const struct xml *stanza, const char *sql, int64_t key);
bool account_is_in_flight(const struct account *, int64_t key);      /* a client was sent it and may yet have it, or has it */

/* Runs after this turn's commit, before anything else of this entity; `with` in t->arena. A turn without writes: at its end. */
void turn_then(struct turn *, void (*fn)(struct turn *, void *with), void *with);

/*
 * One hop to the database: return turn_read(t, found, Q_…, V(…)). `found` goes on with this turn later; other
 * turns may have run between: look everything up again. What will write after its read uses turn_read_to_write,
 * which holds the entity. A read that fails ends the turn with an error.
 */
typedef enum stanza_error read_function(struct turn *, const struct rows *);
#define turn_read(t, found, sql, ...)          turn_read_values(t, found, false, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))
#define turn_read_to_write(t, found, sql, ...) turn_read_values(t, found, true, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))
enum stanza_error turn_read_values(struct turn *, read_function *found, bool holds, const char *sql, const struct value *, size_t count);

/*
 * One hop to the worker pool, for what takes long (password keys): `work` runs there and touches only `with` (in
 * t->arena); then `found` goes on with this turn. Holds the entity.
 */
enum stanza_error turn_work(struct turn *, void (*work)(void *with), enum stanza_error (*found)(struct turn *, void *with), void *with);

/*
 * A call to this very account, that long after this turn: for what goes on in pages. It is copied. No promise: it is lost when
 * the process stops or too many turns wait.
 */
void turn_later(struct turn *, msec wait, const struct xml *question);

/* Answers a call (KIND_CALL) when the turn is kept; the payload is in NS_CALL. */
void turn_answer(struct turn *, struct xml *payload);

/* The type attribute's word for a kind, and back; false: RFC 6120 §8 knows no such type for it. */
bool type_of(const struct xml *stanza, enum kind *, enum type *);

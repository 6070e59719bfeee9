/*
 * Acks: what of a stream has arrived, both ways (XEP-0198 §4).
 *
 * Inbound, `h` is what the session's receipts have settled. Outbound, a copy
 * of every stanza is kept until the client acknowledges it. They outlive the
 * connection if their client may resume (§5): then they pass from the stream
 * to what stands in for it (hibernate.h), and to the next stream.
 */
#pragma once
#include <stdbool.h>
#include "core/session.h"
#include "net/conn.h"

struct acks;

struct acks_bounds {                 /* of a client that is there, or away */
	unsigned stanzas;            /* not acknowledged */
	size_t   bytes;
	msec     answer;             /* for an answer to <r/>; 0: for ever */
};

enum { ACKS_ID = 24 };               /* letters of an id: 144 bits that nobody guesses */

struct acks *acks_new(const struct acks_bounds *);
void acks_free(struct acks *);

/* --- resumption --- */
void acks_let_resume(struct acks *, msec time);      /* gives it an id, and so long a time to be resumed in */
const char *acks_id(const struct acks *);            /* NULL: it can't be resumed */
msec acks_time(const struct acks *);
/* The connection is gone: what was asked and owed on it is forgotten. */
void acks_rest(struct acks *);
/* The client has come back and has all up to h, which must be one that it may say: sends it the rest, and asks. *taken: as acks_taken. */
void acks_resume(struct acks *, struct conn *, uint32_t h, const char *domain, uint64_t *taken);

/* --- outbound --- */
/* A stanza was written to the connection: these bytes. Asks for an answer if none is awaited. conn NULL: there is none. */
void acks_sent(struct acks *, struct conn *, const char *bytes, size_t size);
void acks_request(struct acks *, struct conn *);                      /* <r/>, if none is awaited */
/* Who hears that it wasn't answered in time; it may end the connection there. */
void acks_watch(struct acks *, void (*unanswered)(void *with), void *with);
bool acks_may_say(const struct acks *, uint32_t h);                   /* false: more than was sent (§4), or less than was said before */
/* <a h='…'/> came, one that the client may say. *taken is the number of the newest that arrived. Asks about the rest. */
void acks_taken(struct acks *, struct conn *, uint32_t h, uint64_t *taken);
uint64_t acks_last(const struct acks *);                              /* the number of the newest that was sent */
unsigned acks_count(const struct acks *);                             /* stanzas that are not acknowledged */
bool acks_are_over(const struct acks *, bool *by_bytes);              /* the bounds */
/* What the client may not have, parsed again into the arena; *first is its number. */
const struct untaken *acks_untaken(const struct acks *, struct arena *, uint64_t *first);

/* --- inbound --- */
/* <r/> came: <a/> at once, and again as more of what was `received` settles. */
void acks_answer(struct acks *, struct conn *, uint32_t settled, uint32_t received);
void acks_settled(struct acks *, struct conn *, uint32_t settled);

/* --- over a restart --- */
/* As an element in NS_CALL; and back. NULL: it is none. */
struct xml *acks_save(const struct acks *, struct arena *);
struct acks *acks_restore(const struct xml *);

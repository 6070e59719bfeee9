/*
 * Receipt: what the server owes for a stanza it has read.
 *
 * Each stanza of a client has one, and each of a component: a link's are only
 * counted, for nobody asks it for a number (struct debtor). Whoever still has to do something for it
 * holds it: a turn, a signal on its way, a row not yet on disk. When all have
 * let go it is settled, at the session's home. Holds may be dropped on any
 * loop; the session learns of it on its own.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;
struct loop;

struct debtor {                      /* a link's stream: lives until `unsettled` is 0 */
	void    (*settled)(struct debtor *);
	unsigned  unsettled;
	size_t    bytes;
};

struct receipt {
	struct receipt *next;        /* the session's next younger one */
	struct session *session;     /* NULL when it has gone; read at its home only */
	struct debtor  *debtor;      /* whose it is instead of a session's; NULL: a session's */
	struct loop    *loop;        /* that home's */
	atomic_uint     holds;
	uint32_t        bytes;
	bool            is_settled;
};

struct receipt *receipt_new(struct session *, uint32_t bytes);       /* one hold; last in the session's queue */
struct receipt *receipt_new_of(struct debtor *, uint32_t bytes);     /* one hold; of this loop's stream */
void receipt_hold(struct receipt *);                                 /* NULL is fine */
void receipt_drop(struct receipt *);                                 /* NULL is fine */
void receipts_forget(struct session *);                              /* the session goes: what settles later is nobody's affair */

/*
 * Receipt: what the server owes for a stanza it has read.
 *
 * Each stanza of a client has one. Whoever still has to do something for it
 * holds it: a turn, a signal on its way, a row not yet on disk. When all have
 * let go it is settled, at the session's home. Holds may be dropped on any
 * loop; the session learns of it on its own.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct session;
struct loop;

struct receipt {
	struct receipt *next;        /* the session's next younger one */
	struct session *session;     /* NULL when it has gone; read at its home only */
	struct loop    *loop;        /* that home's */
	atomic_uint     holds;
	uint32_t        bytes;
	bool            is_settled;
};

struct receipt *receipt_new(struct session *, uint32_t bytes);       /* one hold; last in the session's queue */
void receipt_hold(struct receipt *);                                 /* NULL is fine */
void receipt_drop(struct receipt *);                                 /* NULL is fine */
void receipts_forget(struct session *);                              /* the session goes: what settles later is nobody's affair */

/*
 * Signal: what travels between homes.
 *
 * An envelope (from, to, kind) and a stanza, in an arena that moves with it.
 * Printable and versioned: debug builds print and parse every n-th again, and
 * a cluster will send it as it is printed. Nothing else passes from home to
 * home.
 */
#pragma once
#include "core/turn.h"

struct ticket {                      /* where the answer to a call goes; number 0: no answer is wanted */
	unsigned home;
	uint64_t number;
};

struct signal {                      /* lies in its arena */
	struct arena     *arena;
	const struct xml *stanza;
	const struct jid *from, *to;         /* from NULL: the server itself */
	const char       *via;               /* the link that carries it, to another domain; NULL: it goes to an account of ours */
	enum kind         kind;
	enum type         type;
	bool              wants_keeping;     /* turn.h */
	bool              was_addressed;
	struct ticket     ticket;            /* of a call */
	struct receipt   *receipt;           /* a hold on it, or NULL */
	int64_t           kept_key;          /* its offline row was put down earlier; 0: no */
	msec              since;             /* when a client was sent it that didn't take it: wall clock; 0: none was */
};

struct signal *signal_new(struct arena *, const struct xml *stanza, const struct jid *from, const struct jid *to, enum kind, enum type);
/* To the home of `to`, or of the link. Takes the signal, its arena and its hold. */
void signal_send(struct signal *);
void signal_arrived(void *signal);           /* there: becomes a turn, or goes out by the link */
void signal_forget(struct signal *);         /* it goes nowhere */

char *signal_print(struct arena *, const struct signal *, bool with_secrets);
struct signal *signal_parse(struct arena *, const char *text);       /* NULL when it is none. The receipt is of this process and isn't printed */
extern unsigned signal_print_every;          /* debug: every n-th goes through print and parse; 0: none */

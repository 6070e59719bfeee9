/*
 * The core's half of a turn: how far it is, and what it will let out.
 *
 * Only the core looks in here; modules see core/turn.h.
 */
#pragma once
#include "core/account.h"
#include "core/home.h"
#include "core/receipt.h"
#include "core/signal.h"

struct output {                      /* a stanza that leaves when the turn is kept */
	struct output    *next;
	const struct xml *stanza;
	struct session   *session;           /* NULL: it is routed by its `to` */
	bool              is_own;            /* the turn's own stanza goes on its way, with its receipt */
	const char       *via;               /* by this link; NULL: to an account of ours */
	const char       *flight_sql;        /* its row goes so when the client has it */
	int64_t           flight_key;
};

struct then {
	struct then *next;
	void       (*fn)(struct turn *, void *);
	void        *with;
};

struct turn_out {
	struct list       link;              /* mailbox.turns or mailbox.reads */
	struct turn      *turn;
	struct receipt   *receipt;           /* a hold, dropped when the turn has settled */
	hook_function    *begin;             /* for a turn that is no stanza: binding, a session's end */
	const struct stop *line;             /* the stations it passes */
	size_t            at, count;
	hook_function    *after;             /* behind the last station */
	struct output    *outputs, *outputs_last;
	struct statement *writes, *writes_last;
	struct append    *append;
	struct then      *thens, *thens_last;
	struct ticket     ticket;            /* of a call: answered when the turn ends, with NULL if it said nothing */
	const struct xml *answer;
	int64_t           kept_key;          /* its row is down */
	msec              since;             /* a client was sent it then, and didn't take it; 0: none was */
	const char       *flight_sql;
	int64_t           flight_key;
	unsigned          takers;            /* sessions that its own stanza goes to */
	struct delivery  *delivery;          /* of it, when they are several */
	/* A hop: to the database, or to the pool. */
	bool              is_waiting, holds;
	bool              has_met;           /* its account was made for it: source_meet */
	hook_function    *refuse;            /* how it ends if its account isn't there after all */
	read_function    *found;
	uint64_t          read_after;        /* not before this append has committed */
	void            (*work)(void *);
	enum stanza_error (*worked)(struct turn *, void *);
	void             *with;
	struct store_job  job;               /* the hop's read, or the turn's commit */
};

/* A turn of this account, in this arena, which it takes; the caller fills in the rest and calls turn_queue. */
struct turn *turn_new(struct arena *, struct account *);
/* Behind the others of its account. One too many is answered with resource-constraint. */
void turn_queue(struct turn *);
void turn_queue_always(struct turn *);               /* what must not be refused: a session's end */
void turns_run(struct account *, unsigned most);     /* runs those that may run */
void turns_wake(struct account *);                   /* something changed: if it has turns that may run, its home runs them */
void turn_queue_first(struct turn *);                /* before all others of its account */
void turn_again(struct turn *);                      /* begins anew, before all others; to be called by what it began with, or behind its hop */
bool turns_are_waiting(const struct account *);
void turn_fail(struct turn *, enum stanza_error);    /* ends a turn that has not begun: answers its sender */

/* Sends the turn's own stanza on to t->to, at the end of its line. */
enum stanza_error route_on(struct turn *);
/* One output that is routed; a stanza that the turn built is copied. Returns a signal to send when the turn's arena may go, or NULL. */
struct signal *route_out(struct turn *, const struct output *);
void route_stanza(struct arena *, struct xml *);     /* by its `to`, or nowhere. Takes the arena */
enum stanza_error route_to_host(const struct turn *);        /* a message or a presence to a host itself */

enum stanza_error iq_sent(struct turn *);            /* an IQ of an own session */
enum stanza_error iq_arrived(struct turn *);         /* one from elsewhere */
enum stanza_error iq_to_host(struct turn *, const struct host *);    /* one from another domain to a host of ours */
enum stanza_error iq_check(const struct turn *);     /* RFC 6120 §8.2.3: OK, or what is wrong with it */

void output_add(struct turn *, const struct xml *stanza, struct session *, bool is_own);
void session_put(struct turn *, const struct output *);              /* hands a stanza to its session's stream */

/* The account's turns and reads that the store answers: turn_store.c. */
void turn_commit(struct turn *);                     /* its writes; then turn_kept or turn_lost */
void turn_kept(struct turn *);
void append_submit(struct turn *);
bool account_may_read(const struct account *, uint64_t after);
void turn_submit_read(struct turn *);
void turn_go_on(struct turn *, enum stanza_error);   /* after a hop */
/*
 * A hop to who answers by turn_came, once, on this loop, and perhaps late: return turn_wait(t, holds, found, with). Unless it holds,
 * the account's other turns run meanwhile.
 */
enum stanza_error turn_wait(struct turn *, bool holds, enum stanza_error (*found)(struct turn *, void *with), void *with);
void turn_came(struct turn *);
void turn_end(struct turn *, enum stanza_error);

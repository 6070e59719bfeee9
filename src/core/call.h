/*
 * Call: the server's own question to an account, and its answer.
 *
 * A signal of kind CALL whose stanza is in NS_CALL; no stream accepts or sends
 * that namespace. The account's home runs the handler of that name (module.h)
 * as a turn, which answers with turn_answer. The answer comes back to the loop
 * that asked.
 */
#pragma once
#include "core/home.h"
#include "core/signal.h"

/* `answer` lies in an arena that ends after the call of this function. NULL: no such account, it could not be loaded, or time ran out. */
typedef void call_answered(void *with, const struct xml *answer);

/* Asks the account with this bare JID. `question` and its arena are taken. */
void call_account(const char *bare, struct arena *, struct xml *question, call_answered *, void *with);
void call_cancel(void *with);                        /* none of its answers will be told */

/* Asks every home: fn runs there and adds to `result`, an element of the asking side's, one home after the other; then done. */
void call_homes(void (*fn)(struct home *, struct arena *, struct xml *result, void *with), void (*done)(struct arena *, struct xml *result, void *with), void *with);

/* --- the core's --- */
void call_arrived(struct home *, uint64_t number, struct arena *, const struct xml *answer);   /* takes the arena */
void calls_sweep(struct home *);
void call_answer(struct ticket, const struct xml *answer);           /* from any home; the answer is copied. NULL: there is none */

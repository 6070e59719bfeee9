/*
 * The states of a subscription and what moves them: RFC 6121 Appendix A.
 *
 * Seen by the user: `to` means that the user sees the contact, `from` that the
 * contact sees the user; pending out is a request of the user that waits for
 * an answer, pending in one of the contact. The numbers are in the database.
 */
#pragma once
#include <stdbool.h>

enum subscription {
	SUB_NONE, SUB_NONE_OUT, SUB_NONE_IN, SUB_NONE_OUT_IN,
	SUB_TO, SUB_TO_IN,
	SUB_FROM, SUB_FROM_OUT,
	SUB_BOTH,
	SUBSCRIPTIONS
};

enum subscription_verb { VERB_SUBSCRIBE, VERB_SUBSCRIBED, VERB_UNSUBSCRIBE, VERB_UNSUBSCRIBED, SUBSCRIPTION_VERBS };

struct subscription_step {
	enum subscription next;
	bool passes;                 /* outbound: it is routed; inbound: it is delivered */
	bool answers;                /* inbound: the server answers for the user */
	bool preapproves;            /* outbound: nothing waits for this approval yet, so it is kept (§3.4) */
};

extern const struct subscription_step subscription_outbound[SUBSCRIPTION_VERBS][SUBSCRIPTIONS];   /* §A.2 */
extern const struct subscription_step subscription_inbound[SUBSCRIPTION_VERBS][SUBSCRIPTIONS];    /* §A.3 */

bool subscription_is_to(enum subscription);
bool subscription_is_from(enum subscription);
bool subscription_is_out(enum subscription);         /* a request of ours waits: ask='subscribe' */
bool subscription_is_in(enum subscription);          /* one of theirs waits */
const char *subscription_word(enum subscription);    /* none, to, from, both */
/* What an item that is removed leaves: the contact's request, if one waits (§2.5.2). */
enum subscription subscription_without_item(enum subscription);

/*
 * Appendix A as tables: a row for each verb, a column for each state.
 *
 * To approve before being asked moves nothing, and so it stands in the tables
 * as `preapproves` beside a state that stays.
 */
#include "modules/subscription_state.h"

#define STAYS(state)    { .next = state }
#define PASSES(state)   { .next = state, .passes = true }
#define KEEPS(state)    { .next = state, .preapproves = true }
#define ANSWERS(state)  { .next = state, .answers = true }
#define BOTH_OF(state)  { .next = state, .passes = true, .answers = true }

const struct subscription_step subscription_outbound[SUBSCRIPTION_VERBS][SUBSCRIPTIONS] = {
	[VERB_SUBSCRIBE] = {                                             /* §A.2.1 */
		[SUB_NONE]        = PASSES(SUB_NONE_OUT),
		[SUB_NONE_OUT]    = PASSES(SUB_NONE_OUT),
		[SUB_NONE_IN]     = PASSES(SUB_NONE_OUT_IN),
		[SUB_NONE_OUT_IN] = PASSES(SUB_NONE_OUT_IN),
		[SUB_TO]          = PASSES(SUB_TO),
		[SUB_TO_IN]       = PASSES(SUB_TO_IN),
		[SUB_FROM]        = PASSES(SUB_FROM_OUT),
		[SUB_FROM_OUT]    = PASSES(SUB_FROM_OUT),
		[SUB_BOTH]        = PASSES(SUB_BOTH),
	},
	[VERB_UNSUBSCRIBE] = {                                           /* §A.2.2 */
		[SUB_NONE]        = PASSES(SUB_NONE),
		[SUB_NONE_OUT]    = PASSES(SUB_NONE),
		[SUB_NONE_IN]     = PASSES(SUB_NONE_IN),
		[SUB_NONE_OUT_IN] = PASSES(SUB_NONE_IN),
		[SUB_TO]          = PASSES(SUB_NONE),
		[SUB_TO_IN]       = PASSES(SUB_NONE_IN),
		[SUB_FROM]        = PASSES(SUB_FROM),
		[SUB_FROM_OUT]    = PASSES(SUB_FROM),
		[SUB_BOTH]        = PASSES(SUB_FROM),
	},
	[VERB_SUBSCRIBED] = {                                            /* §A.2.3 */
		[SUB_NONE]        = KEEPS(SUB_NONE),
		[SUB_NONE_OUT]    = KEEPS(SUB_NONE_OUT),
		[SUB_NONE_IN]     = PASSES(SUB_FROM),
		[SUB_NONE_OUT_IN] = PASSES(SUB_FROM_OUT),
		[SUB_TO]          = KEEPS(SUB_TO),
		[SUB_TO_IN]       = PASSES(SUB_BOTH),
		[SUB_FROM]        = STAYS(SUB_FROM),
		[SUB_FROM_OUT]    = STAYS(SUB_FROM_OUT),
		[SUB_BOTH]        = STAYS(SUB_BOTH),
	},
	[VERB_UNSUBSCRIBED] = {                                          /* §A.2.4 */
		[SUB_NONE]        = STAYS(SUB_NONE),
		[SUB_NONE_OUT]    = STAYS(SUB_NONE_OUT),
		[SUB_NONE_IN]     = PASSES(SUB_NONE),
		[SUB_NONE_OUT_IN] = PASSES(SUB_NONE_OUT),
		[SUB_TO]          = STAYS(SUB_TO),
		[SUB_TO_IN]       = PASSES(SUB_TO),
		[SUB_FROM]        = PASSES(SUB_NONE),
		[SUB_FROM_OUT]    = PASSES(SUB_NONE_OUT),
		[SUB_BOTH]        = PASSES(SUB_TO),
	},
};

const struct subscription_step subscription_inbound[SUBSCRIPTION_VERBS][SUBSCRIPTIONS] = {
	[VERB_SUBSCRIBE] = {                                             /* §A.3.1 */
		[SUB_NONE]        = PASSES(SUB_NONE_IN),
		[SUB_NONE_OUT]    = PASSES(SUB_NONE_OUT_IN),
		[SUB_NONE_IN]     = STAYS(SUB_NONE_IN),
		[SUB_NONE_OUT_IN] = STAYS(SUB_NONE_OUT_IN),
		[SUB_TO]          = PASSES(SUB_TO_IN),
		[SUB_TO_IN]       = STAYS(SUB_TO_IN),
		[SUB_FROM]        = ANSWERS(SUB_FROM),
		[SUB_FROM_OUT]    = ANSWERS(SUB_FROM_OUT),
		[SUB_BOTH]        = ANSWERS(SUB_BOTH),
	},
	[VERB_UNSUBSCRIBE] = {                                           /* §A.3.2 */
		[SUB_NONE]        = STAYS(SUB_NONE),
		[SUB_NONE_OUT]    = STAYS(SUB_NONE_OUT),
		[SUB_NONE_IN]     = BOTH_OF(SUB_NONE),
		[SUB_NONE_OUT_IN] = BOTH_OF(SUB_NONE_OUT),
		[SUB_TO]          = STAYS(SUB_TO),
		[SUB_TO_IN]       = BOTH_OF(SUB_TO),
		[SUB_FROM]        = BOTH_OF(SUB_NONE),
		[SUB_FROM_OUT]    = BOTH_OF(SUB_NONE_OUT),
		[SUB_BOTH]        = BOTH_OF(SUB_TO),
	},
	[VERB_SUBSCRIBED] = {                                            /* §A.3.3 */
		[SUB_NONE]        = STAYS(SUB_NONE),
		[SUB_NONE_OUT]    = PASSES(SUB_TO),
		[SUB_NONE_IN]     = STAYS(SUB_NONE_IN),
		[SUB_NONE_OUT_IN] = PASSES(SUB_TO_IN),
		[SUB_TO]          = STAYS(SUB_TO),
		[SUB_TO_IN]       = STAYS(SUB_TO_IN),
		[SUB_FROM]        = STAYS(SUB_FROM),
		[SUB_FROM_OUT]    = PASSES(SUB_BOTH),
		[SUB_BOTH]        = STAYS(SUB_BOTH),
	},
	[VERB_UNSUBSCRIBED] = {                                          /* §A.3.4 */
		[SUB_NONE]        = STAYS(SUB_NONE),
		[SUB_NONE_OUT]    = PASSES(SUB_NONE),
		[SUB_NONE_IN]     = STAYS(SUB_NONE_IN),
		[SUB_NONE_OUT_IN] = PASSES(SUB_NONE_IN),
		[SUB_TO]          = PASSES(SUB_NONE),
		[SUB_TO_IN]       = PASSES(SUB_NONE_IN),
		[SUB_FROM]        = STAYS(SUB_FROM),
		[SUB_FROM_OUT]    = PASSES(SUB_FROM),
		[SUB_BOTH]        = PASSES(SUB_FROM),
	},
};

bool subscription_is_to(enum subscription s)
{
	return s == SUB_TO || s == SUB_TO_IN || s == SUB_BOTH;
}

bool subscription_is_from(enum subscription s)
{
	return s == SUB_FROM || s == SUB_FROM_OUT || s == SUB_BOTH;
}

bool subscription_is_out(enum subscription s)
{
	return s == SUB_NONE_OUT || s == SUB_NONE_OUT_IN || s == SUB_FROM_OUT;
}

bool subscription_is_in(enum subscription s)
{
	return s == SUB_NONE_IN || s == SUB_NONE_OUT_IN || s == SUB_TO_IN;
}

const char *subscription_word(enum subscription s)
{
	bool to = subscription_is_to(s), from = subscription_is_from(s);
	return to && from ? "both" : to ? "to" : from ? "from" : "none";
}

enum subscription subscription_without_item(enum subscription s)
{
	return subscription_is_in(s) ? SUB_NONE_IN : SUB_NONE;
}

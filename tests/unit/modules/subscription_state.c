/*
 * RFC 6121 Appendix A, row by row, in another notation than the tables have:
 * what one bit of a state (to, from, pending out, pending in) becomes.
 *
 * A line of `rows` is a state, what becomes of it, and whether the stanza
 * passes; it is copied from the RFC's tables 2 to 9 by hand.
 */
#include "modules/subscription_state.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char *const names[SUBSCRIPTIONS] = { "none", "none+out", "none+in", "none+out+in", "to", "to+in", "from", "from+out", "both" };

/* New states in the order of `names`; '.' none changed. Behind it: p passes, a answered, A preapproved. */
struct table {
	const char *title;
	const struct subscription_step *row;
	const char *next[SUBSCRIPTIONS];
	const char *what[SUBSCRIPTIONS];
};

static const struct table tables[] = {
	{ "2: outbound subscribe", subscription_outbound[VERB_SUBSCRIBE],
	  { "none+out", ".", "none+out+in", ".", ".", ".", "from+out", ".", "." },
	  { "p", "p", "p", "p", "p", "p", "p", "p", "p" } },
	{ "3: outbound unsubscribe", subscription_outbound[VERB_UNSUBSCRIBE],
	  { ".", "none", ".", "none+in", "none", "none+in", ".", "from", "from" },
	  { "p", "p", "p", "p", "p", "p", "p", "p", "p" } },
	{ "4: outbound subscribed", subscription_outbound[VERB_SUBSCRIBED],
	  { ".", ".", "from", "from+out", ".", "both", ".", ".", "." },
	  { "A", "A", "p", "p", "A", "p", "", "", "" } },
	{ "5: outbound unsubscribed", subscription_outbound[VERB_UNSUBSCRIBED],
	  { ".", ".", "none", "none+out", ".", "to", "none", "none+out", "to" },
	  { "", "", "p", "p", "", "p", "p", "p", "p" } },
	{ "6: inbound subscribe", subscription_inbound[VERB_SUBSCRIBE],
	  { "none+in", "none+out+in", ".", ".", "to+in", ".", ".", ".", "." },
	  { "p", "p", "", "", "p", "", "a", "a", "a" } },
	{ "7: inbound unsubscribe", subscription_inbound[VERB_UNSUBSCRIBE],
	  { ".", ".", "none", "none+out", ".", "to", "none", "none+out", "to" },
	  { "", "", "pa", "pa", "", "pa", "pa", "pa", "pa" } },
	{ "8: inbound subscribed", subscription_inbound[VERB_SUBSCRIBED],
	  { ".", "to", ".", "to+in", ".", ".", ".", "both", "." },
	  { "", "p", "", "p", "", "", "", "p", "" } },
	{ "9: inbound unsubscribed", subscription_inbound[VERB_UNSUBSCRIBED],
	  { ".", "none", ".", "none+in", "none", "none+in", ".", "from", "from" },
	  { "", "p", "", "p", "p", "p", "", "p", "p" } },
};

static void check_row(const struct table *table, enum subscription s)
{
	const struct subscription_step *step = &table->row[s];
	const char *next = *table->next[s] == '.' ? names[s] : table->next[s], *what = table->what[s];
	if (strcmp(names[step->next], next) != 0)
		fail_msg("table %s, state \"%s\": becomes \"%s\", not \"%s\"", table->title, names[s], names[step->next], next);
	if (step->passes != !!strchr(what, 'p') || step->answers != !!strchr(what, 'a') || step->preapproves != !!strchr(what, 'A'))
		fail_msg("table %s, state \"%s\": other than \"%s\"", table->title, names[s], what);
}

static void every_row_of_appendix_a_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (int s = 0; s < SUBSCRIPTIONS; s++)
			check_row(&tables[i], (enum subscription)s);
}

static void each_state_says_what_its_name_says(void **state)
{
	(void)state;
	for (int i = 0; i < SUBSCRIPTIONS; i++) {
		enum subscription s = (enum subscription)i;
		bool both = strcmp(names[i], "both") == 0;
		assert_int_equal(subscription_is_to(s), both || strncmp(names[i], "to", 2) == 0);
		assert_int_equal(subscription_is_from(s), both || strncmp(names[i], "from", 4) == 0);
		assert_int_equal(subscription_is_out(s), strstr(names[i], "+out") != NULL);
		assert_int_equal(subscription_is_in(s), strstr(names[i], "+in") != NULL);
		assert_memory_equal(subscription_word(s), names[i], strlen(subscription_word(s)));
	}
	assert_string_equal(subscription_word(SUB_BOTH), "both");
}

static void a_removed_item_leaves_the_request_that_waits(void **state)
{
	(void)state;
	for (int s = 0; s < SUBSCRIPTIONS; s++)
		assert_int_equal(subscription_without_item((enum subscription)s), strstr(names[s], "+in") ? SUB_NONE_IN : SUB_NONE);
}

/* Whatever two rosters went through, the handshakes bring both to the same end. */
static void a_handshake_ends_alike_on_both_sides(void **state)
{
	(void)state;
	enum subscription user = SUB_NONE, contact = SUB_NONE;
	user = subscription_outbound[VERB_SUBSCRIBE][user].next;
	contact = subscription_inbound[VERB_SUBSCRIBE][contact].next;
	contact = subscription_outbound[VERB_SUBSCRIBED][contact].next;
	user = subscription_inbound[VERB_SUBSCRIBED][user].next;
	assert_int_equal(user, SUB_TO);
	assert_int_equal(contact, SUB_FROM);
	user = subscription_outbound[VERB_UNSUBSCRIBE][user].next;
	contact = subscription_inbound[VERB_UNSUBSCRIBE][contact].next;
	assert_int_equal(user, SUB_NONE);
	assert_int_equal(contact, SUB_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_appendix_a_holds),
		cmocka_unit_test(each_state_says_what_its_name_says),
		cmocka_unit_test(a_removed_item_leaves_the_request_that_waits),
		cmocka_unit_test(a_handshake_ends_alike_on_both_sides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

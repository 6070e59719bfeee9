/* Acks without a connection: counting, bounds, and what lives through a restart. */
#include "streams/acks.h"
#include "core/module.h"
#include "core/server.h"
#include "xmpp/ns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct server server;
const struct module *const modules[] = { NULL };

static const struct acks_bounds bounds = { .stanzas = 3, .bytes = 1000 };

static void sends(struct acks *k, const char *text)
{
	acks_sent(k, NULL, text, strlen(text));
}

static struct acks *with_three(void)
{
	struct acks *k = acks_new(&bounds);
	sends(k, "<message id='1'/>");
	sends(k, "<message id='2'/>");
	sends(k, "<message id='3'/>");
	return k;
}

static const char *id_of_first(struct acks *k, struct arena *a, uint64_t *number)
{
	return xml_get(acks_untaken(k, a, number)->stanza, "id");
}

static void what_is_acknowledged_is_forgotten(void **state)
{
	struct acks *k = with_three();
	struct arena *a = arena_new();
	uint64_t taken, first;
	assert_true(acks_may_say(k, 0));
	assert_true(acks_may_say(k, 3));
	assert_false(acks_may_say(k, 4));
	acks_taken(k, NULL, 2, &taken);
	assert_int_equal(taken, 2);
	assert_int_equal(acks_count(k), 1);
	assert_string_equal(id_of_first(k, a, &first), "3");
	assert_int_equal(first, 3);
	assert_false(acks_may_say(k, 1));        /* less than was said before */
	acks_free(k);
	arena_free(a);
}

static void h_wraps_around(void **state)
{
	struct arena *a = arena_new();
	struct xml *el = EL(a, NS_CALL, "acks", ATTR(a, "id", "123456789012345678901234"), ATTR(a, "taken", "4294967295"), ATTR(a, "stanzas", "3"), ATTR(a, "bytes", "9"));
	struct acks *k = acks_restore(el);
	uint64_t taken;
	sends(k, "<message/>");
	sends(k, "<message/>");
	assert_true(acks_may_say(k, UINT32_MAX));
	assert_true(acks_may_say(k, 1));
	assert_false(acks_may_say(k, 2));
	acks_taken(k, NULL, 0, &taken);
	assert_int_equal(taken, UINT64_C(4294967296));
	assert_int_equal(acks_count(k), 1);
	acks_free(k);
	arena_free(a);
}

static void bounds_are_of_stanzas_and_of_bytes(void **state)
{
	struct acks *k = with_three();
	char large[1200] = "<message>";
	uint64_t taken;
	bool by_bytes;
	assert_false(acks_are_over(k, &by_bytes));
	sends(k, "<message id='4'/>");
	assert_true(acks_are_over(k, &by_bytes));
	assert_false(by_bytes);
	acks_taken(k, NULL, 4, &taken);
	memset(large + 9, 'x', sizeof large - 9 - 11);
	strcpy(large + sizeof large - 11, "</message>");
	sends(k, large);
	assert_true(acks_are_over(k, &by_bytes));
	assert_true(by_bytes);
	acks_free(k);
}

static void ids_are_long_and_differ(void **state)
{
	struct acks *one = acks_new(&bounds), *two = acks_new(&bounds);
	assert_null(acks_id(one));
	acks_let_resume(one, 1000);
	acks_let_resume(two, 1000);
	assert_int_equal(strlen(acks_id(one)), ACKS_ID);
	assert_string_not_equal(acks_id(one), acks_id(two));
	acks_free(one);
	acks_free(two);
}

static void all_of_it_lives_through_a_restart(void **state)
{
	struct arena *a = arena_new();
	struct acks *k = acks_new(&bounds), *again;
	uint64_t taken, first;
	bool by_bytes;
	acks_let_resume(k, 5000);
	sends(k, "<message id='1'/>");
	sends(k, "<message id='2'><body>&lt;&amp;'\"</body></message>");
	acks_taken(k, NULL, 1, &taken);
	again = acks_restore(acks_save(k, a));
	assert_string_equal(acks_id(again), acks_id(k));
	assert_int_equal(acks_time(again), 5000);
	assert_int_equal(acks_last(again), 2);
	assert_int_equal(acks_count(again), 1);
	const struct untaken *before = acks_untaken(k, a, &first), *after = acks_untaken(again, a, &first);
	assert_int_equal(first, 2);
	assert_true(xml_same(before->stanza, after->stanza));
	assert_int_equal(before->since, after->since);
	assert_null(after[1].stanza);
	sends(again, "<message/>");
	sends(again, "<message/>");
	assert_false(acks_are_over(again, &by_bytes));
	sends(again, "<message/>");
	assert_true(acks_are_over(again, &by_bytes));
	acks_free(k);
	acks_free(again);
	arena_free(a);
}

static void what_is_none_is_not_restored(void **state)
{
	struct arena *a = arena_new();
	assert_null(acks_restore(NULL));
	assert_null(acks_restore(EL(a, NS_CALL, "acks", ATTR(a, "id", "short"))));
	arena_free(a);
}

static int begin(void **state)
{
	ns_intern();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_acknowledged_is_forgotten),
		cmocka_unit_test(h_wraps_around),
		cmocka_unit_test(bounds_are_of_stanzas_and_of_bytes),
		cmocka_unit_test(ids_are_long_and_differ),
		cmocka_unit_test(all_of_it_lives_through_a_restart),
		cmocka_unit_test(what_is_none_is_not_restored),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}

/* Lists: order is kept, and a link may leave at any time. */
#include "base/list.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct member {
	int number;
	struct list link;
};

static void keeps_the_order_of_both_ends(void **state)
{
	struct list all;
	struct member m[4] = { { .number = 1 }, { .number = 2 }, { .number = 3 }, { .number = 0 } };
	int expected = 0;
	(void)state;
	list_init(&all);
	for (int i = 0; i < 3; i++)
		list_append(&all, &m[i].link);
	list_prepend(&all, &m[3].link);
	LIST_EACH(&all, struct member, link, it)
		assert_int_equal(it->number, expected++);
	assert_int_equal(expected, 4);
}

static void may_be_emptied_while_walked(void **state)
{
	struct list all;
	struct member m[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	(void)state;
	list_init(&all);
	for (int i = 0; i < 3; i++)
		list_append(&all, &m[i].link);
	LIST_EACH(&all, struct member, link, it)
		list_remove(&it->link);
	assert_true(list_is_empty(&all));
	assert_null(list_first(&all));
}

static void leaving_twice_or_never_having_been_in_is_fine(void **state)
{
	struct list all;
	struct member m = { 0 }, other = { .number = 2 };
	(void)state;
	list_init(&all);
	list_remove(&m.link);
	list_append(&all, &m.link);
	list_append(&all, &other.link);
	list_remove(&m.link);
	list_remove(&m.link);
	assert_ptr_equal(list_first(&all), &other.link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_order_of_both_ends),
		cmocka_unit_test(may_be_emptied_while_walked),
		cmocka_unit_test(leaving_twice_or_never_having_been_in_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

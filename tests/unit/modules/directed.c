/* The addresses that a session sent presence to by name: each once, within a limit, and gone when removed. */
#include "modules/directed.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static size_t count(const struct directed *d)
{
	size_t n = 0;
	for (const char *at = NULL; (at = directed_next(d, at));)
		n++;
	return n;
}

static void an_empty_one_has_nobody(void **state)
{
	(void)state;
	assert_false(directed_has(NULL, "juliet@example"));
	assert_null(directed_next(NULL, NULL));
	directed_remove(NULL, "juliet@example");
	assert_true(directed_fits(NULL, "ab", 3));
	assert_false(directed_fits(NULL, "ab", 2));
}

static void holds_each_address_once_in_order(void **state)
{
	(void)state;
	struct directed *d = directed_add(directed_add(directed_add(NULL, "a@b/c"), "a@b"), "a@b/c");
	const char *first = directed_next(d, NULL);
	assert_string_equal(first, "a@b/c");
	assert_string_equal(directed_next(d, first), "a@b");
	assert_int_equal(count(d), 2);
	assert_true(directed_has(d, "a@b"));
	assert_false(directed_has(d, "a@"));
	assert_false(directed_has(d, "a@b/"));
	mem_free(d);
}

static void removes_from_any_place(void **state)
{
	(void)state;
	const char *const all[] = { "first@x", "middle@x/r", "last@x" };
	for (size_t gone = 0; gone < 3; gone++) {
		struct directed *d = NULL;
		for (size_t i = 0; i < 3; i++)
			d = directed_add(d, all[i]);
		directed_remove(d, all[gone]);
		directed_remove(d, "stranger@x");
		assert_int_equal(count(d), 2);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(directed_has(d, all[i]), i != gone);
		mem_free(d);
	}
}

static void what_is_there_fits_whatever_the_limit(void **state)
{
	(void)state;
	struct directed *d = directed_add(NULL, "abc");
	assert_true(directed_fits(d, "abc", 4));
	assert_false(directed_fits(d, "d", 5));
	assert_true(directed_fits(d, "d", 6));
	mem_free(d);
}

static void bears_many(void **state)
{
	(void)state;
	struct directed *d = NULL;
	char name[32];
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "room%d@conference.example/n", i);
		d = directed_add(d, name);
	}
	for (int i = 0; i < 500; i += 2) {
		snprintf(name, sizeof name, "room%d@conference.example/n", i);
		directed_remove(d, name);
	}
	assert_int_equal(count(d), 250);
	assert_true(directed_has(d, "room499@conference.example/n"));
	mem_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_nobody),
		cmocka_unit_test(holds_each_address_once_in_order),
		cmocka_unit_test(removes_from_any_place),
		cmocka_unit_test(what_is_there_fits_whatever_the_limit),
		cmocka_unit_test(bears_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Clocks: keys grow whatever the time of day does. */
#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const msec noon = 1700000000000;

static void keys_grow_within_a_millisecond(void **state)
{
	(void)state;
	clock_set(1, noon);
	int64_t last = clock_key();
	for (int i = 0; i < 10000; i++) {
		int64_t key = clock_key();
		assert_true(key > last);
		last = key;
	}
}

static void keys_grow_when_the_clock_steps_back(void **state)
{
	(void)state;
	clock_set(1, noon + 60000);
	int64_t before = clock_key();
	clock_set(2, noon);
	assert_true(clock_key() > before);
}

static void keys_of_two_loops_differ(void **state)
{
	(void)state;
	clock_set(1, noon + 120000);
	clock_key_loop(1);
	int64_t one = clock_key();
	clock_set(1, noon + 120001);
	clock_key_loop(2);
	int64_t two = clock_key();
	assert_int_equal(one >> 11 & 255, 1);
	assert_int_equal(two >> 11 & 255, 2);
	assert_true(two > one);
}

static void keys_are_positive_and_tell_their_time(void **state)
{
	(void)state;
	clock_set(1, noon + 180000);
	int64_t key = clock_key();
	assert_true(key > 0);
	assert_int_equal((key >> 19) + 1577836800000, noon + 180000);
}

static void keys_of_rows_from_elsewhere_keep_their_order_and_meet_no_other(void **state)
{
	(void)state;
	clock_set(1, noon);
	static const msec old[] = { -5, 1, 100000, 1577836799999 }, new[] = { 1577836800000, 1577836800001, 1700000000000 };
	for (size_t i = 0; i + 1 < sizeof old / sizeof *old; i++)
		assert_true(clock_key_at(old[i]) > 0 && clock_key_at(old[i]) <= clock_key_at(old[i + 1]));
	for (size_t i = 0; i + 1 < sizeof new / sizeof *new; i++)
		assert_true(clock_key_at(new[i]) + CLOCK_KEYS <= clock_key_at(new[i + 1]));
	int64_t same = clock_key_at(noon);
	assert_int_equal(same >> 11 & 255, 255);
	assert_int_equal((same + CLOCK_KEYS - 1) >> 19, same >> 19);
}

static void stands_still_once_set(void **state)
{
	(void)state;
	clock_set(5, noon);
	clock_tick();
	assert_int_equal(clock_now(), 5);
	assert_int_equal(clock_wall(), noon);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_grow_within_a_millisecond),
		cmocka_unit_test(keys_grow_when_the_clock_steps_back),
		cmocka_unit_test(keys_of_two_loops_differ),
		cmocka_unit_test(keys_are_positive_and_tell_their_time),
		cmocka_unit_test(keys_of_rows_from_elsewhere_keep_their_order_and_meet_no_other),
		cmocka_unit_test(stands_still_once_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

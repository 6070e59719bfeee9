/* Meters: the long-run rate is what was set, and a burst no more than was allowed. */
#include "base/meter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void a_burst_is_free_and_debt_is_paid_in_time(void **state)
{
	struct meter m;
	(void)state;
	meter_init(&m, 100, 50, 0);
	assert_int_equal(meter_take(&m, 50, 0), 0);
	assert_int_equal(meter_take(&m, 100, 0), 1000);
	assert_int_equal(meter_take(&m, 0, 1000), 0);
}

static void the_pause_is_rounded_up(void **state)
{
	struct meter m;
	(void)state;
	meter_init(&m, 3, 0, 0);
	assert_int_equal(meter_take(&m, 1, 0), 334);
}

static void idling_fills_no_more_than_the_burst(void **state)
{
	struct meter m;
	(void)state;
	meter_init(&m, 1000, 10, 0);
	assert_int_equal(meter_take(&m, 10, INT64_MAX / 2), 0);
	assert_int_equal(meter_take(&m, 1, INT64_MAX / 2), 1);
}

/* Asked every millisecond, a slow meter must still fill: parts of a unit add up. */
static void asking_often_loses_no_time(void **state)
{
	struct meter m;
	msec t = 0;
	(void)state;
	meter_init(&m, 10, 1, 0);
	assert_int_equal(meter_take(&m, 1, t), 0);
	for (; t < 100; t++)
		meter_take(&m, 0, t);
	assert_int_equal(meter_take(&m, 1, t), 0);
}

static void without_a_rate_there_is_no_limit(void **state)
{
	struct meter m;
	(void)state;
	meter_init(&m, 0, 0, 0);
	assert_int_equal(meter_take(&m, INT64_MAX, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_free_and_debt_is_paid_in_time),
		cmocka_unit_test(the_pause_is_rounded_up),
		cmocka_unit_test(idling_fills_no_more_than_the_burst),
		cmocka_unit_test(asking_often_loses_no_time),
		cmocka_unit_test(without_a_rate_there_is_no_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

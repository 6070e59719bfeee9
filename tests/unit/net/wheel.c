/* The wheel is told the time, so nothing here sleeps. */
#include "helper.h"
#include "net/wheel.h"
#include <stdlib.h>
#include <string.h>

static struct wheel w;
static struct timer timers[400];
static msec now, fired_at[400];
static int fired[400], fired_count;

static void note(struct timer *t)
{
	fired_at[t - timers] = now;
	fired[fired_count++] = (int)(t - timers);
}

static void put(int i, msec at, void (*fn)(struct timer *))
{
	list_remove(&timers[i].link);
	timers[i].at = at;
	timers[i].fn = fn;
	wheel_put(&w, &timers[i]);
}

static int begin(void **state)
{
	memset(timers, 0, sizeof timers);
	memset(fired_at, 0, sizeof fired_at);
	fired_count = 0;
	now = 123456789;
	wheel_init(&w, now);
	return 0;
}

static void run_until(msec until)            /* as a loop does: sleeps until the wheel asks */
{
	for (msec next; (next = wheel_next(&w)) >= 0 && next <= until; ) {
		assert_true(next > now - WHEEL_TICK_MS);
		now = next > now ? next : now;
		wheel_run(&w, now);
	}
	now = until;
	wheel_run(&w, now);
}

static void fires_within_a_tick_and_never_early_at_every_distance(void **state)
{
	const msec began = now;
	for (int i = 0; i < 400; i++)
		put(i, began + (msec)(i < 200 ? i * 37 : (msec)(i - 199) * (i - 199) * (i - 199) * 97), note);
	run_until(began + 900000000);
	assert_int_equal(fired_count, 400);
	for (int i = 0; i < 400; i++) {
		assert_true(fired_at[i] >= timers[i].at);
		assert_true(fired_at[i] <= timers[i].at + 2 * WHEEL_TICK_MS);
	}
}

static void fires_in_the_order_of_ticks(void **state)
{
	for (int i = 0; i < 100; i++)
		put(i, now + 100 * (100 - i), note);
	run_until(now + 20000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(fired[i], 99 - i);
}

static void one_beyond_the_wheel_waits_its_whole_time(void **state)
{
	const msec month = (msec)30 * 86400 * 1000;
	put(0, now + month, note);
	run_until(now + month - 1000);
	assert_int_equal(fired_count, 0);
	run_until(now + 2000);
	assert_int_equal(fired_count, 1);
}

static void one_started_again_moves(void **state)
{
	put(0, now + 100, note);
	put(0, now + 5000, note);
	run_until(now + 4000);
	assert_int_equal(fired_count, 0);
	run_until(now + 2000);
	assert_int_equal(fired_count, 1);
}

static void stop_the_others(struct timer *t)
{
	note(t);
	for (int i = 0; i < 10; i++)
		list_remove(&timers[i].link);
}

static void one_stopped_by_another_of_its_tick_is_silent(void **state)
{
	for (int i = 0; i < 10; i++)
		put(i, now + 200, stop_the_others);
	run_until(now + 1000);
	assert_int_equal(fired_count, 1);
	assert_int_equal(wheel_next(&w), -1);
}

static void again(struct timer *t)
{
	note(t);
	if (fired_count < 5)
		put((int)(t - timers), now, again);
}

static void one_that_starts_itself_at_once_waits_a_tick(void **state)
{
	put(0, now, again);
	run_until(now + 50);
	assert_true(fired_count <= 2);
	run_until(now + 1000);
	assert_int_equal(fired_count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fires_within_a_tick_and_never_early_at_every_distance, begin),
		cmocka_unit_test_setup(fires_in_the_order_of_ticks, begin),
		cmocka_unit_test_setup(one_beyond_the_wheel_waits_its_whole_time, begin),
		cmocka_unit_test_setup(one_started_again_moves, begin),
		cmocka_unit_test_setup(one_stopped_by_another_of_its_tick_is_silent, begin),
		cmocka_unit_test_setup(one_that_starts_itself_at_once_waits_a_tick, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

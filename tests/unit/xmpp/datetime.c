/* XEP-0082: its examples, its edges, and what it isn't. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>
#include "xmpp/datetime.h"

static msec moment(const char *text)
{
	msec wall;
	if (!datetime_parse(text, &wall))
		fail_msg("refused: %s", text);
	return wall;
}

static void the_examples_are_read(void **state)
{
	msec t;
	assert_int_equal(moment("1969-07-21T02:56:15Z"), -14159025000);
	assert_int_equal(moment("1969-07-20T21:56:15-05:00"), -14159025000);
	assert_true(datetime_parse_date("1776-07-04", &t));
	assert_int_equal(t, -6106060800000);
	assert_true(datetime_parse_time("16:00:00", &t));
	assert_int_equal(t, 16 * 3600000);
}

static void fractions_are_cut_to_milliseconds(void **state)
{
	assert_int_equal(moment("1970-01-01T00:00:00.1Z"), 100);
	assert_int_equal(moment("1970-01-01T00:00:00.12Z"), 120);
	assert_int_equal(moment("1970-01-01T00:00:00.1239999999999999999999999999999Z"), 123);
	assert_int_equal(moment("1970-01-01T00:00:00.0009Z"), 0);
}

static void offsets_and_edges(void **state)
{
	msec t;
	assert_int_equal(moment("1970-01-01T01:00:00+01:00"), 0);
	assert_int_equal(moment("1970-01-01T00:00:00-14:00"), 14 * 3600000);
	assert_int_equal(moment("1970-01-01T24:00:00Z"), 86400000);
	assert_int_equal(moment("2000-02-29T00:00:00Z"), 951782400000);
	assert_int_equal(moment("9999-12-31T23:59:59.999Z"), 253402300799999);
	assert_int_equal(moment("0001-01-01T00:00:00Z"), -62135596800000);
	assert_true(datetime_parse_time("00:30:00+01:00", &t));
	assert_int_equal(t, 23 * 3600000 + 1800000);
	assert_true(datetime_parse_date("1970-01-02Z", &t));
	assert_int_equal(t, 86400000);
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "", "2002", "2002-09-10", "2002-09-10T23:08:25", "2002-9-10T23:08:25Z",
		"2002-13-10T23:08:25Z", "2002-00-10T23:08:25Z", "2002-02-29T23:08:25Z", "1900-02-29T23:08:25Z",
		"2002-04-31T00:00:00Z", "2002-09-00T00:00:00Z", "2002-09-10t23:08:25Z", "2002-09-10 23:08:25Z",
		"2002-09-10T25:08:25Z", "2002-09-10T24:00:01Z", "2002-09-10T24:00:00.001Z", "2002-09-10T23:60:25Z",
		"2002-09-10T23:08:60Z", "2002-09-10T23:08Z", "2002-09-10T23:08:25.Z", "2002-09-10T23:08:25,1Z",
		"2002-09-10T23:08:25z", "2002-09-10T23:08:25Zx", "2002-09-10T23:08:25+1:00", "2002-09-10T23:08:25+0100",
		"2002-09-10T23:08:25+14:01", "2002-09-10T23:08:25+15:00", "2002-09-10T23:08:25+01", "-2002-09-10T23:08:25Z",
		"20020910T23:08:25", "0000-01-01T00:00:00Z", " 2002-09-10T23:08:25Z", "2002-09-10T23:08:25Z " };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		msec t;
		if (datetime_parse(bad[i], &t))
			fail_msg("not refused: %s", bad[i]);
	}
	msec t;
	assert_false(datetime_parse_date("2002-09-10T", &t));
	assert_false(datetime_parse_date("2002-09-31", &t));
	assert_false(datetime_parse_time("16:00", &t));
	assert_false(datetime_parse_time("16:00:00 Z", &t));
	assert_false(datetime_parse_time("T16:00:00", &t));
}

static void what_is_printed_is_read(void **state)
{
	struct arena *a = arena_new();
	assert_string_equal(datetime_print_msec(a, 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(datetime_print(a, 1031699305123), "2002-09-10T23:08:25Z");
	assert_string_equal(datetime_print_msec(a, 1031699305123), "2002-09-10T23:08:25.123Z");
	assert_string_equal(datetime_print_legacy(a, 1031699305123), "20020910T23:08:25");
	assert_string_equal(datetime_print_msec(a, -1), "1969-12-31T23:59:59.999Z");
	for (msec t = -62135596800000; t < 253402300800000; t += 86400000LL * 97 + 12345677)
		assert_int_equal(moment(datetime_print_msec(a, t)), t);
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_are_read),
		cmocka_unit_test(fractions_are_cut_to_milliseconds),
		cmocka_unit_test(offsets_and_edges),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(what_is_printed_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Moments and time zones in text. */
#include "xmpp/stamp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void writes_a_moment_in_utc(void **state)
{
	struct arena *a = arena_new();
	assert_string_equal(stamp_text(a, 1031699305007), "2002-09-10T23:08:25.007Z");
	assert_string_equal(stamp_text(a, 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(stamp_text(a, 1709164800000), "2024-02-29T00:00:00.000Z");
	arena_free(a);
}

static void writes_zones_on_both_sides(void **state)
{
	struct arena *a = arena_new();
	assert_string_equal(stamp_zone(a, 0), "+00:00");
	assert_string_equal(stamp_zone(a, 7200), "+02:00");
	assert_string_equal(stamp_zone(a, -12600), "-03:30");
	assert_string_equal(stamp_zone(a, -1800), "-00:30");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_moment_in_utc),
		cmocka_unit_test(writes_zones_on_both_sides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

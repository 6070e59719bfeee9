/* XEP-0474's own example, and what the order and the other hashes do. */
#include "xmpp/scram_downgrade.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena *a;

static int begin(void **state)
{
	a = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(a);
	return 0;
}

static void the_example_holds(void **state)
{
	const char *mechanisms[] = { "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1" }, *bindings[] = { "tls-server-end-point", "tls-exporter" };
	assert_string_equal(scram_downgrade_attribute(a, SCRAM_SHA_1, mechanisms, 2, bindings, 2), "h=G6k/rBLDqgOhRRaCuuatSDFkJ08=");
}

/* Python's hashlib made these. */
static void bindings_that_were_not_advertised_leave_no_delimiter(void **state)
{
	const char *mechanisms[] = { "SCRAM-SHA-1", "PLAIN" };
	assert_string_equal(scram_downgrade_attribute(a, SCRAM_SHA_256, mechanisms, 2, NULL, 0), "h=aE0ZQpXO33awheXK+2X8RthcH6Xsl7MDkkir/XU/hKY=");
	assert_string_equal(scram_downgrade_attribute(a, SCRAM_SHA_512, mechanisms, 2, NULL, 0), "h=mBhEWWHK212onDW2uSrvpCNP3Ex/NroQF1erglm4ph1q+pyOgbssqsQIthwLfyNU0VpxmxqkDm1baTyL1jzYUg==");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_example_holds, begin, end),
		cmocka_unit_test_setup_teardown(bindings_that_were_not_advertised_leave_no_delimiter, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tables for people. */
#include "admin/table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char printed[4096];

static const char *print(void (*how)(struct buf *, const json_t *), const char *json)
{
	struct buf out = { 0 };
	json_t *rows = json_loads(json, 0, NULL);
	assert_non_null(rows);
	how(&out, rows);
	memcpy(printed, buf_length(&out) ? buf_start(&out) : "", buf_length(&out));
	printed[buf_length(&out)] = '\0';
	buf_clear(&out);
	json_decref(rows);
	return printed;
}

static void columns_are_as_wide_as_their_widest(void **state)
{
	assert_string_equal(print(table_print, "[{\"jid\":\"a\",\"n\":1},{\"jid\":\"abcdef\",\"n\":-20}]"),
		"jid     n\n"
		"a       1\n"
		"abcdef  -20\n");
}

static void width_counts_characters(void **state)
{
	assert_string_equal(print(table_print, "[{\"a\":\"é\",\"b\":1},{\"a\":\"ee\",\"b\":2}]"), "a   b\né   1\nee  2\n");
}

static void what_is_missing_or_empty_is_a_dash(void **state)
{
	assert_string_equal(print(table_print, "[{\"a\":null,\"b\":\"\",\"c\":true},{\"d\":false}]"), "a  b  c    d\n-  -  yes  -\n-  -  -    no\n");
}

static void no_rows_print_nothing(void **state)
{
	assert_string_equal(print(table_print, "[]"), "");
}

static void control_characters_reach_no_terminal(void **state)
{
	assert_string_equal(print(table_print, "[{\"a\":\"\\u001b[2J\\n\\u007f\"}]"), "a\n?[2J;?\n");         /* a line feed parts values */
}

static void a_card_has_a_field_on_each_line(void **state)
{
	assert_string_equal(print(table_print_card, "{\"pid\":7,\"version\":\"1\",\"loops\":[{\"n\":0},{\"n\":1}]}"),
		"pid      7\nversion  1\nloops\n  n\n  0\n  1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest),
		cmocka_unit_test(width_counts_characters),
		cmocka_unit_test(what_is_missing_or_empty_is_a_dash),
		cmocka_unit_test(no_rows_print_nothing),
		cmocka_unit_test(control_characters_reach_no_terminal),
		cmocka_unit_test(a_card_has_a_field_on_each_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The language: what ends a setting, what is a section, and that no text breaks the parser. */
#include "core/config_parse.h"
#include "core/config_print.h"
#include "core/config_value.h"
#include <setjmp.h>          /* our headers come first: cmocka makes a macro of fail() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct config_report report;
static struct arena *arena;

static int setup(void **state)
{
	config_report_init(&report);
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	config_report_clear(&report);
	arena_free(arena);
	return 0;
}

/* A tree as one line: a=b; c{d=e;} f"t"{} g[h,] */
static const char *shape(const struct config_node *n)
{
	const char *text = "";
	for (; n; n = n->next) {
		text = arena_printf(arena, "%s%s", text, n->key);
		if (n->shape == CONFIG_SECTION) {
			if (n->title)
				text = arena_printf(arena, "%s\"%s\"", text, n->title);
			text = arena_printf(arena, "%s{%s}", text, shape(n->children));
			continue;
		}
		text = arena_printf(arena, "%s%s", text, n->shape == CONFIG_LIST ? "[" : "=");
		for (const struct config_word *w = n->words; w; w = w->next)
			text = arena_printf(arena, "%s%s%s", text, w->text, n->shape == CONFIG_LIST ? "," : "");
		text = arena_printf(arena, "%s%s", text, n->shape == CONFIG_LIST ? "]" : ";");
	}
	return text;
}

static const char *parsed(const char *text)
{
	return shape(config_parse(arena, "f", text, strlen(text), &report));
}

static void settings_end_at_a_line_or_a_semicolon(void **state)
{
	assert_string_equal(parsed("a = b; c d\ne=f # x = y\r\n\tg h;;\n"), "a=b;c=d;e=f;g=h;");
	assert_string_equal(parsed("a b c = d"), "a=b;c=d;");
	assert_string_equal(parsed("log { a b }\nlog { a = b; c d; e = f }"), "log{a=b;}log{a=b;c=d;e=f;}");
	assert_int_equal(report.error_count, 0);
}

static void the_second_on_a_line_needs_a_sign(void **state)
{
	parsed("a b c d\ne f");
	assert_int_equal(report.error_count, 1);
	assert_int_equal(report.errors[0].place.column, 5);
}

static void sections_have_names_and_nest(void **state)
{
	assert_string_equal(parsed("a \"x y\" { b { c = 1 } d e {} }\nf\n{\n}\n"), "a\"x y\"{b{c=1;}d\"e\"{}}f{}");
	assert_string_equal(parsed("a { b = 1  listen \"*:1\" { } }"), "a{b=1;listen\"*:1\"{}}");
	assert_int_equal(report.error_count, 0);
}

static void lists_hold_words_or_settings(void **state)
{
	assert_string_equal(parsed("a = [ b, \"c d\"\n e ]; f = []"), "a[b,c d,e,]f[]");
	assert_string_equal(parsed("Auth = [ uri = \"file:///x\", k = v ]"), "Auth{uri=file:///x;k=v;}");
	assert_int_equal(report.error_count, 0);
}

static void lists_go_over_lines_with_comments(void **state)
{
	assert_string_equal(parsed("a = [   # first\n b   # second\n, c,\n]\nd = e"), "a[b,c,]d=e;");
	assert_string_equal(parsed("a [ b c ]; d e"), "a[b,c,]d=e;");
	assert_int_equal(report.error_count, 0);
	parsed("a = [ b, [ c ] ]");
	assert_true(report.error_count > 0);
}

static void a_semicolon_or_a_brace_begins_anew_and_a_section_ends_like_a_line(void **state)
{
	assert_string_equal(parsed("a { b c; d e } f g"), "a{b=c;d=e;}f=g;");
	assert_string_equal(parsed("a = [ k = v, l = w ] b = c"), "a{k=v;l=w;}b=c;");
	assert_string_equal(parsed("a { b = c } ; d { }"), "a{b=c;}d{}");
	assert_int_equal(report.error_count, 0);
	parsed("a = b c d e = f");
	assert_int_equal(report.error_count, 1);
	assert_non_null(strstr(report.errors[0].text, "\"c\" needs a ; before it or a = behind it"));
}

static void a_printed_tree_is_read_as_the_same(void **state)
{
	struct buf printed = { 0 };
	const char *text = "a = \"x y\"; b [ c, \"d e\" ]\ns \"t\\\"\" { \"k k\" = \"\" \n l = [ m = n ] }\ne = []";
	const char *before = parsed(text);
	config_print(&printed, config_parse(arena, "f", text, strlen(text), &report));
	assert_int_equal(report.error_count, 0);
	buf_byte(&printed, '\0');
	assert_string_equal(parsed(buf_start(&printed)), before);
	buf_clear(&printed);
}

static void strings_have_escapes(void **state)
{
	assert_string_equal(parsed("a = \"x\\n\\t\\\"\\\\#;{\"\n"), "a=x\n\t\"\\#;{;");
	assert_int_equal(report.error_count, 0);
	parsed("a = \"\\q\"");
	assert_int_equal(report.error_count, 1);
}

static void after_an_error_the_rest_is_read(void **state)
{
	assert_string_equal(parsed("a = \nb = \"open\nc = d\n}\ne = f"), "c=d;e=f;");
	assert_int_equal(report.error_count, 3);
	assert_string_equal(config_note_text(arena, &report.errors[0]), "f:1:5: \"a\" needs a value");
}

static void a_section_left_open_is_told_with_its_beginning(void **state)
{
	parsed("x = 1\ndomain \"a\" {\n b = 2\n");
	assert_int_equal(report.error_count, 1);
	assert_int_equal(report.errors[0].place.line, 2);
}

static void depth_is_bounded(void **state)
{
	char text[100000];
	memset(text, 'a', sizeof text);
	for (size_t i = 1; i < sizeof text; i += 2)
		text[i] = '{';
	config_parse(arena, "f", text, sizeof text, &report);
	assert_true(report.error_count > 0);
}

static void nul_bytes_and_controls_are_refused(void **state)
{
	assert_null(config_parse(arena, "f", "\0\1", 2, &report));
	assert_int_equal(report.error_count, 2);
}

static int64_t number(const char *path, const char *text)
{
	struct config_value v;
	const struct config_entry *e = config_table_find_any(path);
	const char *line = arena_printf(arena, "x = %s", text);
	struct config_node *n = config_parse(arena, "f", line, strlen(line), &report);
	return config_value_read(arena, e, n, &v, &report) ? v.number : -1;
}

static void units_are_read(void **state)
{
	assert_int_equal(number("limits.stanza_size", "256k"), 262144);
	assert_int_equal(number("limits.stanza_size", "1M"), 1048576);
	assert_int_equal(number("limits.stanza_size", "1 m"), -1);
	assert_int_equal(number("idle_time", "90"), 90000);
	assert_int_equal(number("idle_time", "5m"), 300000);
	assert_int_equal(number("idle_time", "5min"), 300000);
	assert_int_equal(number("idle_time", "500ms"), 500);
	assert_int_equal(number("idle_time", "7d"), 604800000);
	assert_int_equal(number("idle_time", "7y"), -1);
	assert_int_equal(number("channels", "10k"), 10000);
	assert_int_equal(number("limits.memory", "9223372036854775807g"), -1);
	assert_int_equal(number("limits.enabled", "ON"), 1);
	assert_int_equal(number("limits.enabled", "false"), 0);
}

static void numbers_are_printed_with_their_largest_unit(void **state)
{
	assert_string_equal(config_number_print(arena, OPTION_SIZE, 262144), "256k");
	assert_string_equal(config_number_print(arena, OPTION_SIZE, 10000), "10000");
	assert_string_equal(config_number_print(arena, OPTION_DURATION, 1800000), "30min");
	assert_string_equal(config_number_print(arena, OPTION_DURATION, 1500), "1500ms");
	assert_string_equal(config_number_print(arena, OPTION_MODE, 0660), "0660");
}

static void a_password_in_a_uri_is_not_shown(void **state)
{
	struct config_value v;
	const char *line = "x = \"pgsql://me:secret@host/db\"";
	struct config_node *n = config_parse(arena, "f", line, strlen(line), &report);
	assert_true(config_value_read(arena, config_table_find_any("auth.plain.uri"), n, &v, &report));
	assert_null(strstr(config_value_print(arena, &v), "secret"));
	assert_non_null(strstr(config_value_text(arena, &v), "secret"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(settings_end_at_a_line_or_a_semicolon), T(the_second_on_a_line_needs_a_sign), T(sections_have_names_and_nest),
		T(lists_hold_words_or_settings), T(lists_go_over_lines_with_comments),
		T(a_semicolon_or_a_brace_begins_anew_and_a_section_ends_like_a_line), T(a_printed_tree_is_read_as_the_same), T(strings_have_escapes), T(after_an_error_the_rest_is_read),
		T(a_section_left_open_is_told_with_its_beginning), T(depth_is_bounded), T(nul_bytes_and_controls_are_refused),
		T(units_are_read), T(numbers_are_printed_with_their_largest_unit), T(a_password_in_a_uri_is_not_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

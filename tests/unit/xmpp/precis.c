/* PRECIS: the examples of RFC 8265, the contextual rules of RFC 5892, the Bidi rule of RFC 5893. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "xmpp/precis.h"

static char out[1024];

static const char *username(const char *text)
{
	size_t size = precis_username(out, 1023, text, strlen(text));
	out[size] = '\0';
	return size ? out : NULL;
}

static const char *opaque(const char *text)
{
	size_t size = precis_opaque(out, 1023, text, strlen(text));
	out[size] = '\0';
	return size ? out : NULL;
}

static void examples_of_usernames(void **state)
{
	assert_string_equal(username("juliet@example.com"), "juliet@example.com");
	assert_string_equal(username("fussball"), "fussball");
	assert_string_equal(username("fu\u00dfball"), "fu\u00dfball");
	assert_string_equal(username("\u03c0"), "\u03c0");
	assert_string_equal(username("\u03a3"), "\u03c3");
	assert_string_equal(username("\u03c3"), "\u03c3");
	assert_string_equal(username("\u03c2"), "\u03c2");
	assert_null(username("foo bar"));
	assert_null(username(""));
	assert_null(username("henry\u2163"));
	assert_null(username("\u221e"));
}

static void examples_of_passwords(void **state)
{
	assert_string_equal(opaque("correct horse battery staple"), "correct horse battery staple");
	assert_string_equal(opaque("Correct Horse Battery Staple"), "Correct Horse Battery Staple");
	assert_string_equal(opaque("\u03c0\u00df\u00e5"), "\u03c0\u00df\u00e5");
	assert_string_equal(opaque("Jack of \u2666s"), "Jack of \u2666s");
	assert_string_equal(opaque("foo\u1680bar"), "foo bar");
	assert_null(opaque(""));
	assert_null(opaque("my cat is a \x09" "by"));
}

static void classes_are_told_apart(void **state)
{
	assert_int_equal(precis_class('a'), PRECIS_PVALID);
	assert_int_equal(precis_class(' '), PRECIS_FREE_PVAL);
	assert_int_equal(precis_class(0x7F), PRECIS_DISALLOWED);
	assert_int_equal(precis_class(0x0378), PRECIS_UNASSIGNED);
	assert_int_equal(precis_class(0x200C), PRECIS_CONTEXTJ);
	assert_int_equal(precis_class(0x00B7), PRECIS_CONTEXTO);
	assert_int_equal(precis_class(0x1100), PRECIS_DISALLOWED);
	assert_int_equal(precis_class(0xFFFF), PRECIS_DISALLOWED);
	assert_int_equal(precis_class(0x110000), PRECIS_DISALLOWED);
}

static void joiners_need_a_virama_or_joining_neighbours(void **state)
{
	assert_non_null(username("\u0915\u094d\u200c\u0937"));
	assert_non_null(username("\u0915\u094d\u200d\u0937"));
	assert_null(username("\u0915\u200d\u0937"));
	assert_non_null(username("\u0628\u200c\u0628"));
	assert_non_null(username("\u0628\u064b\u200c\u064b\u0628"));     /* transparent ones between */
	assert_null(username("\u0628\u200d\u0628"));
	assert_null(username("a\u200c" "b"));
	assert_null(username("\u200c" "b"));
	assert_null(username("\u0627\u200c\u0628"));                      /* alef joins only to its right */
	assert_null(username("\u0628\u200c"));
}

static void other_contexts(void **state)
{
	assert_non_null(username("l\u00b7l"));
	assert_null(username("a\u00b7l"));
	assert_null(username("l\u00b7"));
	assert_null(username("\u00b7l"));
	assert_non_null(username("\u0375\u03b1"));
	assert_null(username("\u0375a"));
	assert_null(username("\u0375"));
	assert_non_null(username("\u05d0\u05f3"));
	assert_non_null(username("\u05d0\u05f4\u05d0"));
	assert_null(opaque("a\u05f3"));
	assert_null(opaque("\u05f4"));
	assert_non_null(username("\u30fb\u30a2"));
	assert_non_null(username("\u6f22\u30fb"));
	assert_null(username("a\u30fb"));
	assert_non_null(opaque("\u0661"));
	assert_non_null(opaque("\u06f1"));
	assert_null(opaque("\u0661\u06f1"));
	assert_null(opaque("\u06f1" "x\u0661"));
}

/* What is checked first is the string as it came: capital L has no middle dot between. */
static void contexts_hold_before_the_case_is_mapped(void **state)
{
	assert_null(username("L\u00b7L"));
}

static void the_bidi_rule_holds_where_something_is_right_to_left(void **state)
{
	assert_non_null(username("\u05d0\u05d1"));
	assert_non_null(username("\u05d0" "1"));
	assert_non_null(username("\u0627\u0661"));
	assert_null(username("\u05d0" "a"));
	assert_null(username("a\u05d0"));
	assert_null(username("1\u05d0"));
	assert_null(username("\u0627" "1\u0661"));               /* both kinds of digits */
	assert_non_null(username("\u05d0\u05b0"));                /* a mark at the end */
	assert_null(username("\u05d0-"));
	assert_non_null(username("1-"));                          /* nothing here is right to left */
	assert_non_null(opaque("a\u05d0"));
}

static void what_is_composed_of_refused_code_points_is_refused(void **state)
{
	assert_null(username("\u1100\u1161"));                    /* conjoining Hangul */
	assert_string_equal(username("\uac00"), "\uac00");
	assert_null(username("\u212b"));                          /* checked before the case is mapped: RFC 8265 §3.3.2 */
	assert_string_equal(opaque("\u212b"), "\u00c5");
}

static void bad_utf_8_is_refused(void **state)
{
	assert_null(username("\xc0\x80"));
	assert_null(username("\xed\xa0\x80"));
	assert_null(opaque("\xf4\x90\x80\x80"));
	assert_null(opaque("\xc3"));
}

static void the_limit_is_the_callers(void **state)
{
	assert_int_equal(precis_username(out, 4, "\u03c0\u03c0", 4), 4);
	assert_int_equal(precis_username(out, 3, "\u03c0\u03c0", 4), 0);
	assert_int_equal(precis_opaque(out, 3, "\u03c0\u03c0", 4), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_usernames),
		cmocka_unit_test(examples_of_passwords),
		cmocka_unit_test(classes_are_told_apart),
		cmocka_unit_test(joiners_need_a_virama_or_joining_neighbours),
		cmocka_unit_test(other_contexts),
		cmocka_unit_test(contexts_hold_before_the_case_is_mapped),
		cmocka_unit_test(the_bidi_rule_holds_where_something_is_right_to_left),
		cmocka_unit_test(what_is_composed_of_refused_code_points_is_refused),
		cmocka_unit_test(bad_utf_8_is_refused),
		cmocka_unit_test(the_limit_is_the_callers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

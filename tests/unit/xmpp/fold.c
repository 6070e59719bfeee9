/* Folding: what a person takes for the same is the same. */
#include "xmpp/fold.h"
#include "tree.h"

static void case_width_and_composition_go(void **state)
{
	assert_string_equal(fold(a, "Juliet CAPULET"), "juliet capulet");
	assert_string_equal(fold(a, "STRASSE"), fold(a, "Straße"));
	assert_string_equal(fold(a, "\xEF\xBC\xAA\xEF\xBD\x95"), "ju");
	assert_string_equal(fold(a, "E\xCC\x81"), "\xC3\xA9");
	assert_string_equal(fold(a, "ΣΊΣΥΦΟΣ"), fold(a, "σίσυφος"));
}

static void white_space_is_one_space_between_words(void **state)
{
	assert_string_equal(fold(a, " \t a \r\n\t b  "), "a b");
	assert_string_equal(fold(a, "   "), "");
	assert_string_equal(fold(a, ""), "");
}

static void long_texts_are_folded_whole(void **state)
{
	char text[2001] = "";
	memset(text, 'A', 2000);
	assert_int_equal(strspn(fold(a, text), "a"), 2000);
}

static void what_is_no_text_is_refused(void **state)
{
	assert_null(fold(a, "\xFF"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(case_width_and_composition_go), TEST(white_space_is_one_space_between_words), TEST(long_texts_are_folded_whole),
		TEST(what_is_no_text_is_refused),
	};
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

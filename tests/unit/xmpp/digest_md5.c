/* Directives of DIGEST-MD5: RFC 2831 §4's examples, quoting, and what is no list of them. */
#include "xmpp/digest_md5.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
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

static const char *value(const char *text, const char *name)
{
	const char *found;
	return digest_md5_read(a, text, strlen(text), name, &found) ? found ? found : "(none)" : "(wrong)";
}

static void the_response_of_the_rfc_is_taken_apart(void **state)
{
	static const char text[] = "charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",nc=00000001,"
		"cnonce=\"OA6MHXh6VqTrRk\",digest-uri=\"imap/elwood.innosoft.com\",response=d388dad90d4bbd760a152321f2143af7,qop=auth";
	assert_string_equal(value(text, "username"), "chris");
	assert_string_equal(value(text, "digest-uri"), "imap/elwood.innosoft.com");
	assert_string_equal(value(text, "nc"), "00000001");
	assert_string_equal(value(text, "qop"), "auth");
	assert_string_equal(value(text, "authzid"), "(none)");
}

static void quotes_hide_commas_and_quotes(void **state)
{
	assert_string_equal(value("username=\"a,realm=\\\"b\\\\\", realm = \"c\"", "username"), "a,realm=\"b\\");
	assert_string_equal(value("username=\"a,realm=b\", realm = \"c\"", "realm"), "c");
	assert_string_equal(value("USERNAME=\"\" ,, ,realm=x,", "username"), "");
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const wrong[] = { "username=\"a", "username=\"a\"b", "username", "=a", "username=", "username=\"a\" realm=b", "username=\"a\\",
		"username=a\"", "username=\"a\",username=\"b\"", "user name=\"a\"" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_string_equal(value(wrong[i], "username"), "(wrong)");
	const char *found;
	assert_false(digest_md5_read(a, "username=a\0", 11, "username", &found));
	assert_string_equal(value("", "username"), "(none)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_response_of_the_rfc_is_taken_apart, begin, end),
		cmocka_unit_test_setup_teardown(quotes_hide_commas_and_quotes, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_list_is_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

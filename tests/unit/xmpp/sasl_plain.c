/* PLAIN: RFC 4616 §4's examples, the limits, and what is refused. */
#include "xmpp/sasl_plain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { LONGEST = 255 };

static struct arena *a;
static struct sasl_plain plain;

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

#define PARSE(literal) sasl_plain_parse(&plain, a, literal, sizeof(literal) - 1, LONGEST)

static void the_message_is_taken_apart(void **state)
{
	assert_int_equal(PARSE("\0tim\0tanstaaftanstaaf"), SASL_OK);
	assert_null(plain.authzid);
	assert_string_equal(plain.authcid, "tim");
	assert_string_equal(plain.password, "tanstaaftanstaaf");

	assert_int_equal(PARSE("Ursel\0Kurt\0xipj3plmq"), SASL_OK);
	assert_string_equal(plain.authzid, "Ursel");
	assert_string_equal(plain.authcid, "Kurt");
	assert_string_equal(plain.password, "xipj3plmq");

	assert_int_equal(PARSE("\0\xc3\xa9ve\0\xe2\x82\xac\xf0\x9f\x94\x91"), SASL_OK);
	assert_string_equal(plain.password, "\xe2\x82\xac\xf0\x9f\x94\x91");
}

static void what_is_malformed_is_refused(void **state)
{
	assert_int_equal(PARSE(""), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("tim"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0\0"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim\0"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0\0secret"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim\0secret\0"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim\0sec\0ret"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim\0\xff\xfe"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim\0\xc0\x80x"), SASL_MALFORMED_REQUEST);
	assert_int_equal(PARSE("\0tim\0\xed\xa0\x80"), SASL_MALFORMED_REQUEST);
	assert_null(plain.authcid);
	assert_null(plain.password);
}

static enum sasl_failure with_lengths(size_t authzid, size_t authcid, size_t password)
{
	char message[3 * LONGEST + 10];
	memset(message, 'x', sizeof message);
	message[authzid] = '\0';
	message[authzid + 1 + authcid] = '\0';
	return sasl_plain_parse(&plain, a, message, authzid + authcid + password + 2, LONGEST);
}

static void each_part_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	assert_int_equal(with_lengths(LONGEST, LONGEST, LONGEST), SASL_OK);
	assert_int_equal(with_lengths(LONGEST + 1, 1, 1), SASL_MALFORMED_REQUEST);
	assert_int_equal(with_lengths(0, LONGEST + 1, 1), SASL_MALFORMED_REQUEST);
	assert_int_equal(with_lengths(0, 1, LONGEST + 1), SASL_MALFORMED_REQUEST);
	assert_int_equal(with_lengths(LONGEST, LONGEST, LONGEST + 1), SASL_MALFORMED_REQUEST);
}

static void the_password_is_wiped(void **state)
{
	static const char nothing[6];
	assert_int_equal(PARSE("\0tim\0secret"), SASL_OK);
	const char *was = plain.password;
	sasl_plain_forget(&plain);
	assert_null(plain.password);
	assert_memory_equal(was, nothing, 6);
	sasl_plain_forget(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_message_is_taken_apart, begin, end),
		cmocka_unit_test_setup_teardown(what_is_malformed_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(each_part_may_be_as_long_as_the_limit_and_no_longer, begin, end),
		cmocka_unit_test_setup_teardown(the_password_is_wiped, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

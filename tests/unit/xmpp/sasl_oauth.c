/* OAUTHBEARER's message: what RFC 7628 shows, and what is none. */
#include "xmpp/sasl_oauth.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct arena *a;
static struct sasl_oauth o;

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

static enum sasl_failure read(const char *text)
{
	return sasl_oauth_parse(&o, a, text, strlen(text));
}

static void rfc_7628_4_1(void **state)
{
	assert_int_equal(read("n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"), SASL_OK);
	assert_string_equal(o.authzid, "user@example.com");
	assert_string_equal(o.token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
}

static void what_need_not_be_there(void **state)
{
	assert_int_equal(read("n,,\1auth=Bearer a.b-c_d~e+f/g\1\1"), SASL_OK);
	assert_null(o.authzid);
	assert_string_equal(o.token, "a.b-c_d~e+f/g");
	assert_int_equal(read("y,a=x=2Cy=3Dz@example,\1shape=round=ish\1auth=bEARER  t\1\1"), SASL_OK);
	assert_string_equal(o.authzid, "x,y=z@example");
	assert_string_equal(o.token, "t");
}

static void what_is_no_message(void **state)
{
	static const char *const texts[] = {
		"", "\1", "\1\1", "n,,", "n,,\1\1", "n,,\1auth=Bearer t\1", "n,,\1auth=Bearer t", "n,,auth=Bearer t\1\1", "p=tls-exporter,,\1auth=Bearer t\1\1",
		"n,\1auth=Bearer t\1\1", "n,,,\1auth=Bearer t\1\1", "n,b=x,\1auth=Bearer t\1\1", "n,a=,\1auth=Bearer t\1\1", "n,a==2c,\1auth=Bearer t\1\1",
		"n,,\1auth=Bearer \1\1", "n,,\1auth=Bearer\1\1", "n,,\1auth=Basic t\1\1", "n,,\1auth=Bearer a b\1\1", "n,,\1auth=Bearer a=b\1\1",
		"n,,\1auth=Bearer t\1auth=Bearer u\1\1", "n,,\1=x\1auth=Bearer t\1\1", "n,,\1k1=x\1auth=Bearer t\1\1", "n,,\1k\1auth=Bearer t\1\1",
		"n,,\1k=\x02\1auth=Bearer t\1\1", "n,,\1k=\xc3\xa4\1auth=Bearer t\1\1", "n,,\1\1auth=Bearer t\1\1", "n,,\1auth=Bearer \xff\1\1", "x,,\1auth=Bearer t\1\1" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(read(texts[i]), SASL_MALFORMED_REQUEST);
	assert_int_equal(sasl_oauth_parse(&o, a, "n,,\1auth=Bearer t\0\1\1", 20), SASL_MALFORMED_REQUEST);
}

static void failures_are_json(void **state)
{
	assert_string_equal(sasl_oauth_error(a, "invalid_token", NULL, NULL), "{\"status\":\"invalid_token\"}");
	assert_string_equal(sasl_oauth_error(a, "insufficient_scope", "xm\"pp", "https://id.example/x"),
		"{\"status\":\"insufficient_scope\",\"scope\":\"xm\\\"pp\",\"openid-configuration\":\"https://id.example/x\"}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(rfc_7628_4_1),
		TEST(what_need_not_be_there),
		TEST(what_is_no_message),
		TEST(failures_are_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

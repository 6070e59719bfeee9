/* SASL failures: each condition of RFC 6120 §6.5 has its name. */
#include "xmpp/sasl_failure.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void every_condition_has_its_name(void **state)
{
	assert_int_equal(SASL_FAILURES, 12);
	for (enum sasl_failure f = SASL_ABORTED; f < SASL_FAILURES; f++)
		assert_non_null(sasl_failure_name(f));
	assert_string_equal(sasl_failure_name(SASL_ABORTED), "aborted");
	assert_string_equal(sasl_failure_name(SASL_ACCOUNT_DISABLED), "account-disabled");
	assert_string_equal(sasl_failure_name(SASL_CREDENTIALS_EXPIRED), "credentials-expired");
	assert_string_equal(sasl_failure_name(SASL_ENCRYPTION_REQUIRED), "encryption-required");
	assert_string_equal(sasl_failure_name(SASL_INCORRECT_ENCODING), "incorrect-encoding");
	assert_string_equal(sasl_failure_name(SASL_INVALID_AUTHZID), "invalid-authzid");
	assert_string_equal(sasl_failure_name(SASL_INVALID_MECHANISM), "invalid-mechanism");
	assert_string_equal(sasl_failure_name(SASL_MALFORMED_REQUEST), "malformed-request");
	assert_string_equal(sasl_failure_name(SASL_MECHANISM_TOO_WEAK), "mechanism-too-weak");
	assert_string_equal(sasl_failure_name(SASL_NOT_AUTHORIZED), "not-authorized");
	assert_string_equal(sasl_failure_name(SASL_TEMPORARY_AUTH_FAILURE), "temporary-auth-failure");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_condition_has_its_name) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The names of RFC 6120 §6.5, in its order. */
#include "xmpp/sasl_failure.h"
#include "base/check.h"

static const char *const names[SASL_FAILURES] = {
	[SASL_ABORTED]                = "aborted",
	[SASL_ACCOUNT_DISABLED]       = "account-disabled",
	[SASL_CREDENTIALS_EXPIRED]    = "credentials-expired",
	[SASL_ENCRYPTION_REQUIRED]    = "encryption-required",
	[SASL_INCORRECT_ENCODING]     = "incorrect-encoding",
	[SASL_INVALID_AUTHZID]        = "invalid-authzid",
	[SASL_INVALID_MECHANISM]      = "invalid-mechanism",
	[SASL_MALFORMED_REQUEST]      = "malformed-request",
	[SASL_MECHANISM_TOO_WEAK]     = "mechanism-too-weak",
	[SASL_NOT_AUTHORIZED]         = "not-authorized",
	[SASL_TEMPORARY_AUTH_FAILURE] = "temporary-auth-failure",
};

const char *sasl_failure_name(enum sasl_failure failure)
{
	ASSERT(failure > SASL_OK && failure < SASL_FAILURES);
	return names[failure];
}

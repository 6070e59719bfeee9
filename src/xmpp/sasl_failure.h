/*
 * Why an authentication failed, as the client is told (RFC 6120 §6.5).
 */
#pragma once

enum sasl_failure {
	SASL_OK,                     /* all is well, go on */
	SASL_ABORTED,
	SASL_ACCOUNT_DISABLED,
	SASL_CREDENTIALS_EXPIRED,
	SASL_ENCRYPTION_REQUIRED,
	SASL_INCORRECT_ENCODING,
	SASL_INVALID_AUTHZID,
	SASL_INVALID_MECHANISM,
	SASL_MALFORMED_REQUEST,
	SASL_MECHANISM_TOO_WEAK,
	SASL_NOT_AUTHORIZED,
	SASL_TEMPORARY_AUTH_FAILURE,
	SASL_FAILURES
};

/* The condition's element name, in NS_SASL for SASL and SASL2 alike; of SASL_OK there is none. */
const char *sasl_failure_name(enum sasl_failure);

/*
 * Stream errors: the last words on a stream (RFC 6120 §4.9).
 */
#pragma once
#include "base/arena.h"
#include "xml/xml.h"

enum stream_error {
	STREAM_NONE,                 /* nothing is wrong */
	STREAM_BAD_FORMAT,
	STREAM_BAD_NAMESPACE_PREFIX,
	STREAM_CONFLICT,
	STREAM_CONNECTION_TIMEOUT,
	STREAM_HOST_GONE,
	STREAM_HOST_UNKNOWN,
	STREAM_IMPROPER_ADDRESSING,
	STREAM_INTERNAL_SERVER_ERROR,
	STREAM_INVALID_FROM,
	STREAM_INVALID_NAMESPACE,
	STREAM_INVALID_XML,
	STREAM_NOT_AUTHORIZED,
	STREAM_NOT_WELL_FORMED,
	STREAM_POLICY_VIOLATION,
	STREAM_REMOTE_CONNECTION_FAILED,
	STREAM_RESET,
	STREAM_RESOURCE_CONSTRAINT,
	STREAM_RESTRICTED_XML,
	STREAM_SEE_OTHER_HOST,
	STREAM_SYSTEM_SHUTDOWN,
	STREAM_UNDEFINED_CONDITION,
	STREAM_UNSUPPORTED_ENCODING,
	STREAM_UNSUPPORTED_FEATURE,
	STREAM_UNSUPPORTED_STANZA_TYPE,
	STREAM_UNSUPPORTED_VERSION,
	STREAM_ERRORS
};

const char *stream_error_name(enum stream_error);        /* the condition's element, in NS_STREAM_ERRORS */
enum stream_error stream_error_read(const struct xml *error);    /* of a peer's <stream:error/>; UNDEFINED_CONDITION when we don't know it */

/* <stream:error/>; text and the application's own condition, which is copied, may be NULL. */
struct xml *stream_error_element(struct arena *, enum stream_error, const char *text, const struct xml *application);
struct xml *stream_error_elsewhere(struct arena *, const char *host);    /* see-other-host: "host", "host:port" or "[address]:port" */

/* Stream errors: each condition of RFC 6120 §4.9.3 and the element. */
#include "xmpp/stream_error.h"
#include "tree.h"

#define ERRORS "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"

static const char *const names[] = {
	"bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown",
	"improper-addressing", "internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml",
	"not-authorized", "not-well-formed", "policy-violation", "remote-connection-failed", "reset",
	"resource-constraint", "restricted-xml", "see-other-host", "system-shutdown", "undefined-condition",
	"unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version",
};

static void every_condition_has_its_name(void **state)
{
	assert_int_equal(sizeof names / sizeof *names, STREAM_ERRORS - 1);
	for (enum stream_error e = STREAM_NONE + 1; e < STREAM_ERRORS; e++) {
		assert_string_equal(stream_error_name(e), names[e - 1]);
		struct xml *error = e == STREAM_SEE_OTHER_HOST ? stream_error_elsewhere(a, "h") : stream_error_element(a, e, NULL, NULL);
		assert_int_equal(stream_error_read(error), e);
	}
}

static void the_element_holds_condition_words_and_application(void **state)
{
	assert_prints(stream_error_element(a, STREAM_NOT_WELL_FORMED, "No <end>", EL(a, "urn:x", "y")), NS_CLIENT,
		"<stream:error><not-well-formed " ERRORS "/><text " ERRORS " xml:lang='en'>No &lt;end&gt;</text><y xmlns='urn:x'/></stream:error>");
	assert_prints(stream_error_element(a, STREAM_CONFLICT, NULL, NULL), NS_CLIENT,
		"<stream:error><conflict " ERRORS "/></stream:error>");
}

static void another_host_is_named(void **state)
{
	assert_prints(stream_error_elsewhere(a, "[2001:41D0:1:A49b::1]:9222"), NS_CLIENT,
		"<stream:error><see-other-host " ERRORS ">[2001:41D0:1:A49b::1]:9222</see-other-host></stream:error>");
}

static void an_unknown_condition_is_undefined(void **state)
{
	struct xml *error = EL(a, NS_STREAMS, "error", EL(a, NS_STREAM_ERRORS, "new-one"), EL(a, NS_CLIENT, "conflict"));
	assert_int_equal(stream_error_read(error), STREAM_UNDEFINED_CONDITION);
	assert_int_equal(stream_error_read(NULL), STREAM_UNDEFINED_CONDITION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_condition_has_its_name),
		TEST(the_element_holds_condition_words_and_application),
		TEST(another_host_is_named),
		TEST(an_unknown_condition_is_undefined),
	};
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

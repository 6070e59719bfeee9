/* Stanza errors: each row of RFC 6120 §8.3.3, and how a stanza is answered. */
#include "xmpp/stanza_error.h"
#include "tree.h"

#define STANZAS "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"

static const struct row {
	enum stanza_error error;
	const char *name, *type;
} rows[] = {
	{ BAD_REQUEST, "bad-request", "modify" },
	{ CONFLICT, "conflict", "cancel" },
	{ FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", "cancel" },
	{ FORBIDDEN, "forbidden", "auth" },
	{ GONE, "gone", "cancel" },
	{ INTERNAL_SERVER_ERROR, "internal-server-error", "cancel" },
	{ ITEM_NOT_FOUND, "item-not-found", "cancel" },
	{ JID_MALFORMED, "jid-malformed", "modify" },
	{ NOT_ACCEPTABLE, "not-acceptable", "modify" },
	{ NOT_ALLOWED, "not-allowed", "cancel" },
	{ NOT_AUTHORIZED, "not-authorized", "auth" },
	{ POLICY_VIOLATION, "policy-violation", "modify" },
	{ RECIPIENT_UNAVAILABLE, "recipient-unavailable", "wait" },
	{ REDIRECT, "redirect", "modify" },
	{ REGISTRATION_REQUIRED, "registration-required", "auth" },
	{ REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", "cancel" },
	{ REMOTE_SERVER_TIMEOUT, "remote-server-timeout", "wait" },
	{ RESOURCE_CONSTRAINT, "resource-constraint", "wait" },
	{ SERVICE_UNAVAILABLE, "service-unavailable", "cancel" },
	{ SUBSCRIPTION_REQUIRED, "subscription-required", "auth" },
	{ UNDEFINED_CONDITION, "undefined-condition", "cancel" },
	{ UNEXPECTED_REQUEST, "unexpected-request", "wait" },
};

static void every_condition_has_its_name_and_type(void **state)
{
	assert_int_equal(OK, 0);
	assert_int_equal(sizeof rows / sizeof *rows, STANZA_ERRORS - BAD_REQUEST);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		assert_string_equal(stanza_error_name(r->error), r->name);
		assert_string_equal(stanza_error_type(r->error), r->type);
		assert_true(xml_same(stanza_error_element(a, r->error, NULL, NULL),
			parsed(arena_printf(a, "<error type='%s'><%s " STANZAS "/></error>", r->type, r->name), NS_CLIENT)));
	}
	assert_null(stanza_error_name(OK));
	assert_null(stanza_error_type(HANDLED));
}

/* XEP-0086's table, of which a few. */
static void old_numbers_are_added_where_there_are_any(void **state)
{
	static const struct { enum stanza_error error; const char *code; } known[] = {
		{ BAD_REQUEST, "400" }, { FORBIDDEN, "403" }, { ITEM_NOT_FOUND, "404" }, { CONFLICT, "409" }, { SERVICE_UNAVAILABLE, "503" },
		{ GONE, "302" }, { REGISTRATION_REQUIRED, "407" }, { UNDEFINED_CONDITION, "500" }, { POLICY_VIOLATION, NULL },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct xml *reply = stanza_error_reply(a, parsed("<iq type='get' id='1'/>", NS_CLIENT), known[i].error, NULL, NULL);
		const char *code;
		stanza_error_add_code(a, reply);
		code = xml_get(xml_first(reply), "code");
		assert_true(code == known[i].code || strcmp(code, known[i].code) == 0);
	}
	stanza_error_add_code(a, NULL);
	stanza_error_add_code(a, parsed("<iq type='result' id='1'/>", NS_CLIENT));
}

static void words_and_the_applications_condition_follow(void **state)
{
	const struct xml *application = EL(a, "urn:xmpp:errors", "stanza-too-big");
	struct xml *error = stanza_error_element(a, NOT_ACCEPTABLE, "Less, please", application);
	assert_true(xml_same(error, parsed("<error type='modify'><not-acceptable " STANZAS "/>"
		"<text " STANZAS " xml:lang='en'>Less, please</text><stanza-too-big xmlns='urn:xmpp:errors'/></error>", NS_CLIENT)));
	assert_null(application->next);
}

static void the_reply_goes_back_with_its_id_and_without_the_payload(void **state)
{
	const struct xml *stanza = parsed("<iq type='get' id='7' from='romeo@a/b' to='c.example'><ping xmlns='urn:xmpp:ping'/></iq>", NS_CLIENT);
	assert_true(xml_same(stanza_error_reply(a, stanza, SERVICE_UNAVAILABLE, NULL, NULL),
		parsed("<iq type='error' id='7' from='c.example' to='romeo@a/b'><error type='cancel'>"
			"<service-unavailable " STANZAS "/></error></iq>", NS_CLIENT)));
	assert_string_equal(xml_get(stanza, "type"), "get");
}

static void the_reply_is_of_the_stanzas_own_namespace(void **state)
{
	const struct xml *stanza = parsed("<message to='x'><body/></message>", NS_SERVER);
	struct xml *reply = stanza_error_reply(a, stanza, GONE, NULL, NULL);
	assert_true(xml_is(reply, NS_SERVER, "message"));
	assert_non_null(xml_child(reply, NS_SERVER, "error"));
	assert_null(xml_get(reply, "to"));
	assert_null(xml_get(reply, "id"));
	assert_string_equal(xml_get(reply, "from"), "x");
}

static void errors_and_results_are_never_answered(void **state)
{
	static const char *const mute[] = {
		"<iq type='error' id='1'/>", "<iq type='result' id='1'/>", "<message type='error'/>", "<presence type='error'/>",
	};
	static const char *const answered[] = {
		"<iq type='get' id='1'/>", "<iq type='set' id='1'/>", "<iq id='1'/>", "<message/>", "<message type='chat'/>",
		"<presence/>", "<presence type='subscribe'/>", "<presence type='unavailable'/>",
	};
	for (size_t i = 0; i < sizeof mute / sizeof *mute; i++)
		assert_null(stanza_error_reply(a, parsed(mute[i], NS_CLIENT), BAD_REQUEST, NULL, NULL));
	for (size_t i = 0; i < sizeof answered / sizeof *answered; i++)
		assert_non_null(stanza_error_reply(a, parsed(answered[i], NS_CLIENT), BAD_REQUEST, NULL, NULL));
}

static void conditions_are_read_back(void **state)
{
	struct xml *iq = parsed("<iq type='get' id='1'/>", NS_CLIENT);
	for (enum stanza_error e = BAD_REQUEST; e < STANZA_ERRORS; e++)
		assert_int_equal(stanza_error_read(stanza_error_reply(a, iq, e, "words", NULL)), e);
	assert_int_equal(stanza_error_read(iq), OK);
	assert_int_equal(stanza_error_read(NULL), OK);
	assert_int_equal(stanza_error_read(parsed("<iq><error xmlns='urn:other'/></iq>", NS_CLIENT)), OK);
	assert_int_equal(stanza_error_read(parsed("<iq><error><text " STANZAS "/><conflict " STANZAS "/></error></iq>", NS_CLIENT)), CONFLICT);
	assert_int_equal(stanza_error_read(parsed("<iq><error><new-one " STANZAS "/></error></iq>", NS_CLIENT)), UNDEFINED_CONDITION);
	assert_int_equal(stanza_error_read(parsed("<iq><error><conflict xmlns='urn:other'/></error></iq>", NS_CLIENT)), UNDEFINED_CONDITION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_condition_has_its_name_and_type),
		TEST(old_numbers_are_added_where_there_are_any),
		TEST(words_and_the_applications_condition_follow),
		TEST(the_reply_goes_back_with_its_id_and_without_the_payload),
		TEST(the_reply_is_of_the_stanzas_own_namespace),
		TEST(errors_and_results_are_never_answered),
		TEST(conditions_are_read_back),
	};
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

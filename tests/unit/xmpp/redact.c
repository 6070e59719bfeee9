/* What a log may not show isn't shown, wherever it stands, and the rest is. */
#include "xmpp/redact.h"
#include "xml/parser.h"
#include "xmpp/ns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct arena *a;

static const char *shown(const char *text)
{
	struct xml *el = xml_parse(a, text, strlen(text), NS_CLIENT);
	assert_non_null(el);
	const char *before = xml_string(a, el, NS_CLIENT), *said = redact_print(a, el, NS_CLIENT);
	assert_string_equal(xml_string(a, el, NS_CLIENT), before);            /* it stays as it was */
	return said;
}

static void secrets_are_hidden(void **state)
{
	static const char *const secrets[] = {
		"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>SECRET</auth>",
		"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>SECRET</response>",
		"<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>SECRET</challenge>",
		"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>SECRET</success>",
		"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X'><initial-response>SECRET</initial-response></authenticate>",
		"<success xmlns='urn:xmpp:sasl:2'><additional-data>SECRET</additional-data></success>",
		"<continue xmlns='urn:xmpp:sasl:2'><additional-data>SECRET</additional-data></continue>",
		"<challenge xmlns='urn:xmpp:sasl:2'>SECRET</challenge>",
		"<response xmlns='urn:xmpp:sasl:2'>SECRET</response>",
		"<task-data xmlns='urn:xmpp:sasl:2'><hash xmlns='urn:xmpp:scram-upgrade:0'>SECRET</hash></task-data>",
		"<success xmlns='urn:xmpp:sasl:2'><token xmlns='urn:xmpp:fast:0' expiry='2030' token='SECRET'/></success>",
		"<token xmlns='urn:xmpp:fast:0' expiry='2030' token='SECRET'/>",
		"<iq type='set'><query xmlns='jabber:iq:register'><username>romeo</username><password>SECRET</password></query></iq>",
		"<iq type='set'><query xmlns='jabber:iq:auth'><digest>SECRET</digest></query></iq>",
		"<iq><x xmlns='jabber:x:data'><field var='user_password'><value>SECRET</value></field></x></iq>",
		"<iq><x xmlns='jabber:x:data'><field type='text-private' var='pin'><value>SECRET</value><value>SECRET</value></field></x></iq>",
		"<presence><x xmlns='http://jabber.org/protocol/muc'><password>SECRET</password></x></presence>",
		"<iq><query xmlns='jabber:iq:private'><conference xmlns='storage:bookmarks' password='SECRET'/></query></iq>",
		"<handshake xmlns='jabber:component:accept'>SECRET</handshake>",
		"<result xmlns='jabber:server:dialback' from='a' to='b'>SECRET</result>",
		"<password><deep><deeper>SECRET</deeper></deep></password>",
	};
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		const char *said = shown(secrets[i]);
		if (strstr(said, "SECRET") || !strstr(said, "[hidden]"))
			fail_msg("%s", said);
	}
}

static void all_else_is_shown(void **state)
{
	static const char *const open[] = {
		"<message to='juliet@example'><body>the token is yours</body></message>",
		"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>",
		"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
		"<iq type='set'><query xmlns='jabber:iq:register'><username>romeo</username></query></iq>",
		"<iq xml:lang='en'><x xmlns='jabber:x:data'><field type='text-single' var='name'><value>Romeo</value></field></x></iq>",
	};
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		assert_string_equal(shown(open[i]), open[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(secrets_are_hidden), cmocka_unit_test(all_else_is_shown) };
	ns_intern();
	a = arena_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(a);
	return failed;
}

/* Formats of the traffic log: each macro, what is refused, and that nothing a peer sends makes a second line or a field more. */
#include "modules/traffic_format.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "core/module.h"
#include "xml/parser.h"

const struct module *const modules[] = { NULL };
static struct arena *a;

static int begin(void **state)
{
	ns_intern();
	a = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(a);
	return 0;
}

static struct session_facts facts(void *with)
{
	return (struct session_facts){ .peer = "[2001:db8::1]:40312" };
}

static const char *line(const char *format, const char *stanza)
{
	struct fail why = { "" };
	struct buf b = { 0 };
	const struct traffic_format *f = traffic_format_read(a, format, stanza != NULL, &why);
	if (!f)
		return arena_string(a, why.text);
	const struct tap_place place = { .front = "client", .address = "romeo@example.com/orchard", .facts = facts };
	struct tap_view v = { .way = TAP_IN, .place = &place };
	if (stanza) {
		v.stanza = xml_parse(a, stanza, strlen(stanza), NS_CLIENT);
		assert_non_null(v.stanza);
		assert_true(type_of(v.stanza, &v.kind, &v.type));
		v.id = xml_get(v.stanza, "id");
		v.from = xml_get(v.stanza, "from") ? xml_get(v.stanza, "from") : place.address;
		v.to = xml_get(v.stanza, "to") ? xml_get(v.stanza, "to") : "romeo@example.com";
	}
	traffic_format_print(&b, f, stanza ? &v : NULL, 1700000000999);
	const char *text = arena_copy(a, buf_start(&b), buf_length(&b));
	buf_clear(&b);
	return text;
}

static const char message[] = "<message from='romeo@example.com/orchard' to='juliet@example.com' id='m1' type='chat'><body>Soft!</body></message>";

static void each_macro_is_what_it_says(void **state)
{
	assert_string_equal(line("%t+R+%st+%at+%af+%ai+%ay+%H", message),
		"1700000000+R+message+juliet@example.com+romeo@example.com/orchard+m1+chat+[2001:db8::1]:40312\n");
	assert_string_equal(line("%sr", message), arena_printf(a, "%s\n", message));
	assert_string_equal(line("%so", message),
		"<message from='romeo@example.com/orchard' to='juliet@example.com' id='m1' type='chat'><body>[hidden]</body></message>\n");
	assert_string_equal(line("100%% %st", "<presence/>"), "100% presence\n");
	assert_string_equal(line("%st|%ai|%ay|%at", "<iq type='get'/>"), "iq||get|romeo@example.com\n");
	assert_string_equal(line("", message), "\n");
	assert_string_equal(line("%t+M", NULL), "1700000000+M\n");
}

static void a_wrong_macro_names_the_nearest(void **state)
{
	assert_non_null(strstr(line("%t+%sx", message), "no macro \"%sx\"; did you mean \"%st\"?"));
	assert_non_null(strstr(line("%h", message), "no macro \"%h\"; did you mean \"%H\"?"));
	assert_non_null(strstr(line("%AT", message), "no macro \"%A\"; did you mean \"%at\"?"));
	assert_non_null(strstr(line("%T", message), "no macro \"%T\"; did you mean \"%t\"?"));
	assert_non_null(strstr(line("%q", message), "no macro \"%q\"; did you mean \"%t\"?"));
	assert_non_null(strstr(line("abc%", message), "no macro \"%\""));
	assert_non_null(strstr(line("%a", message), "no macro \"%a\"; did you mean \"%af\"?"));
	assert_non_null(strstr(line("%t+%st", NULL), "\"%st\" is of a stanza"));
}

/* An id with a line end, and one that looks like further fields. */
static void a_peer_makes_no_line_and_no_field(void **state)
{
	const char *forged = "<message id='1+chat&#xA;1700000000+D+\\&#x7F;\xc2\x85\xe2\x80\xa8\xe2\x81\xa6\xe2\x80\x93' type='x&#xD;+'><body>a\nb\xe2\x80\xae</body></message>";
	assert_string_equal(line("%ai+%ay", forged), "1\\x2bchat\\x0a1700000000\\x2bD\\x2b\\x5c\\x7f\\x85\\u2028\\u2066\xe2\x80\x93+x\\x0d+\n");
	assert_string_equal(line("%ai|", "<presence id='a|b+c'/>"), "a\\x7cb+c|\n");
	const char *raw = line("%sr", forged);
	assert_ptr_equal(strchr(raw, '\n'), raw + strlen(raw) - 1);
	assert_null(strstr(raw, "\xe2\x80\xae"));
	assert_true(xml_same(xml_parse(a, raw, strlen(raw) - 1, NS_CLIENT), xml_parse(a, forged, strlen(forged), NS_CLIENT)));
}

static void secrets_are_in_no_line(void **state)
{
	const char *password = "<iq type='set' id='p'><query xmlns='jabber:iq:register'><username>romeo</username><password>topsecret</password></query></iq>";
	assert_null(strstr(line("%sr", password), "topsecret"));
	assert_non_null(strstr(line("%sr", password), "romeo"));
	assert_null(strstr(line("%so", password), "topsecret"));
	assert_null(strstr(line("%so", password), "romeo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_macro_is_what_it_says, begin, end),
		cmocka_unit_test_setup_teardown(a_wrong_macro_names_the_nearest, begin, end),
		cmocka_unit_test_setup_teardown(a_peer_makes_no_line_and_no_field, begin, end),
		cmocka_unit_test_setup_teardown(secrets_are_in_no_line, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Forms: what is built is what XEP-0004 shows, and what is read is what fits. */
#include "xmpp/form.h"
#include "xmpp/form_validate.h"
#include "tree.h"

static struct xml *submitted(const char *inside)
{
	return parsed(arena_printf(a, "<x type='submit'>%s</x>", inside), NS_DATA);
}

static void a_form_is_built(void **state)
{
	struct xml *form = form_new(a, FORM_ASK, "urn:bot", "Bot", "Fill it in");
	form_require(a, form_add(a, form, FIELD_TEXT_SINGLE, "name", "Its name", NULL));
	form_add_bool(a, form, "public", "Public?", true);
	form_add_number(a, form, "max", NULL, -20);
	form_add_lines(a, form, "about", NULL, "one\n\nthree");
	form_add(a, form, FIELD_FIXED, NULL, NULL, "Section");
	struct xml *list = form_add(a, form, FIELD_LIST_SINGLE, "size", NULL, "s");
	form_add_option(a, list, "Small", "s");
	form_add_option(a, list, NULL, "l");
	assert_true(xml_same(form, parsed("<x type='form'><title>Bot</title><instructions>Fill it in</instructions>"
		"<field var='FORM_TYPE' type='hidden'><value>urn:bot</value></field>"
		"<field var='name' type='text-single' label='Its name'><required/></field>"
		"<field var='public' type='boolean' label='Public?'><value>1</value></field>"
		"<field var='max' type='text-single'><value>-20</value></field>"
		"<field var='about' type='text-multi'><value>one</value><value/><value>three</value></field>"
		"<field type='fixed'><value>Section</value></field>"
		"<field var='size' type='list-single'><value>s</value><option label='Small'><value>s</value></option><option><value>l</value></option></field>"
		"</x>", NS_DATA)));
}

static void every_kind_has_its_name(void **state)
{
	static const char *const names[FIELD_KINDS] = {
		[FIELD_BOOLEAN] = "boolean", [FIELD_FIXED] = "fixed", [FIELD_HIDDEN] = "hidden", [FIELD_JID_MULTI] = "jid-multi",
		[FIELD_JID_SINGLE] = "jid-single", [FIELD_LIST_MULTI] = "list-multi", [FIELD_LIST_SINGLE] = "list-single",
		[FIELD_TEXT_MULTI] = "text-multi", [FIELD_TEXT_PRIVATE] = "text-private", [FIELD_TEXT_SINGLE] = "text-single",
	};
	static const char *const kinds[FORM_KINDS] = { "form", "submit", "cancel", "result" };
	for (enum field_kind k = 0; k < FIELD_KINDS; k++)
		assert_string_equal(xml_get(form_add(a, form_new(a, FORM_ASK, NULL, NULL, NULL), k, "v", NULL, NULL), "type"), names[k]);
	for (enum form_kind k = 0; k < FORM_KINDS; k++) {
		struct xml *form = form_new(a, k, NULL, NULL, NULL);
		assert_string_equal(xml_get(form, "type"), kinds[k]);
		for (enum form_kind other = 0; other < FORM_KINDS; other++)
			assert_int_equal(form_is(form, other), k == other);
	}
	assert_false(form_is(NULL, FORM_ASK));
	assert_false(form_is(EL(a, NS_CLIENT, "x", ATTR(a, "type", "form")), FORM_ASK));
}

static void results_have_items(void **state)
{
	struct xml *form = form_new(a, FORM_RESULT, NULL, NULL, NULL);
	form_add(a, form_part(a, form, "reported"), FIELD_JID_SINGLE, "jid", "JID", NULL);
	form_add(a, form_part(a, form, "item"), FIELD_JID_SINGLE, "jid", NULL, "a@b");
	assert_true(xml_same(form, parsed("<x type='result'><reported><field var='jid' type='jid-single' label='JID'/></reported>"
		"<item><field var='jid' type='jid-single'><value>a@b</value></field></item></x>", NS_DATA)));
}

static void the_form_is_found_by_what_it_is_about(void **state)
{
	const struct xml *query = parsed("<query xmlns='urn:q'>"
		"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:b</value></field></x>"
		"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:a</value></field></x>"
		"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:b</value></field><field var='it'/></x></query>", NS_CLIENT);
	assert_ptr_equal(form_find(query, NULL, a), xml_first(query));
	assert_non_null(form_field(form_find(query, "urn:b", a), "it"));
	assert_string_equal(form_about(form_find(query, "urn:a", a), a), "urn:a");
	assert_null(form_about(xml_first(query), a));
	assert_null(form_find(query, "urn:c", a));
	assert_null(form_find(NULL, NULL, a));
	assert_null(form_about(submitted("<field var='FORM_TYPE' type='text-single'><value>urn:b</value></field>"), a));
}

static void values_are_read(void **state)
{
	const char **values;
	const struct xml *form = submitted("<field var='one'><value>1</value></field><field var='none'/>"
		"<field var='two'><value>a&amp;b</value><value></value><value>c</value></field>");
	assert_string_equal(form_value(form, "one", a), "1");
	assert_null(form_value(form, "none", a));
	assert_null(form_value(form, "absent", a));
	assert_int_equal(form_values(form, "two", a, &values), 3);
	assert_string_equal(values[0], "a&b");
	assert_string_equal(values[1], "");
	assert_int_equal(form_values(form, "absent", a, &values), 0);
	assert_string_equal(form_lines(form, "two", a), "a&b\n\nc");
	assert_string_equal(form_lines(form, "none", a), "");
	assert_null(form_lines(form, "absent", a));
	assert_null(form_value(NULL, "one", a));
}

static void booleans_are_read_or_refused(void **state)
{
	static const struct { const char *text; bool ok, value; } cases[] = {
		{ "1", true, true }, { "true", true, true }, { "0", true, false }, { "false", true, false },
		{ "", false }, { "yes", false }, { "TRUE", false }, { "2", false }, { " 1", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool value = !cases[i].value;
		const struct xml *form = submitted(arena_printf(a, "<field var='v'><value>%s</value></field>", cases[i].text));
		assert_int_equal(form_read_bool(form, "v", &value, a), cases[i].ok);
		assert_int_equal(value, cases[i].ok ? cases[i].value : !cases[i].value);
	}
	bool value = true;
	assert_true(form_read_bool(submitted(""), "v", &value, a));
	assert_true(value);
}

static void numbers_are_read_or_refused(void **state)
{
	static const struct { const char *text; bool ok; int64_t value; } cases[] = {
		{ "-5", true, -5 }, { "0", true, 0 }, { "10", true, 10 }, { "007", true, 7 },
		{ "11", false }, { "-6", false }, { "", false }, { "-", false }, { "--1", false }, { "1-", false }, { "+1", false },
		{ " 1", false }, { "1.0", false }, { "0x1", false }, { "99999999999999999999999", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t value = 99;
		const struct xml *form = submitted(arena_printf(a, "<field var='v'><value>%s</value></field>", cases[i].text));
		assert_int_equal(form_read_number(form, "v", -5, 10, &value, a), cases[i].ok);
		assert_int_equal(value, cases[i].ok ? cases[i].value : 99);
	}
}

static const char *fault(struct xml *asked, const char *inside)
{
	return form_fault(asked, submitted(inside), a);
}

static void what_does_not_fit_is_named(void **state)
{
	struct xml *asked = form_new(a, FORM_ASK, "urn:bot", NULL, NULL);
	form_require(a, form_add(a, asked, FIELD_TEXT_SINGLE, "name", NULL, NULL));
	form_add_bool(a, asked, "public", NULL, true);
	form_add(a, asked, FIELD_FIXED, NULL, NULL, "Section");
	form_add_option(a, form_add(a, asked, FIELD_LIST_SINGLE, "size", NULL, NULL), NULL, "s");
	form_add_option(a, form_add(a, asked, FIELD_LIST_MULTI, "kinds", NULL, NULL), NULL, "k");
#define NAME "<field var='name'><value>x</value></field>"
	assert_null(fault(asked, NAME));
	assert_null(fault(asked, NAME "<field var='unasked'><value>x</value><value>y</value></field>"));
	assert_null(fault(asked, NAME "<field var='public'><value>false</value></field><field var='size'><value>s</value></field>"
		"<field var='kinds'><value>k</value><value>k</value></field>"));
	assert_string_equal(fault(asked, ""), "name");
	assert_string_equal(fault(asked, "<field var='name'/>"), "name");
	assert_string_equal(fault(asked, "<field var='name'><value>x</value><value>y</value></field>"), "name");
	assert_string_equal(fault(asked, NAME "<field var='public'><value>maybe</value></field>"), "public");
	assert_string_equal(fault(asked, NAME "<field var='size'><value>xl</value></field>"), "size");
	assert_string_equal(fault(asked, NAME "<field var='kinds'><value>k</value><value>z</value></field>"), "kinds");
}

/* --- XEP-0122, and what else a value may not be --- */

static bool fits(const char *datatype, const char *least, const char *most, const char *value)
{
	struct xml *asked = form_new(a, FORM_ASK, NULL, NULL, NULL);
	form_validate(a, form_add(a, asked, FIELD_TEXT_SINGLE, "v", NULL, NULL), datatype, least, most);
	return !fault(asked, arena_printf(a, "<field var='v'><value>%s</value></field>", value));
}

static void values_are_of_their_datatype(void **state)
{
	static const struct { const char *datatype, *value; bool ok; } cases[] = {
		{ "xs:byte", "127", true }, { "xs:byte", "-128", true }, { "xs:byte", "128", false }, { "xs:byte", "x", false },
		{ "xs:short", "-32768", true }, { "xs:short", "32768", false }, { "xs:int", "2147483647", true }, { "xs:int", "2147483648", false },
		{ "xs:long", "9223372036854775807", true }, { "xs:long", "9223372036854775808", false }, { "xs:long", "1.0", false },
		{ "xs:integer", "123456789012345678901234567890", true }, { "xs:integer", "+5", true }, { "xs:integer", "1e3", false }, { "xs:integer", "-", false },
		{ "xs:decimal", "-1.50", true }, { "xs:decimal", ".5", true }, { "xs:decimal", "5.", true }, { "xs:decimal", ".", false }, { "xs:decimal", "1e3", false },
		{ "xs:double", "1e3", true }, { "xs:double", "INF", true }, { "xs:double", "-1.5E-2", true }, { "xs:double", "0x10", false }, { "xs:double", "e", false },
		{ "xs:dateTime", "2026-01-31T12:00:00Z", true }, { "xs:dateTime", "2026-01-31", false }, { "xs:date", "2026-01-31", true }, { "xs:date", "2026-13-01", false },
		{ "xs:time", "12:00:00", true }, { "xs:time", "noon", false }, { "xs:boolean", "true", true }, { "xs:boolean", "yes", false },
		{ "xs:language", "de-CH", true }, { "xs:language", "deutschland-ist", false }, { "xs:language", "d3", false }, { "xs:language", "de-", false },
		{ "xs:anyURI", "xmpp:romeo@example", true }, { "xs:anyURI", "two words", false },
		{ "xs:string", "anything at all", true }, { "x:ours", "who knows", true },      /* not known: a string */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (fits(cases[i].datatype, NULL, NULL, cases[i].value) != cases[i].ok)
			fail_msg("%s %s", cases[i].datatype, cases[i].value);
}

static void values_are_within_their_range(void **state)
{
	assert_true(fits("xs:integer", "1", "300", "1"));
	assert_true(fits("xs:integer", "1", "300", "300"));
	assert_false(fits("xs:integer", "1", "300", "0"));
	assert_false(fits("xs:integer", "1", "300", "301"));
	assert_true(fits("xs:integer", "1", NULL, "1000000"));
	assert_false(fits("xs:integer", NULL, "5", "6"));
	assert_false(fits("xs:byte", "-500", "500", "200"));                  /* and of its datatype */
	assert_true(fits("xs:dateTime", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z", "2026-06-01T00:00:00+02:00"));
	assert_false(fits("xs:dateTime", "2026-01-01T00:00:00Z", NULL, "2026-01-01T00:00:00+02:00"));
	assert_true(fits("xs:integer", "a", "b", "7"));                       /* a range that says nothing */
}

static void patterns_and_lists_hold(void **state)
{
	struct xml *asked = form_new(a, FORM_ASK, NULL, NULL, NULL);
	form_validate_regex(a, form_add(a, asked, FIELD_TEXT_SINGLE, "number", NULL, NULL), "[0-9]{3}-[0-9]{2}");
	struct xml *open = form_add(a, asked, FIELD_LIST_SINGLE, "open", NULL, NULL);
	form_add_option(a, open, NULL, "1");
	form_validate_open(a, open, "xs:integer");
	struct xml *some = form_add(a, asked, FIELD_LIST_MULTI, "some", NULL, NULL);
	for (const char *const *o = (const char *const []){ "a", "b", "c", NULL }; *o; o++)
		form_add_option(a, some, NULL, *o);
	form_validate_list(a, some, 1, 2);
	assert_null(fault(asked, "<field var='number'><value>123-45</value></field><field var='open'><value>7</value></field><field var='some'><value>a</value><value>b</value></field>"));
	assert_string_equal(fault(asked, "<field var='number'><value>x123-45</value></field>"), "number");
	assert_string_equal(fault(asked, "<field var='number'><value>123-456</value></field>"), "number");
	assert_string_equal(fault(asked, "<field var='open'><value>seven</value></field>"), "open");
	assert_string_equal(fault(asked, "<field var='some'><value>a</value><value>b</value><value>c</value></field>"), "some");
	assert_string_equal(fault(asked, "<field var='some'><value>a</value><value>z</value></field>"), "some");
	assert_string_equal(xml_string(a, xml_child(some, NS_VALIDATE, "validate"), NS_VALIDATE), "<validate datatype='xs:string'><list-range min='1' max='2'/></validate>");
}

static void addresses_lines_and_empty_values_are_looked_at(void **state)
{
	struct xml *asked = form_new(a, FORM_ASK, "urn:bot", NULL, NULL);
	form_require(a, form_add(a, asked, FIELD_JID_SINGLE, "who", NULL, NULL));
	form_add(a, asked, FIELD_JID_MULTI, "others", NULL, NULL);
	form_add(a, asked, FIELD_TEXT_SINGLE, "line", NULL, NULL);
	form_add(a, asked, FIELD_TEXT_MULTI, "lines", NULL, NULL);
#define WHO "<field var='who'><value>romeo@example</value></field>"
	assert_null(fault(asked, WHO "<field var='others'><value>a@b</value><value>c@d/e</value></field><field var='line'><value/></field>"));
	assert_string_equal(fault(asked, "<field var='who'><value/></field>"), "who");          /* an empty line is no answer to what is needed */
	assert_string_equal(fault(asked, "<field var='who'><value>@</value></field>"), "who");
	assert_string_equal(fault(asked, WHO "<field var='others'><value>a@b</value><value>no no</value></field>"), "others");
	assert_string_equal(fault(asked, WHO "<field var='line'><value>one\ntwo</value></field>"), "line");
	assert_null(fault(asked, WHO "<field var='lines'><value>one\ntwo</value></field>"));
	assert_string_equal(fault(asked, WHO "<field var='FORM_TYPE'><value>urn:else</value></field>"), "FORM_TYPE");
	assert_null(fault(asked, WHO "<field var='FORM_TYPE'><value>urn:bot</value></field>"));
}

static void what_was_said_is_shown_again_but_no_secret(void **state)
{
	struct xml *form = form_new(a, FORM_ASK, NULL, NULL, NULL);
	form_add(a, form, FIELD_TEXT_MULTI, "lines", NULL, "old");
	form_add(a, form, FIELD_TEXT_PRIVATE, "secret", NULL, NULL);
	form_add(a, form, FIELD_TEXT_SINGLE, "other", NULL, "stays");
	form_refill(a, form, submitted("<field var='lines'><value>one</value><value>two</value></field><field var='secret'><value>x</value></field>"));
	assert_string_equal(form_lines(form, "lines", a), "one\ntwo");
	assert_null(form_value(form, "secret", a));
	assert_string_equal(form_value(form, "other", a), "stays");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_form_is_built),
		TEST(every_kind_has_its_name),
		TEST(results_have_items),
		TEST(the_form_is_found_by_what_it_is_about),
		TEST(values_are_read),
		TEST(booleans_are_read_or_refused),
		TEST(numbers_are_read_or_refused),
		TEST(what_does_not_fit_is_named),
		TEST(values_are_of_their_datatype),
		TEST(values_are_within_their_range),
		TEST(patterns_and_lists_hold),
		TEST(addresses_lines_and_empty_values_are_looked_at),
		TEST(what_was_said_is_shown_again_but_no_secret),
	};
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

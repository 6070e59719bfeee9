/* Printing, and that parsing gives the same tree back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "names.h"
#include "xml/parser.h"

static int begin(void **state)
{
	*state = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(*state);
	return 0;
}

static void what_needs_it_is_escaped(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "x", ATTR(a, "a", "<>&'\" \t\r\n\xc3\xa9 of more than sixteen bytes'"), TEXT(a, "<>&'\" \t\r\n\xc3\xa9 ]]>"));
	assert_string_equal(xml_string(a, el, NS_CLIENT),
		"<x a='&lt;>&amp;&apos;\" &#x9;&#xD;&#xA;\xc3\xa9 of more than sixteen bytes&apos;'>&lt;&gt;&amp;'\" \t&#xD;\n\xc3\xa9 ]]&gt;</x>");
}

static void what_no_xml_may_hold_is_replaced(void **state)
{
	struct arena *a = *state;
	assert_string_equal(xml_string(a, EL(a, NS_CLIENT, "x", ATTR(a, "a", "\x01"), TEXT(a, "a\x1f")), NS_CLIENT),
		"<x a='\xef\xbf\xbd'>a\xef\xbf\xbd</x>");
}

static void the_namespace_is_declared_where_it_changes(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "a", EL(a, NS_CLIENT, "b"), EL(a, NS_PING, "c", EL(a, NS_PING, "d"), EL(a, NS_CLIENT, "e")), EL(a, "", "f"));
	assert_string_equal(xml_string(a, el, NS_CLIENT),
		"<a><b/><c xmlns='urn:xmpp:ping'><d/><e xmlns='jabber:client'/></c><f xmlns=''/></a>");
	assert_string_equal(xml_string(a, EL(a, NS_CLIENT, "a"), NS_PING), "<a xmlns='jabber:client'/>");
}

static void stream_elements_have_the_streams_prefix(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_STREAMS, "features", EL(a, NS_CLIENT, "x"), EL(a, NS_STREAMS, "y"), EL(a, NS_PING, "z"));
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<stream:features><x/><stream:y/><z xmlns='urn:xmpp:ping'/></stream:features>");
	assert_string_equal(xml_string(a, EL(a, NS_STREAMS, "x"), NS_STREAMS), "<stream:x/>");
}

static void foreign_attributes_get_prefixes(void **state)
{
	struct arena *a = *state;
	const char *text = "<x xmlns:p='u' xmlns:q=\"v'\" p:a='1' q:a='2' xml:lang='en'/>";
	assert_string_equal(xml_string(a, xml_parse(a, text, strlen(text), NS_CLIENT), NS_CLIENT),
		"<x xmlns:ns1='u' ns1:a='1' xmlns:ns2='v&apos;' ns2:a='2' xml:lang='en'/>");
}

static void an_empty_text_is_no_content(void **state)
{
	assert_string_equal(xml_string(*state, EL(*state, NS_CLIENT, "x", TEXT(*state, "")), NS_CLIENT), "<x/>");
}

static void assert_split(struct arena *a, struct xml *el, const char *to)
{
	struct buf b = { 0 };
	xml_print_head(&b, el, NS_CLIENT, to);
	xml_print_rest(&b, el, NS_CLIENT);
	struct xml *addressed = xml_shallow(a, el);
	if (to)
		xml_set(a, addressed, "to", to);
	assert_string_equal(arena_copy(a, buf_start(&b), buf_length(&b)), xml_string(a, addressed, NS_CLIENT));
	buf_clear(&b);
}

static void head_and_rest_are_the_whole_with_another_to(void **state)
{
	struct arena *a = *state;
	struct xml *child = EL(a, NS_PING, "ping");
	static const char *const tos[] = { NULL, "b", "<'&>" };
	for (size_t i = 0; i < 3; i++) {
		assert_split(a, EL(a, NS_CLIENT, "x", ATTR(a, "id", "1"), ATTR(a, "to", "a"), ATTR(a, "type", "t"), child), tos[i]);
		assert_split(a, EL(a, NS_CLIENT, "x", ATTR(a, "id", "1")), tos[i]);
		assert_split(a, EL(a, NS_PING, "x"), tos[i]);
		assert_split(a, EL(a, NS_STREAMS, "x"), tos[i]);
	}
}

/* --- trees by chance --- */

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % below;
}

static const char *any_text(struct arena *a)
{
	static const char *const bits[] = { "<", ">", "&", "'", "\"", "\t", "\r", "\n", "\r\n", "]]>", "\xc3\xa9", "\xf0\x9f\x98\x80", "word",
		"&amp;", "<![CDATA[", " ", "sixteen bytes and more of them", "\x7f" };
	char text[512] = "";
	for (uint32_t n = chance(9); n; n--)
		strcat(text, bits[chance(sizeof bits / sizeof *bits)]);
	return arena_string(a, text);
}

static const char *any_ns(void)
{
	static const char *const ns[] = { "", "jabber:client", "urn:xmpp:ping", "u", "a&'<>b", "http://etherx.jabber.org/streams" };
	return ns[chance(6)];
}

static struct xml *any_tree(struct arena *a, unsigned depth)
{
	static const char *const names[] = { "a", "b.c", "_d-1", "\xc3\xa9t\xc3\xa9" };
	struct xml *el = EL(a, any_ns(), names[chance(4)]);
	for (uint32_t n = chance(4); n; n--)
		xml_set(a, el, names[chance(4)], any_text(a));
	if (chance(3) == 0)
		xml_set_lang(a, el, any_text(a));
	for (struct xml *x = el->attrs; x; x = x->next)
		if (!x->ns && chance(4) == 0)
			x->ns = "urn:foreign";
	for (uint32_t n = depth ? chance(5) : 0; n; n--)
		xml_append(el, chance(2) ? TEXT(a, any_text(a)) : any_tree(a, depth - 1));
	return el;
}

static void parsing_what_was_printed_gives_the_same_tree(void **state)
{
	for (int i = 0; i < 20000; i++) {
		struct arena *a = arena_new();
		const char *around = any_ns();
		struct xml *el = any_tree(a, 4);
		const char *text = xml_string(a, el, around);
		struct xml *again = xml_parse(a, text, strlen(text), around);
		if (!again)
			print_error("not parsed: %s\n", text);
		assert_non_null(again);
		assert_true(xml_same(el, again));
		assert_true(xml_same(xml_clone(a, el), again));
		assert_string_equal(xml_string(a, again, around), text);
		arena_free(a);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(what_needs_it_is_escaped), T(what_no_xml_may_hold_is_replaced), T(the_namespace_is_declared_where_it_changes),
		T(stream_elements_have_the_streams_prefix), T(foreign_attributes_get_prefixes), T(an_empty_text_is_no_content),
		T(head_and_rest_are_the_whole_with_another_to), cmocka_unit_test(parsing_what_was_printed_gives_the_same_tree),
	};
	return cmocka_run_group_tests(tests, names_intern, NULL);
}

/* Trees: reading and building. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
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

static void known_namespaces_are_one_pointer(void **state)
{
	char copy[] = "urn:xmpp:ping!";
	assert_ptr_equal(xml_interned(copy, strlen(copy) - 1), NS_PING);
	assert_ptr_equal(xml_interned("jabber:client", 13), NS_CLIENT);
	assert_null(xml_interned(copy, strlen(copy)));
	assert_null(xml_interned("", 0));
	assert_null(xml_interned("a", 1));
}

static void nothing_is_found_in_nothing(void **state)
{
	assert_false(xml_is(NULL, NS_PING, "ping"));
	assert_null(xml_child(NULL, NS_PING, "ping"));
	assert_null(xml_next(NULL, NULL, NULL));
	assert_null(xml_first(NULL));
	assert_null(xml_get(NULL, "id"));
	assert_null(xml_lang(NULL));
	assert_string_equal(xml_text(NULL, *state), "");
	assert_null(xml_child_text(NULL, NS_PING, "ping", *state));
	assert_int_equal(xml_count(NULL, NULL, NULL), 0);
}

static void parts_become_attributes_and_children_in_order(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "iq", ATTR(a, "id", "1"), NULL, EL(a, NS_PING, "ping"), TEXT(a, "x"),
		ATTR(a, "to", "b"), ATTR(a, "no", NULL), TEXT(a, NULL), EL(a, NS_CLIENT, "ping"));
	assert_true(xml_is(el, NS_CLIENT, "iq"));
	assert_string_equal(xml_get(el, "id"), "1");
	assert_string_equal(xml_get(el, "to"), "b");
	assert_null(xml_get(el, "no"));
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<iq id='1' to='b'><ping xmlns='urn:xmpp:ping'/>x<ping/></iq>");
}

static void children_are_found_by_namespace_and_name(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "x", TEXT(a, "t"), EL(a, NS_PING, "a"), EL(a, NS_CLIENT, "a", TEXT(a, "1")), EL(a, NS_PING, "b"),
		EL(a, NS_CLIENT, "a", TEXT(a, "2")));
	assert_string_equal(xml_child_text(el, NS_CLIENT, "a", a), "1");
	assert_string_equal(xml_text(xml_next(xml_child(el, NS_CLIENT, "a"), NS_CLIENT, "a"), a), "2");
	assert_ptr_equal(xml_first(el), xml_child(el, NS_PING, NULL));
	assert_int_equal(xml_count(el, NULL, "a"), 3);
	assert_int_equal(xml_count(el, NS_PING, NULL), 2);
	assert_int_equal(xml_count(el, NULL, NULL), 4);
	assert_null(xml_child(el, NS_PING, "c"));
}

static void texts_are_joined(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "x", TEXT(a, "a"), EL(a, NS_CLIENT, "y", TEXT(a, "no")), TEXT(a, "b"));
	assert_string_equal(xml_text(el, a), "ab");
	assert_string_equal(xml_text(EL(a, NS_CLIENT, "x"), a), "");
}

static void setting_replaces_adds_and_removes(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "x", ATTR(a, "a", "1"), ATTR(a, "b", "2"));
	xml_set(a, el, "a", "3");
	xml_set(a, el, "c", "4");
	xml_set(a, el, "b", NULL);
	xml_set(a, el, "z", NULL);
	xml_set_lang(a, el, "de");
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<x a='3' c='4' xml:lang='de'/>");
	assert_string_equal(xml_lang(el), "de");
	assert_null(xml_get(el, "lang"));
	xml_set_lang(a, el, NULL);
	assert_null(xml_lang(el));
}

static void removing_keeps_the_end_right(void **state)
{
	struct arena *a = *state;
	struct xml *one = EL(a, NS_CLIENT, "a"), *two = EL(a, NS_CLIENT, "b"), *el = EL(a, NS_CLIENT, "x", one, two);
	xml_remove(el, two);
	xml_append_text(a, el, "t");
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<x><a/>t</x>");
	xml_remove(el, one);
	xml_remove(el, el->first);
	assert_null(el->last);
	xml_append(el, two);
	xml_append(el, NULL);
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<x><b/></x>");
}

static void a_shallow_head_leaves_the_old_one_alone(void **state)
{
	struct arena *a = *state;
	struct xml *el = EL(a, NS_CLIENT, "x", ATTR(a, "to", "a"), EL(a, NS_PING, "ping")), *head = xml_shallow(a, el);
	assert_true(xml_same(el, head));
	xml_set(a, head, "to", "b");
	xml_set(a, head, "from", "c");
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<x to='a'><ping xmlns='urn:xmpp:ping'/></x>");
	assert_string_equal(xml_string(a, head, NS_CLIENT), "<x to='b' from='c'><ping xmlns='urn:xmpp:ping'/></x>");
}

static void a_clone_needs_nothing_of_the_original(void **state)
{
	struct arena *a = *state, *short_lived = arena_new();
	const char *text = "<x a='1'>t<y xmlns='foreign' xml:lang='de'/></x>";
	struct xml *copy = xml_clone(a, xml_parse(short_lived, text, strlen(text), NS_CLIENT));
	arena_free(short_lived);
	assert_string_equal(xml_string(a, copy, NS_CLIENT), text);
	assert_ptr_equal(copy->ns, NS_CLIENT);
}

static bool same(struct arena *a, const char *x, const char *y)
{
	return xml_same(xml_parse(a, x, strlen(x), NS_CLIENT), xml_parse(a, y, strlen(y), NS_CLIENT));
}

static void sameness_is_of_trees(void **state)
{
	struct arena *a = *state;
	assert_true(same(a, "<x a='1' b='2'/>", "<x b='2' a='1'></x>"));
	assert_true(same(a, "<x xmlns:p='u' p:a='1'/>", "<x xmlns:q='u' q:a='1'/>"));
	assert_false(same(a, "<x a='1'/>", "<x a='2'/>"));
	assert_false(same(a, "<x a='1'/>", "<x/>"));
	assert_false(same(a, "<x/>", "<x a='1'/>"));
	assert_false(same(a, "<x/>", "<x xmlns='u'/>"));
	assert_false(same(a, "<x/>", "<y/>"));
	assert_false(same(a, "<x>a</x>", "<x>ab</x>"));
	assert_false(same(a, "<x>a<y/></x>", "<x><y/>a</x>"));
	assert_false(same(a, "<x><y/></x>", "<x><y/><y/></x>"));
	assert_true(xml_same(EL(a, NS_CLIENT, "x", TEXT(a, "ab"), TEXT(a, ""), TEXT(a, "c")),
		EL(a, NS_CLIENT, "x", TEXT(a, ""), TEXT(a, "a"), TEXT(a, "bc"))));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(known_namespaces_are_one_pointer), T(nothing_is_found_in_nothing), T(parts_become_attributes_and_children_in_order),
		T(children_are_found_by_namespace_and_name), T(texts_are_joined), T(setting_replaces_adds_and_removes),
		T(removing_keeps_the_end_right), T(a_shallow_head_leaves_the_old_one_alone), T(a_clone_needs_nothing_of_the_original),
		T(sameness_is_of_trees),
	};
	return cmocka_run_group_tests(tests, names_intern, NULL);
}

/* Streams become events, however their bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "names.h"
#include "xml/parser.h"

#define HEAD "<stream:stream to='b' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

static const struct xml_limits wide = { 1 << 22, 100, 100, 1000 };

static void note(struct buf *log, enum xml_event event, const struct xml_found *found)
{
	static const char *const names[] = { "more", "open ", "stanza ", "close", "wrong" };
	char size[32];
	buf_add(log, names[event], strlen(names[event]));
	if (found->element)
		xml_print(log, found->element, event == XML_OPEN ? "" : NS_CLIENT);
	snprintf(size, sizeof size, " %zu\n", event == XML_STANZA ? found->bytes : 0);
	buf_add(log, size, strlen(size));
}

static void feed(struct xml_parser *p, struct buf *log, const char *bytes, size_t size)
{
	char *copy = mem_copy(bytes, size);             /* reading behind it would be seen */
	const char *at = copy, *end = at + size;
	struct xml_found found;
	enum xml_event event;
	while ((event = xml_parser_next(p, &at, end, &found)) != XML_MORE) {
		note(log, event, &found);
		arena_free(found.arena);
		assert_true(event != XML_WRONG);
	}
	assert_ptr_equal(at, end);
	mem_free(copy);
}

static void assert_events(const char *stream, const char *want)
{
	for (size_t piece = 1; piece <= strlen(stream); piece++) {
		struct xml_parser *p = xml_parser_new(&wide);
		struct buf log = { 0 };
		for (size_t at = 0; at < strlen(stream); at += piece)
			feed(p, &log, stream + at, piece < strlen(stream) - at ? piece : strlen(stream) - at);
		buf_byte(&log, '\0');
		assert_string_equal(buf_start(&log), want);
		buf_clear(&log);
		xml_parser_free(p);
	}
}

static void a_session_gives_the_same_events_in_pieces_of_any_size(void **state)
{
	assert_events("<?xml version='1.0'?>\n" HEAD " <iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>\r\n"
		"<message to=\"c\" xml:lang='en'><body>a &lt; b\r\n<![CDATA[<&]]]]><![CDATA[>]]>\xe2\x82\xac</body><x:x xmlns:x='u' x:y='z'><x:y/></x:x></message>"
		"<presence/><a></a></stream:stream> \n",
		"open <stream:stream to='b'/> 0\n"
		"stanza <iq id='1'><ping xmlns='urn:xmpp:ping'/></iq> 45\n"
		"stanza <message to='c' xml:lang='en'><body>a &lt; b\n&lt;&amp;]]&gt;\xe2\x82\xac</body>"
		"<x xmlns='u' xmlns:ns1='u' ns1:y='z'><y/></x></message> 132\n"
		"stanza <presence/> 11\nstanza <a/> 7\nclose 0\n");
}

static void values_are_normalised(void **state)
{
	assert_events(HEAD "<a b='\t\r\n\r\n\n&#9;&#10;&#13;&#x20AC;&quot;&apos;&gt;'>1\r\n2\r3\n&#13;&#xA;&#x1F600;&#0000065;<![CDATA[\r\n\r&amp;]]></a>",
		"open <stream:stream to='b'/> 0\n"
		"stanza <a b='    &#x9;&#xA;&#xD;\xe2\x82\xac\"&apos;>'>1\n2\n3\n&#xD;\n\xf0\x9f\x98\x80" "A\n\n&amp;amp;</a> 112\n");
}

static void prefixes_of_the_header_are_in_force(void **state)
{
	assert_events("<s:s xmlns:s='http://etherx.jabber.org/streams' xmlns:p='urn:p' xmlns='urn:d'><p:a p:b='1'/><c/><s:d/></s:s>",
		"open <stream:s/> 0\nstanza <a xmlns='urn:p' xmlns:ns1='urn:p' ns1:b='1'/> 14\n"
		"stanza <c xmlns='urn:d'/> 4\nstanza <stream:d/> 6\nclose 0\n");
}

static void an_inner_declaration_ends_with_its_element(void **state)
{
	assert_events(HEAD "<p:a xmlns:p='u'><p:b xmlns:p='v'><p:c/></p:b><p:d/></p:a><a xmlns='w'/><b/>",
		"open <stream:stream to='b'/> 0\n"
		"stanza <a xmlns='u'><b xmlns='v'><c/></b><d/></a> 58\nstanza <a xmlns='w'/> 14\nstanza <b/> 4\n");
}

static void an_empty_header_opens_and_closes(void **state)
{
	assert_events("<a xmlns='u'/> ", "open <a xmlns='u'/> 0\nclose 0\n");
}

static void the_header_tells_the_default_namespace(void **state)
{
	struct xml_parser *p = xml_parser_new(&wide);
	const char *at = HEAD, *end = at + strlen(at);
	struct xml_found found;
	assert_int_equal(xml_parser_next(p, &at, end, &found), XML_OPEN);
	assert_ptr_equal(found.around, NS_CLIENT);
	assert_ptr_equal(found.element->ns, NS_STREAMS);
	assert_null(found.element->first);
	arena_free(found.arena);
	xml_parser_free(p);
}

static void a_stanza_outlives_its_parser(void **state)
{
	struct xml_parser *p = xml_parser_new(&wide);
	const char *at = "<s xmlns='urn:d' xmlns:p='urn:p'><p:a><b xmlns:q='q' q:c='1'/></p:a>", *end = at + strlen(at);
	struct xml_found found;
	assert_int_equal(xml_parser_next(p, &at, end, &found), XML_OPEN);
	arena_free(found.arena);
	assert_int_equal(xml_parser_next(p, &at, end, &found), XML_STANZA);
	xml_parser_free(p);
	assert_string_equal(xml_string(found.arena, found.element, "urn:d"), "<a xmlns='urn:p'><b xmlns='urn:d' xmlns:ns1='q' ns1:c='1'/></a>");
	arena_free(found.arena);
}

static void between_stanzas_nothing_is_held(void **state)
{
	struct xml_parser *p = xml_parser_new(&wide);
	struct buf log = { 0 };
	feed(p, &log, HEAD, strlen(HEAD));
	assert_int_equal(xml_parser_held(p), 0);
	feed(p, &log, " <a>te", 6);
	assert_int_equal(xml_parser_held(p), 5);
	feed(p, &log, "xt</a", 5);
	assert_int_equal(xml_parser_held(p), 10);
	feed(p, &log, "> ", 2);
	assert_int_equal(xml_parser_held(p), 0);
	buf_clear(&log);
	xml_parser_free(p);
}

static void an_idle_stream_costs_little(void **state)
{
	enum { COUNT = 100 };
	struct xml_parser *p[COUNT];
	struct buf log = { 0 };
	size_t before = 0;
	for (int i = 0; i < COUNT; i++) {
		if (i == 1)             /* the first one may have filled pools */
			before = mallinfo2().uordblks;
		p[i] = xml_parser_new(&wide);
		feed(p[i], &log, HEAD "<a><b c='1'/></a> ", strlen(HEAD) + 18);
		buf_clear(&log);
	}
	assert_true(mallinfo2().uordblks - before <= 200 * (COUNT - 1));     /* a sanitizer's malloc says 0 */
	for (int i = 0; i < COUNT; i++)
		xml_parser_free(p[i]);
}

static void a_restart_begins_anew(void **state)
{
	struct xml_parser *p = xml_parser_new(&wide);
	struct buf log = { 0 };
	feed(p, &log, HEAD "<a><b", strlen(HEAD) + 5);
	xml_parser_restart(p);
	assert_int_equal(xml_parser_held(p), 0);
	feed(p, &log, "<?xml version='1.0'?><x xmlns='u'><y/></x>", 42);
	buf_byte(&log, '\0');
	assert_string_equal(buf_start(&log), "open <stream:stream to='b'/> 0\nopen <x xmlns='u'/> 0\nstanza <y xmlns='u'/> 4\nclose 0\n");
	buf_clear(&log);
	xml_parser_free(p);
}

static void headless_takes_stanzas_only(void **state)
{
	struct xml_parser *p = xml_parser_new(&wide);
	struct buf log = { 0 };
	xml_parser_headless(p, "jabber:client");
	feed(p, &log, " <a/><stream:b/><c xmlns='u'>t</c>", 34);
	buf_byte(&log, '\0');
	assert_string_equal(buf_start(&log), "stanza <a/> 4\nstanza <stream:b/> 11\nstanza <c xmlns='u'>t</c> 18\n");
	const char *at = "</a>", *end = at + 4;
	struct xml_found found;
	assert_int_equal(xml_parser_next(p, &at, end, &found), XML_WRONG);
	buf_clear(&log);
	xml_parser_free(p);
}

static void new_limits_hold_from_the_next_token_on(void **state)
{
	struct xml_parser *p = xml_parser_new(&wide);
	struct buf log = { 0 };
	struct xml_limits narrow = wide;
	feed(p, &log, HEAD "<a><b/>", strlen(HEAD) + 7);
	narrow.depth = 1;
	narrow.stanza = 3;              /* already more than that */
	xml_parser_limit(p, &narrow);
	const char *at = "</a>", *end = at + 4;
	struct xml_found found;
	assert_int_equal(xml_parser_next(p, &at, end, &found), XML_WRONG);
	assert_int_equal(found.fault, XML_TOO_LONG);
	buf_clear(&log);
	xml_parser_free(p);
}

static void one_element_is_parsed_from_a_string(void **state)
{
	struct arena *a = arena_new();
	static const char *const wrong[] = { "", " ", "x", "<a>", "<a/><b/>", "<a/>x", "x<a/>", "</a>", "<a></b>", "<?xml version='1.0'?><a/>", "<!-- --><a/>" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_null(xml_parse(a, wrong[i], strlen(wrong[i]), NS_CLIENT));
	struct xml *el = xml_parse(a, " <a><b/>t</a>\n", 14, NS_CLIENT);
	assert_ptr_equal(el->ns, NS_CLIENT);
	assert_string_equal(xml_string(a, el, NS_CLIENT), "<a><b/>t</a>");
	arena_free(a);
}

/* --- time: in bytes of 16, so that reading a token again for each piece would show --- */

static double seconds(const char *before, const char *filling, size_t times, const char *behind)
{
	struct xml_parser *p = xml_parser_new(&wide);
	struct buf log = { 0 }, all = { 0 };
	buf_add(&all, before, strlen(before));
	for (size_t i = 0; i < times; i++)
		buf_add(&all, filling, strlen(filling));
	buf_add(&all, behind, strlen(behind));
	feed(p, &log, HEAD, strlen(HEAD));
	struct timespec from, to;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (size_t at = 0; at < buf_length(&all); at += 16)
		feed(p, &log, buf_start(&all) + at, buf_length(&all) - at < 16 ? buf_length(&all) - at : 16);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	assert_int_equal(xml_parser_held(p), 0);
	buf_clear(&all);
	buf_clear(&log);
	xml_parser_free(p);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Eight times the bytes take about eight times as long; were it quadratic, 64 times. */
static void assert_linear(const char *before, const char *filling, const char *behind)
{
	size_t times = (32 << 10) / strlen(filling);
	double small = 1e9, large = 1e9;
	for (int i = 0; i < 3; i++) {
		double s = seconds(before, filling, times, behind), l = seconds(before, filling, 8 * times, behind);
		small = s < small ? s : small;
		large = l < large ? l : large;
	}
	if (large > 24 * small)
		print_error("%s: %f s, then %f s\n", before, small, large);
	assert_true(large <= 24 * small);
}

static void time_is_linear_in_the_input(void **state)
{
	assert_linear("<a b='", "0123456789abcdef", "'/>");
	assert_linear("<a>", "0123456789abcdef", "</a>");
	assert_linear("<a>", "&amp;", "</a>");
	assert_linear("<a><![CDATA[", "0123456789]] >", "]]></a>");
	assert_linear("<a>", "<![CDATA[x]]>", "</a>");
	assert_linear("<a>", "<b/>", "</a>");
	assert_linear("<a", "                ", "/>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_gives_the_same_events_in_pieces_of_any_size), cmocka_unit_test(values_are_normalised),
		cmocka_unit_test(prefixes_of_the_header_are_in_force), cmocka_unit_test(an_inner_declaration_ends_with_its_element),
		cmocka_unit_test(an_empty_header_opens_and_closes), cmocka_unit_test(the_header_tells_the_default_namespace),
		cmocka_unit_test(a_stanza_outlives_its_parser), cmocka_unit_test(between_stanzas_nothing_is_held),
		cmocka_unit_test(an_idle_stream_costs_little), cmocka_unit_test(a_restart_begins_anew), cmocka_unit_test(headless_takes_stanzas_only),
		cmocka_unit_test(new_limits_hold_from_the_next_token_on), cmocka_unit_test(one_element_is_parsed_from_a_string),
		cmocka_unit_test(time_is_linear_in_the_input),
	};
	return cmocka_run_group_tests(tests, names_intern, NULL);
}

/* What is refused, and as what: each row a stream, in whole and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "names.h"
#include "xml/parser.h"

#define HEAD "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

static const struct xml_limits wide = { 100000, 100, 100, 1000 };

enum { FINE = -1 };

/* The fault that the stream ends in, FINE when there is none. */
static int verdict(const char *stream, size_t size, size_t piece, const struct xml_limits *limits)
{
	struct xml_parser *p = xml_parser_new(limits);
	int fault = FINE;
	for (size_t from = 0; from < size && fault == FINE; from += piece) {
		const char *at = stream + from, *end = stream + (from + piece < size ? from + piece : size);
		struct xml_found found;
		enum xml_event event;
		while ((event = xml_parser_next(p, &at, end, &found)) != XML_MORE && event != XML_WRONG)
			arena_free(found.arena);
		if (event == XML_WRONG)
			fault = (int)found.fault;
	}
	if (fault != FINE) {                    /* and it stays so */
		const char *at = " ", *end = at + 1;
		struct xml_found found;
		assert_int_equal(xml_parser_next(p, &at, end, &found), XML_WRONG);
		assert_int_equal(found.fault, fault);
		assert_int_equal(xml_parser_held(p), 0);
	}
	xml_parser_free(p);
	return fault;
}

static void assert_verdict(const char *stream, int want, const struct xml_limits *limits)
{
	for (size_t piece = 1; piece <= strlen(stream); piece = piece < 9 ? piece + 1 : strlen(stream) + (piece == strlen(stream))) {
		int got = verdict(stream, strlen(stream), piece, limits);
		if (got != want)
			print_error("in pieces of %zu: %s\n", piece, stream);
		assert_int_equal(got, want);
	}
}

struct row { const char *stream; int want; };

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_verdict(rows[i].stream, rows[i].want, &wide);
}
#define ASSERT_ROWS(...) \
	do { \
		static const struct row rows[] = { __VA_ARGS__ }; \
		assert_rows(rows, sizeof rows / sizeof *rows); \
	} while (0)

static void declarations(void **state)
{
	ASSERT_ROWS(
		{ "<?xml version='1.0'?>" HEAD, FINE },
		{ "<?xml version=\"1.0\" encoding='utf-8'?>\r\n" HEAD, FINE },
		{ "<?xml version = '1.0' encoding='UTF-8' standalone='no' ?>" HEAD, FINE },
		{ "<?xml version='1.0' standalone='yes'?>" HEAD, FINE },
		{ " \n" HEAD, FINE },
		{ " <?xml version='1.0'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0'?><?xml version='1.0'?>", XML_NOT_WELL_FORMED },
		{ "<?xml version='1.1'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml encoding='UTF-8'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0'encoding='UTF-8'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0' standalone='maybe'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0' x='y'?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0'>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0' encoding=''?>" HEAD, XML_NOT_WELL_FORMED },
		{ "<?xml version='1.0' encoding='ISO-8859-1'?>" HEAD, XML_UNSUPPORTED_ENCODING },
		{ HEAD "<?xml version='1.0'?>", XML_NOT_WELL_FORMED });
}

static void restricted(void **state)
{
	ASSERT_ROWS(
		{ "<!--", XML_RESTRICTED },
		{ "<!DOCTYPE", XML_RESTRICTED },
		{ "<?php ?>", XML_RESTRICTED },
		{ HEAD "<!--", XML_RESTRICTED },
		{ HEAD "<a><!--", XML_RESTRICTED },
		{ HEAD "<a>text<!--", XML_RESTRICTED },
		{ HEAD "<a><?php ?>", XML_RESTRICTED },
		{ HEAD "<a>t<?xml-stylesheet ?>", XML_RESTRICTED },
		{ HEAD "<a>&foo;<", FINE },             /* the text isn't at its end: it might be CDATA's begin */
		{ HEAD "<a>&foo;</a>", XML_RESTRICTED },
		{ HEAD "<a b='&foo;'>", XML_RESTRICTED },
		{ HEAD "</stream:stream><!--", XML_RESTRICTED },
		{ HEAD "<a><!ELEMENT>", XML_NOT_WELL_FORMED },
		{ HEAD "<a><!x", XML_NOT_WELL_FORMED });
}

static void bytes_that_are_no_xml(void **state)
{
	ASSERT_ROWS(
		{ "G", XML_NOT_WELL_FORMED },
		{ "\x16\x03\x01", XML_NOT_WELL_FORMED },
		{ "\xef\xbb\xbf" HEAD, XML_NOT_WELL_FORMED },
		{ HEAD "<a>\x01", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='\x01", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xc0", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xc1", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\x80", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xe0\x80", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xf0\x80", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xed\xa0", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xf4\x90", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xf5", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xef\xbf\xbe", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xef\xbf\xbf", XML_NOT_WELL_FORMED },
		{ HEAD "<a><![CDATA[\xff", XML_NOT_WELL_FORMED },
		{ HEAD "<a><![CDATA[\x02", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='\xc3'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\xc3</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>\x7f\xc2\x80\xef\xbf\xbd\xf0\x9f\xbf\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80</a>", FINE });
}

static void tags(void **state)
{
	ASSERT_ROWS(
		{ HEAD "< a", XML_NOT_WELL_FORMED },
		{ HEAD "<1", XML_NOT_WELL_FORMED },
		{ HEAD "<a<", XML_NOT_WELL_FORMED },
		{ HEAD "<a /a", XML_NOT_WELL_FORMED },
		{ HEAD "<a b/", XML_NOT_WELL_FORMED },
		{ HEAD "<a b c", XML_NOT_WELL_FORMED },
		{ HEAD "<a b=c", XML_NOT_WELL_FORMED },
		{ HEAD "<a 'b", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='1'c", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='<", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='1' b='2'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='1' c='' d='' e='' f='' g='' h='' i='' j='' k='' b='2'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='1' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='2'/>", FINE },
		{ HEAD "<a></b>", XML_NOT_WELL_FORMED },
		{ HEAD "<a></ a", XML_NOT_WELL_FORMED },
		{ HEAD "<a></a b", XML_NOT_WELL_FORMED },
		{ HEAD "<a></a/", XML_NOT_WELL_FORMED },
		{ HEAD "<a></aa>", XML_NOT_WELL_FORMED },
		{ HEAD "</stream>", XML_NOT_WELL_FORMED },
		{ "</a>", XML_NOT_WELL_FORMED },
		{ HEAD "</stream:stream><a>", XML_NOT_WELL_FORMED },
		{ HEAD "</stream:stream>x", XML_NOT_WELL_FORMED },
		{ HEAD "</stream:stream></stream:stream>", XML_NOT_WELL_FORMED },
		{ HEAD "<\xc3\x97/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a\xc2\xb7 \xd0\xbf='1'/>", FINE },
		{ HEAD "<a\n b = \t'1'\r\nc=\"2\" ></a \n></stream:stream >\n ", FINE });
}

static void texts(void **state)
{
	ASSERT_ROWS(
		{ HEAD "x", XML_NOT_WELL_FORMED },
		{ HEAD "<a/>&", XML_NOT_WELL_FORMED },
		{ HEAD "<![CDATA[", XML_NOT_WELL_FORMED },
		{ HEAD " \t\r\n<a/>\n", FINE },
		{ HEAD "<a>]]>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>]]]>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>]] >]>]]</a>", FINE },
		{ HEAD "<a>& </a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&amp</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#x;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#X41;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#4a;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#0;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#x1F;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#xD800;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#xDFFF;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#xFFFE;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#x110000;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a>&#4294967361;</a>", XML_NOT_WELL_FORMED },
		{ HEAD "<a b='&#18446744073709551681;'/>", XML_NOT_WELL_FORMED });
}

static void namespaces(void **state)
{
	ASSERT_ROWS(
		{ "<p:a>", XML_BAD_NAMESPACE_PREFIX },
		{ HEAD "<p:a/>", XML_BAD_NAMESPACE_PREFIX },
		{ HEAD "<a p:b=''/>", XML_BAD_NAMESPACE_PREFIX },
		{ HEAD "<xmlns:a/>", XML_BAD_NAMESPACE_PREFIX },
		{ HEAD "<a><b xmlns:p='u'/><p:c/></a>", XML_BAD_NAMESPACE_PREFIX },
		{ HEAD "<a xmlns:p='u'/><p:a/>", XML_BAD_NAMESPACE_PREFIX },
		{ HEAD "<a xmlns:p=''/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:p='u' xmlns:p='v'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns='u' xmlns='v'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:p='u' xmlns:q='v' p:b='' q:b='' b=''/>", FINE },
		{ HEAD "<a xmlns:xml='u'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", FINE },
		{ HEAD "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns='http://www.w3.org/XML/1998/namespace'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:xmlns='u'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns='http://www.w3.org/2000/xmlns/'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<:a", XML_NOT_WELL_FORMED },
		{ HEAD "<a:>", XML_NOT_WELL_FORMED },
		{ HEAD "<a:b:c/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns:='u'/>", XML_NOT_WELL_FORMED },
		{ HEAD "<a xmlns=''><b/></a>", FINE });
}

/* --- limits --- */

static void a_stanza_has_a_size(void **state)
{
	struct xml_limits limits = wide;
	limits.stanza = 85;
	assert_int_equal(strlen(HEAD), 85);
	assert_verdict(HEAD "<a>0123456789</a><b/>", FINE, &limits);
	limits.stanza = 84;
	assert_verdict(HEAD, XML_TOO_LONG, &limits);
	limits.stanza = 90;
	char text[200];
	memset(text, 'x', sizeof text);
	memcpy(text, "<a>", 3);
	strcpy(text + 86, "</a>");
	char stream[400] = HEAD;
	assert_verdict(strcat(stream, text), FINE, &limits);
	strcpy(stream, HEAD);
	strcpy(text + 87, "</a>");
	text[86] = 'x';
	assert_verdict(strcat(stream, text), XML_TOO_LONG, &limits);
}

static void elements_have_a_depth(void **state)
{
	struct xml_limits limits = wide;
	limits.depth = 2;
	assert_verdict(HEAD "<a><b/><b></b></a><a><b/></a>", FINE, &limits);
	assert_verdict(HEAD "<a><b><c/>", XML_TOO_DEEP, &limits);
	assert_verdict(HEAD "<a><b><c>", XML_TOO_DEEP, &limits);
}

static void attributes_have_a_number(void **state)
{
	struct xml_limits limits = wide;
	limits.attributes = 2;
	assert_verdict(HEAD "<a b='' c=''/>", FINE, &limits);
	assert_verdict(HEAD "<a xmlns='u' b='' c=''/>", XML_TOO_MANY, &limits);
	assert_verdict(HEAD "<a xmlns:p='' b='' c=''/>", XML_TOO_MANY, &limits);
	assert_verdict("<a b='' c='' d=''>", XML_TOO_MANY, &limits);
}

static void declarations_in_force_have_a_number(void **state)
{
	struct xml_limits limits = wide;
	limits.attributes = 2;
	assert_verdict(HEAD "<a xmlns:p='u' xmlns:q='u'><b/></a><a xmlns:r='u'/>", FINE, &limits);
	assert_verdict(HEAD "<a xmlns:p='u' xmlns:q='u'><b xmlns:r='u'/></a>", XML_TOO_MANY, &limits);
}

static void names_have_a_length(void **state)
{
	struct xml_limits limits = wide;
	limits.name = 13;               /* stream:stream */
	assert_verdict(HEAD "<a234567890123 b234567890123=''></a234567890123>", FINE, &limits);
	assert_verdict(HEAD "<a2345678901234/>", XML_TOO_LONG, &limits);
	assert_verdict(HEAD "<a b2345678901234=''/>", XML_TOO_LONG, &limits);
	assert_verdict(HEAD "<stream:a234567/>", XML_TOO_LONG, &limits);
	assert_verdict(HEAD "<a></a2345678901234>", XML_TOO_LONG, &limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declarations), cmocka_unit_test(restricted), cmocka_unit_test(bytes_that_are_no_xml), cmocka_unit_test(tags),
		cmocka_unit_test(texts), cmocka_unit_test(namespaces), cmocka_unit_test(a_stanza_has_a_size),
		cmocka_unit_test(elements_have_a_depth), cmocka_unit_test(attributes_have_a_number),
		cmocka_unit_test(declarations_in_force_have_a_number), cmocka_unit_test(names_have_a_length),
	};
	return cmocka_run_group_tests(tests, names_intern, NULL);
}

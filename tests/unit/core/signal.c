/* A stanza becomes a signal, the signal is printed and parsed, and the stanza is what it was: every part of it (MSG-05). */
#include "core/signal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/module.h"
#include "xml/parser.h"

enum { STANZAS = 5000, DEEP = 5 };
const struct module *const modules[] = { NULL };

static void assert_survives(const char *text)
{
	struct arena *a = arena_new(), *b = arena_new();
	struct xml *stanza = xml_parse(a, text, strlen(text), NS_CLIENT);
	if (!stanza)
		fail_msg("no XML: %s", text);
	enum kind kind;
	enum type type;
	assert_true(type_of(stanza, &kind, &type));
	struct signal *s = signal_new(a, stanza, jid_parse(a, "romeo@example.com/orchard"), jid_parse(a, "juliet@example.com"), kind, type);
	struct signal *again = signal_parse(b, signal_print(a, s, false));
	assert_non_null(again);
	assert_int_equal(again->kind, kind);
	assert_int_equal(again->type, type);
	assert_string_equal(again->from->full, s->from->full);
	assert_string_equal(again->to->full, s->to->full);
	assert_true(xml_same(again->stanza, stanza));
	assert_string_equal(xml_string(b, again->stanza, NS_CLIENT), xml_string(a, stanza, NS_CLIENT));
	arena_free(a);
	arena_free(b);
}

/* --- from a seed --- */

static uint64_t dice_state;

static unsigned dice(unsigned n)
{
	dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice_state >> 33) % n;
}

#define ONE_OF(array) array[dice(sizeof array / sizeof *array)]

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/* What may stand in XML, and what is easily lost on the way. */
static void add_text(struct buf *b)
{
	static const char *const parts[] = { "a", " ", "\n", "\t", "&#xD;", "&#xA;", "&#x9;", "&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "]]&gt;", "\xc3\xa9",
		"\xf0\x9f\x98\x80", "\xe2\x80\xa8", "\xc2\x85", "&#xFFFD;", "  ", "<![CDATA[<&]]>", "x='1'", "+", "\\", "%" };
	for (unsigned n = dice(6); n; n--)
		add(b, ONE_OF(parts));
}

static void add_value(struct buf *b)
{
	static const char *const parts[] = { "a", " ", "&#xD;", "&#xA;", "&#x9;", "&lt;", ">", "&amp;", "\"", "&apos;", "\xc3\xa9", "\xf0\x9f\x98\x80", "urn:x", "\\" };
	for (unsigned n = dice(5); n; n--)
		add(b, ONE_OF(parts));
}

static void add_attributes(struct buf *b)
{
	static const char *const names[] = { "a", "id2", "xml:lang", "p:a", "q:a", "p:\xc3\xa9", "data-x" };
	unsigned first = dice(sizeof names / sizeof *names), count = dice(4);
	for (unsigned i = 0; i < count; i++) {
		add(b, " ");
		add(b, names[(first + i) % (sizeof names / sizeof *names)]);
		add(b, "='");
		add_value(b);
		add(b, "'");
	}
}

static void add_element(struct buf *b, unsigned deep)
{
	static const char *const names[] = { "body", "x", "query", "p:item", "q:item", "message", "a-b.c", "\xc3\xa9t\xc3\xa9" };
	static const char *const spaces[] = { "", " xmlns='jabber:client'", " xmlns='urn:xmpp:ping'", " xmlns='urn:x'", " xmlns='urn:it&apos;s'", " xmlns=''" };
	const char *name = ONE_OF(names);
	add(b, "<");
	add(b, name);
	add(b, ONE_OF(spaces));
	if (!dice(3))
		add(b, " xmlns:p='urn:other'");
	add_attributes(b);
	add(b, ">");
	for (unsigned n = dice(4); n; n--) {
		add_text(b);
		if (deep < DEEP)
			add_element(b, deep + 1);
	}
	add(b, "</");
	add(b, name);
	add(b, ">");
}

static void add_stanza(struct buf *b)
{
	static const struct { const char *name, *type; } heads[] = {
		{ "message", "" }, { "message", " type='chat'" }, { "message", " type='groupchat'" }, { "message", " type='headline'" }, { "message", " type='error'" },
		{ "message", " type='odd'" }, { "presence", "" }, { "presence", " type='unavailable'" }, { "presence", " type='subscribe'" },
		{ "presence", " type='subscribed'" }, { "presence", " type='unsubscribe'" }, { "presence", " type='unsubscribed'" }, { "presence", " type='probe'" },
		{ "presence", " type='error'" }, { "iq", " type='get'" }, { "iq", " type='set'" }, { "iq", " type='result'" }, { "iq", " type='error'" },
	};
	unsigned head = dice(sizeof heads / sizeof *heads);
	add(b, "<");
	add(b, heads[head].name);
	add(b, heads[head].type);
	add(b, " xmlns:p='urn:p' xmlns:q='urn:q'");
	add(b, dice(2) ? " to='juliet@example.com'" : "");
	add(b, dice(2) ? " id='1'" : "");
	add_attributes(b);
	add(b, ">");
	for (unsigned n = dice(4); n; n--) {
		add_text(b);
		add_element(b, 0);
	}
	add(b, "</");
	add(b, heads[head].name);
	add(b, ">");
}

static void any_stanza_comes_back(void **state)
{
	for (unsigned i = 0; i < STANZAS; i++) {
		struct buf b = { 0 };
		dice_state = i;
		add_stanza(&b);
		buf_byte(&b, '\0');
		assert_survives(buf_start(&b));
		buf_clear(&b);
	}
}

/* --- what others wrote --- */

static char *content(const char *path)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	char *text = mem_new(1 << 20);
	text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* A stanza comes back as it is, anything else inside a message. */
static bool survives(const char *text)
{
	struct arena *a = arena_new();
	struct xml *el = xml_parse(a, text, strlen(text), NS_CLIENT);
	enum kind kind;
	enum type type;
	bool is_stanza = el && el->ns == NS_CLIENT && (strcmp(el->name, "message") == 0 || type_of(el, &kind, &type));
	if (is_stanza)
		assert_survives(text);
	else if (el)
		assert_survives(arena_printf(a, "<message><body>1</body>%s</message>", text));
	arena_free(a);
	return el;
}

/* What clients send in plays: "Desk sends <…>". */
static unsigned stanzas_of_play(char *text)
{
	unsigned n = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *at = strstr(line, " sends ");
		at = at ? strchr(at, '<') : NULL;
		n += at && survives(at);
	}
	return n;
}

/* What the parser is fuzzed with: streams. */
static unsigned stanzas_of_seed(const char *text)
{
	unsigned n = 0;
	struct xml_limits limits = { 1 << 20, 64, 64, 1024 };
	struct xml_parser *p = xml_parser_new(&limits);
	struct xml_found found;
	const char *at = *text ? text + 1 : text, *end = text + strlen(text);      /* the first byte is how it is cut */
	for (enum xml_event e; (e = xml_parser_next(p, &at, end, &found)) != XML_MORE && e != XML_WRONG && e != XML_CLOSE; arena_free(found.arena))
		if (e == XML_STANZA)
			n += survives(xml_string(found.arena, found.element, NS_CLIENT));
	xml_parser_free(p);
	return n;
}

static unsigned each(const char *pattern, unsigned (*look)(char *))
{
	glob_t g;
	unsigned n = 0;
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *text = content(g.gl_pathv[i]);
		n += look(text);
		mem_free(text);
	}
	globfree(&g);
	return n;
}

static unsigned seed(char *text)
{
	return stanzas_of_seed(text);
}

static void what_others_wrote_comes_back(void **state)
{
	assert_true(each(TESTS "/plays/*/*.play", stanzas_of_play) > 300);
	assert_true(each(TESTS "/fuzz/seeds/xml/*", seed) > 20);
}

/* --- what isn't shown --- */

static void a_calls_secrets_are_left_out(void **state)
{
	struct arena *a = arena_new();
	struct xml *call = EL(a, NS_CALL, "credentials", ATTR(a, "password", "secret"));
	struct signal *s = signal_new(a, call, NULL, jid_parse(a, "juliet@example.com"), KIND_CALL, TYPE_NORMAL);
	assert_null(strstr(signal_print(a, s, false), "secret"));
	assert_non_null(strstr(signal_print(a, s, true), "secret"));
	arena_free(a);
}

static int begin(void **state)
{
	ns_intern();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_stanza_comes_back),
		cmocka_unit_test(what_others_wrote_comes_back),
		cmocka_unit_test(a_calls_secrets_are_left_out),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}

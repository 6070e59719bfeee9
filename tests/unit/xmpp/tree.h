/* What tests of trees share: an arena, interned namespaces, and text as trees. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "xml/parser.h"
#include "xml/xml.h"
#include "xmpp/ns.h"

static struct arena *a;

static int begin_all(void **state)
{
	ns_intern();
	return 0;
}

static int begin(void **state)
{
	a = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(a);
	return 0;
}

static inline struct xml *parsed(const char *text, const char *around)
{
	struct xml *el = xml_parse(a, text, strlen(text), around);
	if (!el)
		fail_msg("no XML: %s", text);
	return el;
}

#define assert_prints(el, around, text) assert_string_equal(xml_string(a, el, around), text)
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

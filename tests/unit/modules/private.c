/* What is kept of what clients store, and what an account takes along. */
#include "fake.h"
#include "core/portable.h"
#include "modules/modules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ME "juliet@example/balcony"
#define PRIVATE(inside) "<query xmlns='jabber:iq:private'>" inside "</query>"

/* The answer to a set, when these rows (namespace, name, size) are there. */
static const char *set(const char *payload, const struct value *rows, unsigned count)
{
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_SET, ME, NULL);
	t->payload = fake_parse(payload);
	enum stanza_error e = mod_private.iqs[1].run(t);
	if (e == HANDLED)
		e = fake.found(t, fake_rows(rows, 3, count));
	return e == OK ? "" : stanza_error_name(e);
}

static const char *written(unsigned i, unsigned value)
{
	return fake.writes[i].values[value].bytes;
}

static void elements_of_one_kind_are_kept_together(void **state)
{
	assert_string_equal(set(PRIVATE("<a xmlns='x'>1</a><b xmlns='x'/><a xmlns='x'>2</a>"), NULL, 0), "");
	assert_int_equal(fake.written, 2);
	assert_int_equal(strncmp(fake.writes[0].sql, "DELETE", 6), 0);
	assert_string_equal(written(0, 2), "b");
	assert_string_equal(written(1, 4), PRIVATE("<a xmlns='x'>1</a><a xmlns='x'>2</a>"));
	assert_int_equal(fake.writes[1].values[3].number, strlen(written(1, 4)));
}

static void what_is_replaced_does_not_count(void **state)
{
	struct value rows[] = { V("x"), V("a"), V(900), V("x"), V("b"), V(100) };
	fake_option("limit", "2");
	fake_option("limit_bytes", "300");
	assert_string_equal(set(PRIVATE("<a xmlns='x'>1</a>"), rows, 2), "");
	assert_string_equal(set(PRIVATE("<c xmlns='x'>1</c>"), rows, 2), "policy-violation");
	assert_int_equal(fake.reached, LIMIT_PRIVATE);
	rows[2] = V(10);
	rows[5] = V(290);
	assert_string_equal(set(PRIVATE("<a xmlns='x'>1</a>"), rows, 2), "policy-violation");
	assert_int_equal(fake.reached, LIMIT_PRIVATE_BYTES);
}

/* The limits were lowered, and what is there is beyond them. */
static void less_is_always_right(void **state)
{
	struct value rows[] = { V("x"), V("a"), V(900), V("x"), V("b"), V(900) };
	fake_option("limit", "1");
	fake_option("limit_bytes", "300");
	assert_string_equal(set(PRIVATE("<a xmlns='x'>1</a>"), rows, 2), "");
	assert_string_equal(set(PRIVATE("<a xmlns='x'/>"), rows, 2), "");
	assert_string_equal(set(PRIVATE("<c xmlns='x'>1</c>"), rows, 2), "policy-violation");
	assert_string_equal(set(PRIVATE("<a xmlns='x'/><b xmlns='x'/>"), rows, 2), "");
}

static void too_many_kinds_at_once_are_refused_before_anything_is_read(void **state)
{
	char query[3000] = "<query xmlns='jabber:iq:private'>", *end = query + strlen(query);
	for (int i = 0; i < 100; i++)
		end += sprintf(end, "<a%d xmlns='x'>1</a%d>", i, i);
	strcpy(end, "</query>");
	assert_string_equal(set(query, NULL, 0), "");
	strcpy(end, "<b xmlns='x'/></query>");
	assert_string_equal(set(query, NULL, 0), "policy-violation");
	assert_null(fake.found);
}

/* --- to another server and from one --- */

static struct fake_write put_down;
static unsigned puts_made;

static void put(struct importing *in, const char *sql, const struct value *values, size_t count)
{
	puts_made++;
	put_down.sql = sql;
	memcpy(put_down.values, values, count * sizeof *values);
}

static enum import_verdict import(const char *text, bool overwrites)
{
	struct importing in = { .arena = fake.arena, .account = 7, .jid = fake.account.address, .overwrites = overwrites, .put = put };
	puts_made = 0;
	return mod_private.portable->import(&in, fake_parse(text));
}

static void what_is_exported_is_imported(void **state)
{
	const char *both = PRIVATE("<a xmlns='x'>1</a><a xmlns='x'>2</a>");
	struct value rows[] = { V(both), V(PRIVATE("<b xmlns='y'/>")) };
	struct xml *user = EL(fake.arena, NS_PIE, "user", NULL);
	mod_private.portable->export(fake.arena, user, fake_rows(rows, 1, 2), "example");
	assert_string_equal(xml_string(fake.arena, xml_first(user), NS_CLIENT), PRIVATE("<a xmlns='x'>1</a><a xmlns='x'>2</a><b xmlns='y'/>"));
	assert_int_equal(import(xml_string(fake.arena, xml_first(user), NS_CLIENT), false), IMPORT_TAKEN);
	assert_int_equal(puts_made, 1);
	assert_string_equal(put_down.values[4].bytes, both);
	assert_non_null(strstr(put_down.sql, "IGNORE"));
	import(both, true);
	assert_non_null(strstr(put_down.sql, "REPLACE"));
}

static void what_is_no_ones_is_not_imported(void **state)
{
	assert_int_equal(import("<vCard xmlns='vcard-temp'/>", false), IMPORT_NOT_MINE);
	assert_int_equal(import(PRIVATE("<a/>"), false), IMPORT_WRONG);
	assert_int_equal(puts_made, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(elements_of_one_kind_are_kept_together),
		TEST(what_is_replaced_does_not_count),
		TEST(less_is_always_right),
		TEST(too_many_kinds_at_once_are_refused_before_anything_is_read),
		TEST(what_is_exported_is_imported),
		TEST(what_is_no_ones_is_not_imported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

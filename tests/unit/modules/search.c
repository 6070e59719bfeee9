/* What can be looked up of a card, and how it is asked. */
#include "modules/search.h"
#include "fake.h"
#include "base/meter.h"
#include "modules/modules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ME "juliet@example/balcony"
#define CARD(inside) "<vCard xmlns='vcard-temp'>" inside "</vCard>"
#define SEARCH(inside) "<query xmlns='jabber:iq:search'>" inside "</query>"

static struct search_row row(const char *card, bool is_added_only)
{
	return search_row(fake.arena, 7, "example", fake_parse(card), is_added_only);
}

static const char *text(const struct search_row *r, unsigned i)
{
	return r->values[i].kind == VALUE_NULL ? NULL : r->values[i].bytes;
}

static void a_cards_fields_are_kept_as_they_are_and_folded(void **state)
{
	struct search_row r = row(CARD("<N><FAMILY>Capulet</FAMILY><GIVEN>JULIET</GIVEN></N><FN>J. C.</FN><EMAIL><USERID>J@Mail</USERID></EMAIL><CLASS><PUBLIC/></CLASS>"), false);
	assert_int_equal(r.count, 11);
	assert_int_equal(r.values[2].number, 1);
	assert_string_equal(text(&r, 3), "JULIET");
	assert_null(text(&r, 5));
	assert_string_equal(text(&r, 7), "juliet");
	assert_string_equal(text(&r, 8), "capulet");
	assert_string_equal(text(&r, 10), "j@mail");
}

static void a_full_name_stands_for_parts_that_are_not_given(void **state)
{
	struct search_row r = row(CARD("<FN>Juliet</FN>"), false);
	assert_string_equal(text(&r, 3), "Juliet");
	assert_int_equal(r.values[2].number, 0);
}

static void who_says_no_or_nothing_is_taken_out(void **state)
{
	static const char *const no[] = { CARD("<FN>J</FN><CLASS><PRIVATE/></CLASS>"), CARD("<FN>J</FN><CLASS><PUBLIC/><CONFIDENTIAL/></CLASS>"), CARD("<DESC>J</DESC>"), CARD("") };
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		struct search_row r = row(no[i], false);
		assert_int_equal(r.count, 1);
		assert_int_equal(strncmp(r.sql, "DELETE", 6), 0);
		assert_int_equal(row(no[i], true).count, 0);
	}
}

static void an_imported_card_counts_only_when_there_is_none(void **state)
{
	assert_non_null(strstr(row(CARD("<FN>J</FN>"), true).sql, "NOT EXISTS (SELECT 1 FROM vcard"));
	assert_null(strstr(row(CARD("<FN>J</FN>"), false).sql, "NOT EXISTS"));
}

static void what_is_too_long_can_not_be_looked_up(void **state)
{
	char card[600] = "<vCard xmlns='vcard-temp'><NICKNAME>";
	size_t start = strlen(card);
	memset(card + start, 'x', 256);
	strcpy(card + start + 256, "</NICKNAME><FN>J</FN></vCard>");
	struct search_row r = row(card, false);
	assert_null(text(&r, 5));
	assert_string_equal(text(&r, 3), "J");
}

/* --- asking --- */

static const char *ask(const char *query)
{
	return fake_ask(&mod_search, TYPE_SET, TO_HOST, ME, query);
}

static void nobody_is_found_unless_the_domain_says_so(void **state)
{
	fake_session("balcony", 0);
	assert_string_equal(ask(SEARCH("<last>x</last>")), "service-unavailable");
	fake_option("listed", "1");
	assert_string_equal(ask(SEARCH("<last>x</last>")), "waits");
	assert_string_equal(fake_ask(&mod_search, TYPE_SET, TO_HOST, "romeo@elsewhere/orchard", SEARCH("<last>x</last>")), "forbidden");
}

static void the_index_that_tells_most_is_read(void **state)
{
	fake_session("balcony", 0);
	fake_option("listed", "1");
	static const struct { const char *query, *index; } rows[] = {
		{ SEARCH("<first>a</first>"), "(SELECT * FROM search WHERE host = ?1 AND first_folded BETWEEN ?4 AND ?5 LIMIT" },
		{ SEARCH("<first>a</first><last>b</last>"), "AND last_folded BETWEEN ?6 AND ?7 LIMIT" },
		{ SEARCH("<first>a</first><last>bc*</last>"), "AND first_folded BETWEEN ?4 AND ?5 LIMIT" },
		{ SEARCH("<first>ab*</first><email>bc*</email>"), "AND email_folded BETWEEN ?10 AND ?11 LIMIT" },
		{ SEARCH("<nick>a</nick><email/>"), "AND nick_folded BETWEEN ?8 AND ?9 LIMIT" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_string_equal(ask(rows[i].query), "waits");
		assert_non_null(strstr(fake.sql, rows[i].index));
	}
}

static void what_can_not_be_looked_up_is_refused(void **state)
{
	fake_session("balcony", 0);
	fake_option("listed", "2");
	assert_string_equal(ask(SEARCH("")), "bad-request");
	assert_string_equal(ask(SEARCH("<last> </last><x-gender>male</x-gender>")), "bad-request");
	assert_string_equal(ask(SEARCH("<last>*</last>")), "not-acceptable");
	assert_string_equal(ask(SEARCH("<last>a*</last><first>abc</first>")), "not-acceptable");
}

static void so_many_searches_an_hour(void **state)
{
	fake_session("balcony", 0);
	fake_option("listed", "1");
	fake_option("per_hour", "2");
	fake.hosts.limits.enabled = true;
	clock_set(1000, 1000);
	assert_string_equal(ask(SEARCH("<last>x</last>")), "waits");
	assert_string_equal(ask(SEARCH("<last>x</last>")), "waits");
	assert_string_equal(ask(SEARCH("<last>x</last>")), "resource-constraint");
	assert_int_equal(fake.reached, LIMIT_SEARCHES);
	clock_set(1000 + 1800 * 1000, 1000);
	assert_string_equal(ask(SEARCH("<last>x</last>")), "waits");
	assert_string_equal(ask(SEARCH("<last>x</last>")), "resource-constraint");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cards_fields_are_kept_as_they_are_and_folded),
		TEST(a_full_name_stands_for_parts_that_are_not_given),
		TEST(who_says_no_or_nothing_is_taken_out),
		TEST(an_imported_card_counts_only_when_there_is_none),
		TEST(what_is_too_long_can_not_be_looked_up),
		TEST(nobody_is_found_unless_the_domain_says_so),
		TEST(the_index_that_tells_most_is_read),
		TEST(what_can_not_be_looked_up_is_refused),
		TEST(so_many_searches_an_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

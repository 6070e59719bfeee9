/* What is remembered of what clients gave out, for how long, and whose it is. */
#include "fake.h"
#include "modules/modules.h"
#include "xmpp/base64.h"
#include "xmpp/hashes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ME "juliet@example/balcony"
#define STRANGER "romeo@elsewhere/orchard"

static const char *cid_of(const char *function, const char *data)
{
	return arena_printf(fake.arena, "%s+%s@bob.xmpp.org", function, hash_hex(fake.arena, function, data, strlen(data)));
}

static void give(const char *cid, const char *data, const char *more)
{
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_RESULT, ME, STRANGER);
	t->payload = fake_parse(arena_printf(fake.arena, "<data xmlns='urn:xmpp:bob' cid='%s' type='image/png'%s>%s</data>", cid, more,
		base64_encode(fake.arena, data, strlen(data))));
	assert_int_equal(fake_hook(&mod_bits, IQ_SENT, AT_KEEP, t), OK);
}

static const char *ask_account(const char *from, const char *cid)
{
	return fake_ask(&mod_bits, TYPE_GET, TO_ACCOUNT, from, arena_printf(fake.arena, "<data xmlns='urn:xmpp:bob' cid='%s'/>", cid));
}

static bool is_there(const char *cid)
{
	return strstr(ask_account(STRANGER, cid), "<data");
}

/* Each test's account is another. */
static int begin(void **state)
{
	static int64_t account = 100;
	fake_begin(state);
	clock_set(1000, 1000);
	fake.account.id = account++;
	return 0;
}

static void what_fits_its_hash_is_given_to_whoever_knows_it(void **state)
{
	const char *cid = cid_of("sha1", "a small picture");
	give(cid, "a small picture", " max-age='60'");
	assert_string_equal(ask_account(STRANGER, cid), arena_printf(fake.arena,
		"<data xmlns='urn:xmpp:bob' cid='%s' type='image/png' max-age='60'>YSBzbWFsbCBwaWN0dXJl</data>", cid));
	give(cid_of("sha-256", "a small picture"), "a small picture", "");
	assert_true(is_there(cid_of("sha-256", "a small picture")));
}

static void what_does_not_fit_its_hash_is_not_remembered(void **state)
{
	give(cid_of("sha1", "a small picture"), "another picture", "");
	assert_false(is_there(cid_of("sha1", "a small picture")));
	give("md5+900150983cd24fb0d6963f7d28e17f72@bob.xmpp.org", "abc", "");
	assert_false(is_there("md5+900150983cd24fb0d6963f7d28e17f72@bob.xmpp.org"));
	const char *elsewhere = arena_printf(fake.arena, "sha1+%s@elsewhere", hash_hex(fake.arena, "sha1", "abc", 3));
	give(elsewhere, "abc", "");
	assert_false(is_there(elsewhere));
	assert_string_equal(ask_account(ME, "no hash at all"), "item-not-found");
	assert_string_equal(ask_account(STRANGER, "no hash at all"), "service-unavailable");
}

static void it_is_good_as_long_as_its_giver_says_and_no_longer_than_a_day(void **state)
{
	const char *minute = cid_of("sha1", "minute"), *year = cid_of("sha1", "year"), *never = cid_of("sha1", "never"), *wrong = cid_of("sha1", "wrong");
	give(minute, "minute", " max-age='60'");
	give(year, "year", " max-age='31536000'");
	give(never, "never", " max-age='0'");
	give(wrong, "wrong", " max-age='soon'");
	assert_true(is_there(minute) && is_there(year) && !is_there(never) && !is_there(wrong));
	clock_set(1000, 1000 + 60000);
	assert_true(!is_there(minute) && is_there(year));
	clock_set(1000, 1000 + 86400000);
	assert_false(is_there(year));
}

static void an_accounts_bits_are_its_own(void **state)
{
	const char *cid = cid_of("sha1", "mine");
	give(cid, "mine", "");
	fake.account.id += 1000;
	assert_false(is_there(cid));
}

static void an_account_has_a_small_share(void **state)
{
	const char *others = cid_of("sha1", "others");
	give(others, "others", "");
	fake.account.id += 1000;
	for (int i = 0; i < 200; i++) {
		const char *data = arena_printf(fake.arena, "bit %d", i);
		give(cid_of("sha1", data), data, "");
	}
	assert_true(is_there(cid_of("sha1", "bit 199")) && is_there(cid_of("sha1", "bit 184")) && !is_there(cid_of("sha1", "bit 183")));
	fake.account.id -= 1000;
	assert_true(is_there(others));
}

static void what_is_large_is_not_remembered(void **state)
{
	char data[8194] = "";
	memset(data, 'x', 8193);
	give(cid_of("sha1", data), data, "");
	assert_false(is_there(cid_of("sha1", data)));
	data[8192] = '\0';
	give(cid_of("sha1", data), data, "");
	assert_true(is_there(cid_of("sha1", data)));
}

static void a_client_that_is_there_is_asked_itself(void **state)
{
	const char *cid = cid_of("sha1", "a small picture");
	give(cid, "a small picture", "");
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_GET, STRANGER, ME);
	t->payload = fake_parse(arena_printf(fake.arena, "<data xmlns='urn:xmpp:bob' cid='%s'/>", cid));
	assert_int_equal(fake_hook(&mod_bits, IQ_PASSING, AT_MISS, t), HANDLED);
	assert_non_null(fake.reply);
	fake_session("balcony", 0);
	assert_int_equal(fake_hook(&mod_bits, IQ_PASSING, AT_MISS, t), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fake_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_fits_its_hash_is_given_to_whoever_knows_it),
		TEST(what_does_not_fit_its_hash_is_not_remembered),
		TEST(it_is_good_as_long_as_its_giver_says_and_no_longer_than_a_day),
		TEST(an_accounts_bits_are_its_own),
		TEST(an_account_has_a_small_share),
		TEST(what_is_large_is_not_remembered),
		TEST(a_client_that_is_there_is_asked_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

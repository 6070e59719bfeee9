/* What a domain and a listener say of logins, and which of them counts. */
#include "core/auth_terms.h"
#include "core/module.h"
#include "xmpp/scram.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

const struct module *const modules[] = { NULL };

enum { YES = 1, NO = 0, NOTHING = -1 };

static int both(int global, int domain, int listener)
{
	const struct auth_terms g = { .plain_without_tls = global }, d = { .plain_without_tls = domain }, l = { .plain_without_tls = listener };
	return auth_terms_both(&g, &d, &l).plain_without_tls;
}

static void the_stricter_of_two_counts_and_either_before_the_global_one(void **state)
{
	assert_int_equal(both(YES, NOTHING, NOTHING), YES);
	assert_int_equal(both(NO, NOTHING, NOTHING), NO);
	assert_int_equal(both(NO, YES, NOTHING), YES);
	assert_int_equal(both(NO, NOTHING, YES), YES);
	assert_int_equal(both(YES, NO, NOTHING), NO);
	assert_int_equal(both(YES, YES, NO), NO);
	assert_int_equal(both(YES, NO, YES), NO);
	assert_int_equal(both(NO, YES, YES), YES);
}

static void of_two_caches_the_shorter_counts(void **state)
{
	const struct auth_terms g = { .verifier_cache = 1000 }, d = { .verifier_cache = 500 }, l = { .verifier_cache = 0 }, none = { .verifier_cache = -1 };
	assert_int_equal(auth_terms_both(&g, &d, &l).verifier_cache, 0);
	assert_int_equal(auth_terms_both(&g, &d, &none).verifier_cache, 500);
	assert_int_equal(auth_terms_both(&g, NULL, &none).verifier_cache, 1000);
}

static struct config *load(const char *text)
{
	char file[] = "/tmp/jackdaw-terms-XXXXXX";
	struct config_report report;
	FILE *f = fdopen(mkstemp(file), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	config_report_init(&report);
	struct config *c = config_load(file, 0, &report);
	config_report_clear(&report);
	unlink(file);
	assert_non_null(c);
	return c;
}

static void a_scope_says_what_it_or_one_below_the_global_one_says(void **state)
{
	struct config *c = load("auth { legacy = yes }\n"
		"xmpp_listener { auth { legacy = no;  mechanisms = [ PLAIN ] }\n listen \"*:1\" { auth { verifier_cache = 5s } } }\n"
		"domain \"example\" { auth { mechanisms = [ LOGIN ] } }\n");
	const struct config_scope *g = config_global(c), *listen = config_first(config_first(g, CONFIG_LISTENER), CONFIG_LISTEN);
	struct auth_terms t;
	auth_terms_read(&t, listen);
	assert_int_equal(t.legacy, NO);
	assert_int_equal(t.plain_without_tls, NOTHING);
	assert_int_equal(t.verifier_cache, 5000);
	assert_string_equal(t.mechanisms[0], "PLAIN");
	auth_terms_read(&t, config_first(g, CONFIG_DOMAIN));
	assert_int_equal(t.legacy, NOTHING);
	assert_null(t.mechanisms);
	auth_terms_read_global(&t, g);
	assert_int_equal(t.legacy, YES);
	assert_int_equal(t.verifier_cache, 3600000);
	config_drop(c);
}

static struct password_terms kept(const char *mechanisms)
{
	char text[200];
	struct password_terms t;
	snprintf(text, sizeof text, "domain \"example\" { auth { mechanisms = [ %s ];  scram_iterations = 7000 } }\n", mechanisms);
	struct config *c = load(text);
	password_terms_read(&t, config_first(config_global(c), CONFIG_DOMAIN));
	config_drop(c);
	return t;
}

static void keys_are_for_the_mechanisms_of_the_domain(void **state)
{
	assert_int_equal(kept("SCRAM-SHA-512-PLUS SCRAM-SHA-1").hashes, 1 << SCRAM_SHA_512 | 1 << SCRAM_SHA_1);
	assert_int_equal(kept("PLAIN").hashes, 1 << SCRAM_SHA_256);
	assert_int_equal(kept("PLAIN").rounds, 7000);
	assert_false(kept("SCRAM-SHA-1 PLAIN LOGIN").keeps_clear);
	assert_true(kept("CRAM-MD5").keeps_clear);
	assert_true(kept("PLAIN DIGEST-MD5").keeps_clear);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stricter_of_two_counts_and_either_before_the_global_one),
		cmocka_unit_test(of_two_caches_the_shorter_counts),
		cmocka_unit_test(a_scope_says_what_it_or_one_below_the_global_one_says),
		cmocka_unit_test(keys_are_for_the_mechanisms_of_the_domain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

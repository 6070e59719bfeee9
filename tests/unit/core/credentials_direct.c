/* Accounts without a server: made, changed, removed with all that modules keep of them. */
#include "core/credentials_direct.h"
#include "base/mem.h"
#include "core/config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const struct module mod_notes = {
	.name = "notes",
	.migrations = MIGRATIONS({ "notes", 1, "CREATE TABLE note (account INTEGER NOT NULL, text TEXT NOT NULL)" }),
	.forget = FORGET("DELETE FROM note WHERE account = ?1"),
};
const struct module *const modules[] = { &mod_credentials, &mod_notes, NULL };

static struct config *config;
static struct arena *a;
static struct store *store;
static char folder[64];

static struct config *load(const char *text)
{
	char file[] = "/tmp/jackdaw-direct-XXXXXX";
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

static int begin(void **state)
{
	size_t count;
	struct fail why = { "" };
	static bool is_wired;
	a = arena_new();
	if (!is_wired)
		assert_true(modules_wire(&why));
	is_wired = true;
	config = load("domain \"modern.example\" { auth { mechanisms = [ SCRAM-SHA-512 PLAIN ];  scram_iterations = 5000 } }\n"
		"domain \"old.example\" { auth { mechanisms = [ SCRAM-SHA-1 CRAM-MD5 ] } }\n");
	strcpy(folder, "/tmp/direct-XXXXXX");
	assert_non_null(mkdtemp(folder));
	const struct migration *m = modules_migrations(&count);
	struct store_options o = { .path = arena_printf(a, "%s/db", folder), .readers = 1, .synchronous = "OFF" };
	store = store_open(&o, m, count, &why);
	if (!store)
		fail_msg("%s", why.text);
	return 0;
}

static int end(void **state)
{
	config_drop(config);
	store_close(store);
	char *command = mem_printf("rm -r %s", folder);
	int rc = system(command);
	mem_free(command);
	arena_free(a);
	return rc;
}

static const char *ask(const char *who, const char *question, const char *password)
{
	struct fail why = { "" };
	const struct xml *answer = credentials_direct(store, config, a, jid_parse(a, who), EL(a, NS_CALL, question, ATTR(a, "password", password)), &why);
	assert_non_null(answer);
	return xml_get(answer, "why") ? xml_get(answer, "why") : answer->name;
}

static int64_t count(const char *sql)
{
	struct statement s = { .sql = sql };
	struct store_job job = { .first = &s, .is_read = true, .arena = a };
	assert_true(store_run(store, &job));
	return row_int(job.results[0]->first, 0);
}

static void write_note(const char *who)
{
	static const char put[] = "INSERT INTO note (account, text) SELECT id, 'x' FROM account WHERE jid = ?1";
	struct value v = V(who);
	struct statement s = { .sql = put, .values = &v, .count = 1 };
	struct store_job job = { .first = &s };
	assert_true(store_run(store, &job));
}

static void an_account_is_made_once(void **state)
{
	assert_string_equal(ask("romeo@example.com", "account-add", "secret"), "done");
	assert_string_equal(ask("romeo@example.com", "account-add", "other"), "exists");
	assert_int_equal(count("SELECT COUNT(*) FROM account WHERE jid = 'romeo@example.com' AND host = 'example.com'"), 1);
	assert_int_equal(count("SELECT COUNT(*) FROM credential"), 2);
}

static void a_password_changes_all_keys(void **state)
{
	assert_string_equal(ask("romeo@example.com", "account-passwd", "x"), "missing");
	ask("romeo@example.com", "account-add", "one");
	assert_int_equal(count("SELECT COUNT(*) FROM (SELECT DISTINCT salt FROM credential)"), 2);
	static const char keep[] = "CREATE TABLE old AS SELECT * FROM credential";
	struct statement s = { .sql = keep };
	struct store_job job = { .first = &s };
	assert_true(store_run(store, &job));
	assert_string_equal(ask("romeo@example.com", "account-passwd", "two"), "done");
	assert_int_equal(count("SELECT COUNT(*) FROM credential"), 2);
	assert_int_equal(count("SELECT COUNT(*) FROM credential JOIN old USING (account, hash) WHERE credential.stored = old.stored"), 0);
}

static void a_password_that_is_none_changes_nothing(void **state)
{
	assert_string_equal(ask("romeo@example.com", "account-add", ""), "password");
	assert_string_equal(ask("romeo@example.com", "account-add", NULL), "password");
	assert_string_equal(ask("romeo@example.com", "account-add", "a\tb"), "password");
	assert_int_equal(count("SELECT COUNT(*) FROM account"), 0);
}

static void removal_forgets_what_modules_keep_and_of_nobody_else(void **state)
{
	assert_string_equal(ask("romeo@example.com", "account-remove", NULL), "missing");
	ask("romeo@example.com", "account-add", "x");
	ask("juliet@example.com", "account-add", "x");
	write_note("romeo@example.com");
	write_note("juliet@example.com");
	assert_string_equal(ask("romeo@example.com", "account-remove", NULL), "done");
	assert_int_equal(count("SELECT COUNT(*) FROM account"), 1);
	assert_int_equal(count("SELECT COUNT(*) FROM credential"), 2);
	assert_int_equal(count("SELECT COUNT(*) FROM note"), 1);
	assert_int_equal(count("SELECT COUNT(*) FROM note JOIN account ON account = id WHERE jid = 'juliet@example.com'"), 1);
}

static void a_domain_says_what_is_kept(void **state)
{
	ask("romeo@modern.example", "account-add", "x");
	assert_int_equal(count("SELECT COUNT(*) FROM credential WHERE hash = 'SCRAM-SHA-512' AND rounds = 5000"), 1);
	assert_int_equal(count("SELECT COUNT(*) FROM credential"), 1);
	assert_int_equal(count("SELECT COUNT(*) FROM clear_password"), 0);
	ask("romeo@old.example", "account-add", "x");
	ask("romeo@old.example", "account-passwd", "y");
	assert_int_equal(count("SELECT COUNT(*) FROM clear_password WHERE host = 'old.example' AND password = 'y'"), 1);
	ask("romeo@old.example", "account-remove", NULL);
	assert_int_equal(count("SELECT COUNT(*) FROM clear_password"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_account_is_made_once, begin, end),
		cmocka_unit_test_setup_teardown(a_password_changes_all_keys, begin, end),
		cmocka_unit_test_setup_teardown(a_password_that_is_none_changes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_domain_says_what_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(removal_forgets_what_modules_keep_and_of_nobody_else, begin, end),
	};
	ns_intern();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

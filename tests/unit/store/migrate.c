#include "fixture.h"
#include <string.h>

static const struct migration first[] = {
	{ "core", 1, "CREATE TABLE a (x INTEGER); CREATE TABLE b (y INTEGER); INSERT INTO a VALUES (1)" },
	{ "roster", 1, "CREATE TABLE c (z INTEGER)" },
};
static const struct migration grown[] = {
	{ "core", 1, "CREATE TABLE a (x INTEGER); CREATE TABLE b (y INTEGER); INSERT INTO a VALUES (1)" },
	{ "roster", 1, "CREATE TABLE c (z INTEGER)" },
	{ "core", 2, "INSERT INTO a SELECT x + 1 FROM a" },
};
static const struct migration edited[] = {
	{ "core", 1, "CREATE TABLE a (x BIGINT)" },
	{ "roster", 1, "CREATE TABLE c (z INTEGER)" },
};
static const struct migration half_wrong[] = {
	{ "core", 1, "CREATE TABLE a (x INTEGER); CREATE TABLE b (y INTEGER); INSERT INTO a VALUES (1)" },
	{ "roster", 1, "CREATE TABLE c (z INTEGER)" },
	{ "core", 2, "INSERT INTO a VALUES (7); INSERT INTO nowhere VALUES (1)" },
};
static const struct migration runaway[] = {
	{ "core", 1, "CREATE TABLE a (x INTEGER); COMMIT" },
};
static const char Q_SUM[] = "SELECT total(x) = 1, total(x) = 3, count(*) FROM a";
static const char Q_FORGET[] = "DELETE FROM migrations WHERE part = 'core' AND number = 1";

static bool opens(struct fixture *f, const struct migration *list, size_t count, struct fail *why)
{
	f->store = store_open(&f->options, list, count, why);
	return f->store != NULL;
}

static void must_open(struct fixture *f, const struct migration *list, size_t count)
{
	struct fail why = { "" };
	if (!opens(f, list, count, &why))
		fail_msg("%s", why.text);
}

static void refused(struct fixture *f, const struct migration *list, size_t count, const char *words)
{
	struct fail why = { "" };
	assert_false(opens(f, list, count, &why));
	if (!strstr(why.text, words))
		fail_msg("'%s' does not say '%s'", why.text, words);
}

static bool sums_to(struct fixture *f, unsigned column)
{
	struct store_job *job = job_of(f, true, Q_SUM, NO_VALUES);
	assert_int_equal(run(f, job), STORE_OK);
	return row_int(job->results[0]->first, column);
}

static void each_runs_once(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 3; i++) {
		must_open(f, first, 2);
		assert_true(sums_to(f, 0));
		close_store(f);
	}
}

static void a_new_one_runs_on_an_old_database(void **state)
{
	struct fixture *f = *state;
	must_open(f, first, 2);
	close_store(f);
	must_open(f, grown, 3);
	assert_true(sums_to(f, 1));
	close_store(f);
	must_open(f, grown, 3);
	assert_true(sums_to(f, 1));
}

static void an_edited_one_is_refused(void **state)
{
	struct fixture *f = *state;
	must_open(f, first, 2);
	close_store(f);
	refused(f, edited, 2, "core 1");
	must_open(f, first, 2);
}

static void a_newer_database_is_refused(void **state)
{
	struct fixture *f = *state;
	must_open(f, grown, 3);
	close_store(f);
	refused(f, first, 2, "newer program (core 2)");
}

static void an_unknown_part_is_refused(void **state)
{
	struct fixture *f = *state;
	must_open(f, first, 2);
	close_store(f);
	refused(f, first, 1, "newer program (roster 1)");
}

static void a_missing_one_is_refused(void **state)
{
	struct fixture *f = *state;
	must_open(f, grown, 3);
	assert_int_equal(run(f, job_of(f, false, Q_FORGET, NO_VALUES)), STORE_OK);
	close_store(f);
	refused(f, grown, 3, "missing");
}

static void one_that_fails_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	refused(f, half_wrong, 3, "core 2: no such table: nowhere");
	must_open(f, first, 2);
	assert_true(sums_to(f, 0));
}

static void one_cannot_end_its_transaction(void **state)
{
	refused(*state, runaway, 1, "ends the transaction");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_runs_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_new_one_runs_on_an_old_database, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_edited_one_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_newer_database_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_unknown_part_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_one_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_fails_leaves_nothing_behind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_cannot_end_its_transaction, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

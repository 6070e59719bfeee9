#include "fixture.h"
#include <string.h>

static const char Q_ECHO[] = "SELECT ?, ?, ?";

static struct row *echo(struct fixture *f, struct value a, struct value b, struct value c)
{
	struct store_job *job = job_of(f, true, Q_ECHO, VALUES(a, b, c));
	assert_int_equal(run(f, job), STORE_OK);
	assert_int_equal(job->results[0]->count, 1);
	assert_int_equal(job->results[0]->columns, 3);
	return job->results[0]->first;
}

static void integers_keep_all_64_bits(void **state)
{
	struct row *row = echo(*state, V(INT64_MIN), V(INT64_MAX), V(-1));
	assert_true(row_int(row, 0) == INT64_MIN);
	assert_true(row_int(row, 1) == INT64_MAX);
	assert_true(row_int(row, 2) == -1);
}

static void null_is_neither_empty_nor_zero(void **state)
{
	size_t size = 1;
	struct row *row = echo(*state, V((const char *)NULL), V(""), value_blob(NULL, 0));
	assert_null(row_text(row, 0));
	assert_int_equal(row_int(row, 0), 0);
	assert_string_equal(row_text(row, 1), "");
	assert_null(row_blob(row, 2, &size));
	assert_int_equal(size, 0);
}

static void an_empty_blob_is_not_null(void **state)
{
	size_t size = 1;
	struct row *row = echo(*state, value_blob("", 0), V(0), V(0));
	assert_non_null(row_blob(row, 0, &size));
	assert_int_equal(size, 0);
}

static void blobs_and_texts_keep_every_byte(void **state)
{
	size_t size = 0;
	struct value with_nul = { VALUE_TEXT, 5, "a\0b\xc3\xa9" };
	struct row *row = echo(*state, value_blob("\0\xff\0", 3), with_nul, V("caf\xc3\xa9"));
	assert_memory_equal(row_blob(row, 0, &size), "\0\xff\0", 3);
	assert_int_equal(size, 3);
	assert_memory_equal(row_blob(row, 1, &size), "a\0b\xc3\xa9", 6);
	assert_int_equal(size, 5);
	assert_string_equal(row_text(row, 2), "caf\xc3\xa9");
}

static void large_values_come_back(void **state)
{
	struct fixture *f = *state;
	size_t size = 0, large = 5 << 20;
	char *bytes = arena_bytes(f->arena, large);
	for (size_t i = 0; i < large; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	struct row *row = echo(f, value_blob(bytes, large), V(1), V(2));
	assert_memory_equal(row_blob(row, 0, &size), bytes, large);
	assert_int_equal(size, large);
}

static int with_store(void **state)
{
	if (set_up(state) < 0)
		return -1;
	open_store(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(integers_keep_all_64_bits, with_store, tear_down),
		cmocka_unit_test_setup_teardown(null_is_neither_empty_nor_zero, with_store, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_blob_is_not_null, with_store, tear_down),
		cmocka_unit_test_setup_teardown(blobs_and_texts_keep_every_byte, with_store, tear_down),
		cmocka_unit_test_setup_teardown(large_values_come_back, with_store, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

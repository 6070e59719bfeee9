/* Tar: heads that come back as they went, and those that are none. */
#include "base/tar.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static bool there_and_back(const char *name, uint64_t size)
{
	char block[TAR_BLOCK];
	struct tar_member in = { .size = size }, out;
	struct fail why;
	snprintf(in.name, sizeof in.name, "%s", name);
	return tar_write(block, &in, 1700000000123) && tar_read(block, &out, &why) && strcmp(out.name, name) == 0 && out.size == size;
}

static void a_head_comes_back(void **state)
{
	assert_true(there_and_back("jackdaw.sqlite", 0));
	assert_true(there_and_back("domains.d/a.conf", 12345));
	assert_true(there_and_back("a", 077777777777));
	assert_true(there_and_back("a", 0100000000000));              /* 8 GiB: binary from here */
	assert_true(there_and_back("a", INT64_MAX));
}

static void names_have_their_limits(void **state)
{
	char block[TAR_BLOCK];
	struct tar_member m = { .name = "" };
	assert_false(tar_write(block, &m, 0));
	memset(m.name, 'a', sizeof m.name);
	assert_false(tar_write(block, &m, 0));
	m.name[TAR_NAME - 1] = '\0';
	assert_true(tar_write(block, &m, 0));
}

static void what_is_no_head_is_refused(void **state)
{
	char block[TAR_BLOCK];
	struct tar_member m = { .name = "a", .size = 1 }, out;
	struct fail why;
	assert_true(tar_write(block, &m, 0));
	for (int i = 0; i < TAR_BLOCK; i++) {
		if (i == 154 || i == 155)
			continue;                     /* what ends the sum */
		block[i] ^= 1;
		assert_false(tar_read(block, &out, &why));
		block[i] ^= 1;
	}
	assert_true(tar_read(block, &out, &why));
	memset(block, 0, sizeof block);
	assert_true(tar_read(block, &out, &why));
	assert_string_equal(out.name, "");
}

static void padding_fills_a_block(void **state)
{
	assert_int_equal(tar_padding(0), 0);
	assert_int_equal(tar_padding(1), 511);
	assert_int_equal(tar_padding(512), 0);
	assert_int_equal(tar_padding(513), 511);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_comes_back),
		cmocka_unit_test(names_have_their_limits),
		cmocka_unit_test(what_is_no_head_is_refused),
		cmocka_unit_test(padding_fills_a_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Hashes: found while in, not found when out, whatever the size. */
#include "base/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <stdio.h>

struct member {
	struct hash_node node;
	char key[16];
};

enum { N = 1000 };
static struct member members[N];

static void fill(struct hash *h)
{
	for (int i = 0; i < N; i++) {
		snprintf(members[i].key, sizeof members[i].key, "user%d", i);
		hash_put(h, &members[i].node, members[i].key);
	}
}

static void finds_every_member_after_growing(void **state)
{
	struct hash h = { 0 };
	(void)state;
	fill(&h);
	assert_int_equal(h.count, N);
	for (int i = 0; i < N; i++)
		assert_ptr_equal(hash_find(&h, members[i].key), &members[i].node);
	assert_null(hash_find(&h, "user1000"));
	hash_clear(&h);
}

static void forgets_what_is_removed_and_only_that(void **state)
{
	struct hash h = { 0 };
	(void)state;
	fill(&h);
	for (int i = 0; i < N; i += 2)
		hash_remove(&h, &members[i].node);
	for (int i = 0; i < N; i++)
		assert_ptr_equal(hash_find(&h, members[i].key), i % 2 ? &members[i].node : NULL);
	assert_int_equal(h.count, N / 2);
	hash_clear(&h);
}

static void an_empty_one_has_nothing(void **state)
{
	struct hash h = { 0 };
	struct hash_node n = { 0 };
	(void)state;
	assert_null(hash_find(&h, "romeo"));
	hash_remove(&h, &n);
	assert_int_equal(h.count, 0);
}

static bool remove_it(struct hash_node *n, void *with)
{
	hash_remove(with, n);
	return true;
}

static void each_may_remove_what_it_is_given(void **state)
{
	struct hash h = { 0 };
	(void)state;
	fill(&h);
	hash_each(&h, remove_it, &h);
	assert_int_equal(h.count, 0);
	hash_clear(&h);
}

static void the_seed_and_every_byte_count(void **state)
{
	char text[32] = "0123456789abcdef0123456789abcde";
	(void)state;
	for (size_t size = 1; size < sizeof text; size++) {
		uint64_t was = hash_bytes(7, text, size);
		assert_true(was != hash_bytes(8, text, size));
		for (size_t i = 0; i < size; i++) {
			text[i] ^= 1;
			assert_true(was != hash_bytes(7, text, size));
			text[i] ^= 1;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_member_after_growing),
		cmocka_unit_test(forgets_what_is_removed_and_only_that),
		cmocka_unit_test(an_empty_one_has_nothing),
		cmocka_unit_test(each_may_remove_what_it_is_given),
		cmocka_unit_test(the_seed_and_every_byte_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

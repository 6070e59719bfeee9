/* Arenas: what is asked for is there, apart from everything else, and ends with the arena. */
#include "base/arena.h"
#include "base/block.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void gives_zeroed_memory_for_any_type(void **state)
{
	struct arena *a = arena_new();
	(void)state;
	memset(arena_bytes(a, 3), 'x', 3);
	for (size_t size = 1; size < 5000; size += 613) {
		unsigned char *p = arena_alloc(a, size);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_free(a);
}

/* A block that was used and freed comes back from the pool with what the last stanza wrote. */
static void zeroes_what_the_pool_gives_back(void **state)
{
	(void)state;
	struct arena *a = arena_new();
	memset(arena_bytes(a, 1500), 0xff, 1500);
	arena_free(a);
	a = arena_new();
	unsigned char *p = arena_alloc(a, 1500);
	for (size_t i = 0; i < 1500; i++)
		assert_int_equal(p[i], 0);
	arena_free(a);
}

static void keeps_neighbours_apart(void **state)
{
	enum { N = 300 };
	struct arena *a = arena_new();
	char *at[N];
	(void)state;
	for (size_t i = 0; i < N; i++) {
		at[i] = arena_bytes(a, i + 1);
		memset(at[i], (int)i & 0x7f, i + 1);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k <= i; k++)
			assert_int_equal(at[i][k], i & 0x7f);
	arena_free(a);
}

static void copies_end_in_nul(void **state)
{
	struct arena *a = arena_new();
	(void)state;
	assert_string_equal(arena_copy(a, "romeo and juliet", 5), "romeo");
	assert_string_equal(arena_string(a, "nurse"), "nurse");
	assert_null(arena_string(a, NULL));
	assert_string_equal(arena_printf(a, "%s/%d", "orchard", 7), "orchard/7");
	arena_free(a);
}

/* A body that needs a block of its own must not make the arena forget the room it still has. */
static void goes_on_filling_behind_a_large_thing(void **state)
{
	struct arena *a = arena_new();
	(void)state;
	char *before = arena_bytes(a, 16);
	arena_bytes(a, 100000);
	char *after = arena_bytes(a, 16);
	assert_ptr_equal(after, before + 16);
	assert_true(arena_size(a) >= 100000);
	arena_free(a);
}

/* Also when the small one's block is as large as the pool's: whose it is must not be mistaken. */
static void small_ones_hold_what_was_asked(void **state)
{
	(void)state;
	for (size_t size = 3900; size < 4200; size += 16) {
		struct arena *a = arena_new_small(arena_room(size - 7) + 24);
		const size_t held = arena_size(a);
		assert_true(held < size + 112);         /* two heads and what is rounded up */
		memset(arena_alloc(a, size - 7), 'x', size - 7);
		memset(arena_alloc(a, 24), 'y', 24);
		assert_int_equal(arena_size(a), held);
		assert_int_not_equal(held, BLOCK_SIZE);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_memory_for_any_type),
		cmocka_unit_test(zeroes_what_the_pool_gives_back),
		cmocka_unit_test(keeps_neighbours_apart),
		cmocka_unit_test(copies_end_in_nul),
		cmocka_unit_test(goes_on_filling_behind_a_large_thing),
		cmocka_unit_test(small_ones_hold_what_was_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

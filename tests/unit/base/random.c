/* Random bytes: ids that don't repeat and whose bits nobody can guess from those before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/random.h"

enum { IDS = 50000, LONG = 20 };

static char ids[2 * IDS][LONG + 1];

static void *fill_half(void *from)
{
	char (*to)[LONG + 1] = from;
	for (size_t i = 0; i < IDS; i++)
		random_text(to[i], LONG);
	return NULL;
}

static void fill(void)                       /* on two threads: each has a block of its own */
{
	pthread_t other;
	assert_int_equal(pthread_create(&other, NULL, fill_half, ids[IDS]), 0);
	fill_half(ids[0]);
	pthread_join(other, NULL);
}

static int order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void ids_never_repeat(void **state)
{
	fill();
	qsort(ids, sizeof ids / sizeof *ids, sizeof *ids, order);
	for (size_t i = 1; i < sizeof ids / sizeof *ids; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
}

/* How often each letter stands at each place: 100000 ids give 1562 on average, with a deviation of 39; 8 of these are allowed. */
static void each_place_of_an_id_is_any_letter_equally(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	static int seen[LONG][256];
	memset(seen, 0, sizeof seen);
	fill();
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		for (size_t at = 0; at < LONG; at++)
			seen[at][(unsigned char)ids[i][at]]++;
	for (size_t at = 0; at < LONG; at++)
		for (size_t l = 0; l < sizeof letters - 1; l++)
			assert_in_range(seen[at][(unsigned char)letters[l]], 1562 - 8 * 39, 1562 + 8 * 39);
}

/* An id says nothing of the next: the same letter follows at the same place no more often than by chance. */
static void an_id_says_nothing_of_the_next(void **state)
{
	int same[LONG] = { 0 };
	fill();
	for (size_t i = 1; i < sizeof ids / sizeof *ids; i++)
		for (size_t at = 0; at < LONG; at++)
			same[at] += ids[i][at] == ids[i - 1][at];
	for (size_t at = 0; at < LONG; at++)
		assert_in_range(same[at], 1562 - 8 * 39, 1562 + 8 * 39);
}

static void any_size_is_filled(void **state)
{
	static const size_t sizes[] = { 1, 127, 128, 129, 512, 513, 5000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unsigned char all[5000] = { 0 };     /* bits that were ever set, and what lies behind */
		for (int round = 0; round < 64; round++) {
			unsigned char once[5001];
			memset(once, 0x5a, sizeof once);
			random_fill(once, sizes[i]);
			assert_int_equal(once[sizes[i]], 0x5a);
			for (size_t at = 0; at < sizes[i]; at++)
				all[at] |= once[at] ^ 0x5a;
		}
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(all[at], 0xff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_never_repeat),
		cmocka_unit_test(each_place_of_an_id_is_any_letter_equally),
		cmocka_unit_test(an_id_says_nothing_of_the_next),
		cmocka_unit_test(any_size_is_filled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

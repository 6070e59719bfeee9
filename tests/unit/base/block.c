/* Blocks: each has one owner at a time, and what nobody needs goes back to the system. */
#include "base/block.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

enum { MANY = 1000 };                /* more than one region */

static unsigned char *blocks[MANY];

static void fill(void)
{
	for (int i = 0; i < MANY; i++) {
		blocks[i] = block_get();
		memset(blocks[i], i & 0xff, BLOCK_SIZE);
	}
}

static bool are_whole(void)
{
	for (int i = 0; i < MANY; i++)
		if (blocks[i][0] != (i & 0xff) || memcmp(blocks[i], blocks[i] + 1, BLOCK_SIZE - 1) != 0)
			return false;
	return true;
}

static void put_all(void)
{
	for (int i = 0; i < MANY; i++)
		block_put(blocks[i]);
}

/* Two calls, with nothing needed between them: the first begins the time in which blocks may be found unneeded. */
static void pass_on_all(void)
{
	blocks_pass_on();
	blocks_pass_on();
}

static void each_belongs_to_one(void **state)
{
	(void)state;
	fill();
	assert_true(are_whole());
	put_all();
	fill();
	assert_true(are_whole());
	put_all();
}

static void *put_elsewhere(void *unused)
{
	put_all();
	pass_on_all();
	return unused;
}

static void *fill_elsewhere(void *unused)
{
	fill();
	return are_whole() ? blocks : unused;
}

static void move_between_threads(void **state)
{
	(void)state;
	void *(*const steps[])(void *) = { fill_elsewhere, put_elsewhere, fill_elsewhere, put_elsewhere };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		pthread_t thread;
		void *result;
		assert_int_equal(pthread_create(&thread, NULL, steps[i], NULL), 0);
		assert_int_equal(pthread_join(thread, &result), 0);
		assert_true(i % 2 || result);
	}
}

static unsigned resident(void)
{
	unsigned n = 0;
	for (int i = 0; i < MANY; i++) {
		unsigned char in_memory = 0;
		assert_int_equal(mincore(blocks[i], BLOCK_SIZE, &in_memory), 0);
		n += in_memory & 1;
	}
	return n;
}

static void unneeded_ones_hold_no_memory(void **state)
{
	(void)state;
	if (!blocks_are_pooled)
		skip();                  /* with AddressSanitizer all is malloc's */
	fill();
	assert_int_equal(resident(), MANY);
	put_all();
	pass_on_all();
	blocks_release();
	assert_int_equal(resident(), 0);
	fill();
	assert_true(are_whole());
	put_all();
}

/* What is taken and given back all the time stays where it is. */
static void needed_ones_stay(void **state)
{
	(void)state;
	if (!blocks_are_pooled)
		skip();
	fill();
	put_all();
	blocks_pass_on();
	fill();
	put_all();
	blocks_pass_on();
	blocks_release();
	assert_int_equal(resident(), MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_belongs_to_one),
		cmocka_unit_test(move_between_threads),
		cmocka_unit_test(unneeded_ones_hold_no_memory),
		cmocka_unit_test(needed_ones_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

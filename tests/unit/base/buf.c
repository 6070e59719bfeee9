/* Bufs: what goes in at the end comes out at the front, in order, and nothing is held in between. */
#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void takes_what_was_added_in_order(void **state)
{
	struct buf b = { 0 };
	unsigned in = 0, out = 0;
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		for (unsigned i = 0; i < round % 97; i++)
			buf_byte(&b, (char)(in++ % 251));
		for (unsigned take = round % 89; take && buf_length(&b); take--, out++) {
			assert_int_equal((unsigned char)*buf_start(&b), out % 251);
			buf_take(&b, 1);
		}
	}
	assert_int_equal(buf_length(&b), in - out);
	buf_clear(&b);
}

static void holds_nothing_when_empty(void **state)
{
	struct buf b = { 0 };
	(void)state;
	buf_add(&b, "presence", 8);
	buf_take(&b, 8);
	assert_null(b.data);
	assert_int_equal(b.size, 0);
}

static void room_is_there_before_it_is_added(void **state)
{
	struct buf b = { 0 };
	(void)state;
	buf_add(&b, "ab", 2);
	memset(buf_room(&b, 5000), 'c', 5000);
	assert_int_equal(buf_length(&b), 2);
	buf_added(&b, 5000);
	assert_int_equal(buf_length(&b), 5002);
	assert_memory_equal(buf_start(&b), "abc", 3);
	buf_clear(&b);
}

/* A reader that never quite catches up must not make the buffer grow without end. */
static void moves_to_the_front_rather_than_grow(void **state)
{
	struct buf b = { 0 };
	(void)state;
	buf_add(&b, "0123456789", 10);
	for (int i = 0; i < 100000; i++) {
		buf_add(&b, "0123456789", 10);
		buf_take(&b, 10);
	}
	assert_true(b.size <= 512);
	assert_memory_equal(buf_start(&b), "0123456789", 10);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_was_added_in_order),
		cmocka_unit_test(holds_nothing_when_empty),
		cmocka_unit_test(room_is_there_before_it_is_added),
		cmocka_unit_test(moves_to_the_front_rather_than_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Plaintext connections: echo, slow readers, pauses, ends. */
#include "helper.h"
#include "base/mem.h"
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *l;

static int begin(void **state)
{
	l = begin_loop(0);
	return 0;
}

static int end(void **state)
{
	end_loop(l);
	return 0;
}

static char *pattern(size_t size)
{
	char *p = mem_new(size);
	for (size_t i = 0; i < size; i++)
		p[i] = (char)(i * 31 + i / 251);
	return p;
}

static void what_comes_goes_back(void **state)
{
	char back[300], *sent = pattern(300);
	struct echo e = { 0 };
	echo_begin(&e, l, &echo_owner);
	for (int i = 0; i < 100; i++) {
		write_all(e.fd, sent, 300);
		assert_int_equal(read_up_to(e.fd, back, 300), 300);
		assert_memory_equal(back, sent, 300);
	}
	echo_end(&e);
	mem_free(sent);
}

static void what_is_not_taken_is_offered_again(void **state)
{
	char back[1000], *sent = pattern(1000);
	struct echo e = { .most = 7 };
	echo_begin(&e, l, &echo_owner);
	write_all(e.fd, sent, 1000);
	assert_int_equal(read_up_to(e.fd, back, 1000), 1000);
	assert_memory_equal(back, sent, 1000);
	echo_end(&e);
	mem_free(sent);
}

static void write_much(void *thing)
{
	struct echo *e = thing;
	char *much = pattern(8 << 20);
	conn_write(e->conn, much, 8 << 20);
	mem_free(much);
}

static void a_slow_reader_gets_everything_and_written_tells(void **state)
{
	char *expect = pattern(8 << 20), *back = mem_new(8 << 20);
	struct echo e = { 0 };
	echo_begin(&e, l, &echo_owner);
	on_loop(l, write_much, &e);
	usleep(20000);
	assert_true(atomic_load(&e.written) < 8 << 20);
	for (size_t at = 0; at < 8 << 20; at += 65536) {
		assert_int_equal(read_up_to(e.fd, back + at, 65536), 65536);
		if (at % (1 << 20) == 0)
			usleep(1000);
	}
	assert_memory_equal(back, expect, 8 << 20);
	for (int i = 0; i < 1000 && atomic_load(&e.written) != 8 << 20; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&e.written), 8 << 20);
	echo_end(&e);
	mem_free(expect);
	mem_free(back);
}

static void pause_it(void *thing)
{
	conn_pause(((struct echo *)thing)->conn);
}

static void resume_it(void *thing)
{
	conn_resume(((struct echo *)thing)->conn);
}

static void a_paused_one_hears_nothing_until_resumed(void **state)
{
	char back[5];
	struct echo e = { 0 };
	echo_begin(&e, l, &echo_owner);
	on_loop(l, pause_it, &e);
	write_all(e.fd, "hello", 5);
	usleep(50000);
	assert_int_equal(atomic_load(&e.input), 0);
	on_loop(l, resume_it, &e);
	assert_int_equal(read_up_to(e.fd, back, 5), 5);
	echo_end(&e);
}

/* How many bytes of many the other end gets rid of. */
static size_t push(int fd, size_t size)
{
	static const char bytes[1 << 16];
	size_t sent = 0;
	for (int waits = 0; sent < size && waits < 50; ) {
		ssize_t n = send(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		else
			usleep(2000), waits++;
	}
	return sent;
}

static void a_paused_one_leaves_bytes_at_the_sender(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &echo_owner);
	on_loop(l, pause_it, &e);
	assert_true(push(e.fd, 64 << 20) < 32 << 20);
	assert_int_equal(atomic_load(&e.input), 0);
	echo_end(&e);
}

static void a_paused_one_notices_a_close(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &echo_owner);
	on_loop(l, pause_it, &e);
	close(e.fd);
	e.fd = -1;
	wait_until(&e.ended, 1 + CONN_CLOSED);
	echo_end(&e);
}

static atomic_int round_count;

static bool count_round(void *unused)
{
	atomic_fetch_add(&round_count, 1);
	return false;
}

static void count_rounds(void *unused)
{
	loop_on_round(l, count_round, NULL);
}

static void bytes_before_a_close_wait_for_a_paused_owner_without_a_busy_loop(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &echo_owner);
	on_loop(l, count_rounds, NULL);
	on_loop(l, pause_it, &e);
	write_all(e.fd, "last words", 10);
	close(e.fd);
	e.fd = -1;
	usleep(100000);
	assert_true(atomic_load(&round_count) < 20);
	assert_int_equal(atomic_load(&e.ended), 0);
	on_loop(l, resume_it, &e);
	for (int i = 0; i < 1000 && !atomic_load(&e.ended); i++)
		usleep(1000);
	assert_true(atomic_load(&e.ended));
	assert_int_equal(atomic_load(&e.input), 10);
	echo_end(&e);
}

static size_t pausing_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_pause(e->conn);
	atomic_fetch_add(&e->input, 1);
	conn_write(e->conn, bytes, 1);
	return 1;
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	echo_owner.ended(owner, end, words);
}

static void a_pause_inside_input_holds_at_once(void **state)
{
	static const struct conn_owner pausing = { pausing_input, NULL, NULL, ended };
	char back[4];
	struct echo e = { 0 };
	echo_begin(&e, l, &pausing);
	write_all(e.fd, "abcd", 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(read_up_to(e.fd, back, 1), 1);
		assert_int_equal(*back, 'a' + i);
		usleep(5000);
		assert_int_equal(atomic_load(&e.input), i + 1);
		on_loop(l, resume_it, &e);
	}
	echo_end(&e);
}

static size_t closing_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_write(e->conn, "bye", 3);
	conn_close(e->conn, 2000);
	e->conn = NULL;
	return 0;
}

static void last_words_arrive_before_a_close(void **state)
{
	static const struct conn_owner closing = { closing_input, NULL, NULL, ended };
	char back[10];
	struct echo e = { 0 };
	echo_begin(&e, l, &closing);
	write_all(e.fd, "x", 1);
	assert_int_equal(read_up_to(e.fd, back, 10), 3);
	assert_memory_equal(back, "bye", 3);
	echo_end(&e);
	assert_int_equal(atomic_load(&e.ended), 0);
}

static size_t aborting_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_abort(e->conn);
	e->conn = NULL;
	atomic_store(&e->input, bytes[size - 1]);    /* what it was given can still be read */
	return size;
}

static void an_abort_inside_input_is_safe(void **state)
{
	static const struct conn_owner aborting = { aborting_input, NULL, NULL, ended };
	char back[10];
	struct echo e = { 0 };
	echo_begin(&e, l, &aborting);
	write_all(e.fd, "xy", 2);
	assert_int_equal(read_up_to(e.fd, back, 10), 0);
	echo_end(&e);                        /* `input` has returned */
	assert_int_equal(atomic_load(&e.input), 'y');
}

static size_t handing_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_own(e->conn, &echo_owner, e);
	return 0;
}

static void a_new_owner_gets_what_the_old_one_left(void **state)
{
	static const struct conn_owner handing = { handing_input, NULL, NULL, ended };
	char back[3];
	struct echo e = { 0 };
	echo_begin(&e, l, &handing);
	write_all(e.fd, "abc", 3);
	assert_int_equal(read_up_to(e.fd, back, 3), 3);
	echo_end(&e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_comes_goes_back),
		TEST(what_is_not_taken_is_offered_again),
		TEST(a_slow_reader_gets_everything_and_written_tells),
		TEST(a_paused_one_hears_nothing_until_resumed),
		TEST(a_paused_one_leaves_bytes_at_the_sender),
		TEST(a_paused_one_notices_a_close),
		TEST(bytes_before_a_close_wait_for_a_paused_owner_without_a_busy_loop),
		TEST(a_pause_inside_input_holds_at_once),
		TEST(last_words_arrive_before_a_close),
		TEST(an_abort_inside_input_is_safe),
		TEST(a_new_owner_gets_what_the_old_one_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

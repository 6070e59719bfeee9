/* Loops: posts in order between many threads, timers by the real clock, workers. */
#include "helper.h"
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { LOOPS = 4, STRANGERS = 3, EACH = 20000 };

static struct loop *loops[LOOPS];
static int64_t last[LOOPS][LOOPS + STRANGERS];       /* [receiver][sender]; touched by the receiver's loop */
static atomic_int received, disorder;

struct word { unsigned sender; int64_t number; };
static struct word words[LOOPS + STRANGERS][LOOPS][EACH];

static void hear(void *thing)
{
	struct word *w = thing;
	int64_t *before = &last[loop_number(loop_here())][w->sender];
	if (w->number != *before + 1)
		atomic_fetch_add(&disorder, 1);
	*before = w->number;
	atomic_fetch_add(&received, 1);
}

static void talk(unsigned sender, int from, int to)
{
	for (int i = from; i < to; i++)
		for (int l = 0; l < LOOPS; l++) {
			struct word *w = &words[sender][l][i];
			*w = (struct word){ sender, i + 1 };
			post(loops[l], hear, w);
		}
}

static void talk_on(void *thing)             /* a loop speaks in portions, so that rounds lie between */
{
	int *at = thing;
	talk(loop_number(loop_here()), *at, *at + 100);
	*at += 100;
	if (*at < EACH)
		post(loop_here(), talk_on, at);
}

static void *stranger(void *number)
{
	talk((unsigned)(uintptr_t)number, 0, EACH);
	return NULL;
}

static void posts_arrive_once_and_in_order_for_each_pair_of_threads(void **state)
{
	int at[LOOPS] = { 0 };
	pthread_t strangers[STRANGERS];
	for (unsigned i = 0; i < LOOPS; i++)
		loops[i] = begin_loop(i);
	for (int i = 0; i < LOOPS; i++)
		post(loops[i], talk_on, &at[i]);
	for (uintptr_t i = 0; i < STRANGERS; i++)
		pthread_create(&strangers[i], NULL, stranger, (void *)(LOOPS + i));
	for (int i = 0; i < STRANGERS; i++)
		pthread_join(strangers[i], NULL);
	for (int i = 0; i < 60000 && received < LOOPS * (LOOPS + STRANGERS) * EACH; i++)
		usleep(1000);
	for (int i = 0; i < LOOPS; i++)
		end_loop(loops[i]);
	assert_int_equal(received, LOOPS * (LOOPS + STRANGERS) * EACH);
	assert_int_equal(disorder, 0);
}

static struct timer timer;
static atomic_int rang;
static msec started, rang_at;

static void ring(struct timer *t)
{
	rang_at = clock_now();
	atomic_store(&rang, 1);
}

static void start_timer(void *unused)
{
	started = clock_now();
	timer_start(&timer, 120, ring);
	assert_true(timer_is_running(&timer));
}

static void a_timer_rings_while_the_loop_sleeps(void **state)
{
	struct loop *l = begin_loop(0);
	on_loop(l, start_timer, NULL);
	wait_until(&rang, 1);
	end_loop(l);
	assert_false(timer_is_running(&timer));
	assert_true(rang_at - started >= 120);
	assert_true(rang_at - started < 2000);
}

static atomic_int rounds, seconds, done_right;

static bool on_round(void *unused)
{
	return atomic_fetch_add(&rounds, 1) < 1000;
}

static void on_second(void *unused)
{
	atomic_fetch_add(&seconds, 1);
}

static void a_loop_with_more_to_do_does_not_sleep_and_then_does(void **state)
{
	struct loop *l = loop_new(0);
	loop_on_round(l, on_round, NULL);
	loop_on_second(l, on_second, NULL);
	loop_start(l, NULL, NULL);
	usleep(1400000);
	int before = atomic_load(&rounds);
	assert_true(before > 1000);
	assert_true(before < 1020);
	assert_true(atomic_load(&seconds) >= 1);
	end_loop(l);
}

struct task {
	struct loop *asker;
	pthread_t worker;
	bool was_on_a_loop;
};

static void work(void *thing)
{
	struct task *task = thing;
	task->worker = pthread_self();
	task->was_on_a_loop = loop_here();
}

static void worked(void *thing)
{
	struct task *task = thing;
	bool is_here = loop_here() == task->asker && !pthread_equal(task->worker, pthread_self());
	atomic_fetch_add(&done_right, is_here && !task->was_on_a_loop);
}

static void ask(void *thing)
{
	((struct task *)thing)->asker = loop_here();
	loop_work(work, worked, thing);
}

static void work_is_done_elsewhere_and_its_end_told_here(void **state)
{
	static struct task tasks[10];
	struct loop *l = begin_loop(0);
	for (int i = 0; i < 10; i++)
		on_loop(l, ask, &tasks[i]);
	wait_until(&done_right, 10);
	end_loop(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_arrive_once_and_in_order_for_each_pair_of_threads),
		cmocka_unit_test(a_timer_rings_while_the_loop_sleeps),
		cmocka_unit_test(a_loop_with_more_to_do_does_not_sleep_and_then_does),
		cmocka_unit_test(work_is_done_elsewhere_and_its_end_told_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

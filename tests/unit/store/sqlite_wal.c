#include "fixture.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT = 1 << 20, ROWS = 6000, READS = 8 };

static const char Q_WALK[] = "SELECT count(*), total(length(a.text)) FROM t AS a, (SELECT 1 FROM t LIMIT 5)";

/* Reads that follow each other without a pause, so that some reader is always in the log. */
struct walker {
	struct store_job job;
	struct statement walk;
	struct store *store;
	atomic_bool *stop;
	atomic_int *running;
};

static void walk_again(struct store_job *job)
{
	struct walker *w = CONTAINER(job, struct walker, job);
	if (atomic_load(w->stop))
		atomic_fetch_sub(w->running, 1);
	else
		store_submit(w->store, job);
}

static bool none_runs(void *with)
{
	return atomic_load((atomic_int *)with) == 0;
}

static void start_walker(struct walker *w, struct store *s, atomic_bool *stop, atomic_int *running)
{
	w->walk = (struct statement){ .sql = Q_WALK };
	w->job = (struct store_job){ .first = &w->walk, .is_read = true, .done = walk_again };
	w->store = s;
	w->stop = stop;
	w->running = running;
	atomic_fetch_add(running, 1);
	store_submit(s, &w->job);
}

static int64_t write_many(struct fixture *f)
{
	char text[601], wal[128];
	int64_t largest = 0;
	memset(text, 'x', 600);
	text[600] = '\0';
	snprintf(wal, sizeof wal, "%s-wal", f->path);
	for (int i = 0; i < ROWS; i += 10) {
		struct store_job *job = insert(f, i, text);
		for (int more = 1; more < 10; more++)
			also(f, job, job->first->sql, VALUES(V(i + more), V(text)));
		assert_int_equal(run(f, job), STORE_OK);
		int64_t size = file_size(wal);
		largest = size > largest ? size : largest;
	}
	return largest;
}

static void the_log_stays_in_bounds_while_readers_follow_each_other(void **state)
{
	struct fixture *f = *state;
	struct walker all[READS];
	atomic_bool stop = false;
	atomic_int running = 0;
	f->options.vfs = NULL;
	f->options.wal_limit = LIMIT;
	open_store(f);
	for (int i = 0; i < READS; i++)
		start_walker(&all[i], f->store, &stop, &running);
	int64_t largest = write_many(f);
	atomic_store(&stop, true);
	wait_until(none_runs, &running);
	assert_true(store_figures(f->store).reads > 100);
	assert_in_range(largest, LIMIT / 4, LIMIT + LIMIT / 8);
	assert_in_range(store_figures(f->store).wal_bytes, 0, LIMIT + LIMIT / 8);
	assert_int_equal(count_rows(f), ROWS);
}

static bool has_grown(void *with)
{
	struct fixture *f = with;
	return file_size(f->path) > 100000;
}

static bool is_reported(void *with)
{
	struct fixture *f = with;
	return store_figures(f->store).wal_bytes > 100000;
}

static void what_is_in_the_log_reaches_the_file_when_it_is_quiet(void **state)
{
	struct fixture *f = *state;
	char *large = arena_alloc(f->arena, 100001);
	memset(large, 'x', 100000);
	f->options.vfs = NULL;
	open_store(f);
	assert_int_equal(run(f, insert(f, 1, large)), STORE_OK);
	assert_false(has_grown(f));
	wait_until(is_reported, f);
	wait_until(has_grown, f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_log_stays_in_bounds_while_readers_follow_each_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_in_the_log_reaches_the_file_when_it_is_quiet, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

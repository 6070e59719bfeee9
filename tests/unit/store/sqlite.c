#include "fixture.h"
#include "powercut_vfs.h"
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 20, BROKEN = 42 };

static const char Q_ALL_OR_NOTHING[] = "INSERT OR ROLLBACK INTO t (id, text) VALUES (?, ?)";
static const char Q_PARENT[] = "CREATE TABLE parent (id BIGINT PRIMARY KEY)";
static const char Q_CHILD[] =
	"CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";
static const char Q_ORPHAN[] = "INSERT INTO child (id, parent) VALUES (?, ?)";
static const char Q_LARGE[] = "INSERT INTO t (id, text) VALUES (?, hex(randomblob(2000000)))";
static const char Q_FEW_PAGES[] = "PRAGMA max_page_count = 500";

static atomic_int done;

static void count(struct store_job *job)
{
	atomic_fetch_add(&done, 1);
}

static bool batch_done(void *with)
{
	return atomic_load(&done) == BATCH;
}

/* One commit: the writer takes what is handed over together. */
static void run_batch(struct fixture *f, struct store_job **jobs)
{
	struct list list;
	list_init(&list);
	atomic_store(&done, 0);
	for (int i = 0; i < BATCH; i++) {
		jobs[i]->done = count;
		list_append(&list, &jobs[i]->link);
	}
	store_submit_many(f->store, &list);
	wait_until(batch_done, NULL);
}

static void make_batch(struct fixture *f, struct store_job **jobs, int64_t first)
{
	for (int i = 0; i < BATCH; i++)
		jobs[i] = insert(f, first + i, "x");
}

static void only_one_failed(struct store_job **jobs, int bad)
{
	for (int i = 0; i < BATCH; i++)
		assert_int_equal(jobs[i]->outcome, i == bad ? STORE_FAILED : STORE_OK);
}

static void one_that_rolls_all_back_fails_alone(void **state)
{
	struct fixture *f = *state;
	struct store_job *jobs[BATCH];
	make_batch(f, jobs, 100);
	jobs[7]->first->sql = Q_ALL_OR_NOTHING;
	jobs[7]->first->values[0] = V(103);
	run_batch(f, jobs);
	only_one_failed(jobs, 7);
	assert_int_equal(count_rows(f), BATCH - 1);
}

static void a_constraint_checked_at_commit_fails_alone(void **state)
{
	struct fixture *f = *state;
	struct store_job *jobs[BATCH];
	assert_int_equal(run(f, job_of(f, false, Q_PARENT, NO_VALUES)), STORE_OK);
	assert_int_equal(run(f, job_of(f, false, Q_CHILD, NO_VALUES)), STORE_OK);
	make_batch(f, jobs, 100);
	jobs[7] = job_of(f, false, Q_ORPHAN, VALUES(V(1), V(2)));
	run_batch(f, jobs);
	only_one_failed(jobs, 7);
	assert_non_null(strstr(jobs[7]->why.text, "FOREIGN KEY"));
	assert_int_equal(count_rows(f), BATCH - 1);
}

static void one_too_large_for_the_database_fails_alone(void **state)
{
	struct fixture *f = *state;
	struct store_job *jobs[BATCH];
	assert_int_equal(run(f, job_of(f, false, Q_FEW_PAGES, NO_VALUES)), STORE_OK);
	make_batch(f, jobs, 100);
	jobs[7] = job_of(f, false, Q_LARGE, VALUES(V(1)));
	run_batch(f, jobs);
	only_one_failed(jobs, 7);
	assert_non_null(strstr(jobs[7]->why.text, "full"));
	assert_int_equal(count_rows(f), BATCH - 1);
}

static void all_fail_and_later_ones_succeed(struct fixture *f, int code, const char *words)
{
	struct store_job *jobs[BATCH];
	make_batch(f, jobs, 100);
	assert_int_equal(run(f, insert(f, 1, "before")), STORE_OK);
	powercut_fail_writes(code);
	run_batch(f, jobs);
	for (int i = 0; i < BATCH; i++) {
		assert_int_equal(jobs[i]->outcome, STORE_FAILED);
		assert_non_null(strstr(jobs[i]->why.text, words));
	}
	assert_int_equal(run(f, insert(f, 2, "alone")), STORE_FAILED);
	assert_int_equal(count_rows(f), 1);
	powercut_fail_writes(0);
	run_batch(f, jobs);
	only_one_failed(jobs, -1);
	assert_int_equal(count_rows(f), BATCH + 1);
	close_store(f);
	open_store(f);
	assert_int_equal(count_rows(f), BATCH + 1);
}

static void a_full_disk_fails_jobs_until_there_is_room(void **state)
{
	all_fail_and_later_ones_succeed(*state, SQLITE_FULL, "full");
}

static void a_read_only_disk_fails_jobs_until_it_is_not(void **state)
{
	all_fail_and_later_ones_succeed(*state, SQLITE_READONLY, "readonly");
}

static void a_write_error_fails_jobs_until_it_is_gone(void **state)
{
	all_fail_and_later_ones_succeed(*state, SQLITE_IOERR_WRITE, "I/O");
}

static void a_job_that_fails_on_a_full_disk_keeps_its_own_words(void **state)
{
	struct fixture *f = *state;
	struct store_job *jobs[BATCH];
	make_batch(f, jobs, 100);
	jobs[7]->first->values[0] = V(103);
	powercut_fail_writes(SQLITE_FULL);
	run_batch(f, jobs);
	assert_non_null(strstr(jobs[7]->why.text, "UNIQUE"));
	assert_non_null(strstr(jobs[8]->why.text, "full"));
}

/* ---- a file system that is really full ---- */

static void fill(struct fixture *f)
{
	char *large = arena_alloc(f->arena, 100001);
	memset(large, 'x', 100000);
	for (int i = 0; i < 200; i++)
		if (run(f, insert(f, 1000 + i, large)) != STORE_OK)
			return;
	fail_msg("no end of room");
}

static void a_small_file_system_fills_up_and_recovers(void **state)
{
	struct fixture *f = *state;
	close_store(f);
	char folder[96], blocker[128], path[128];
	snprintf(folder, sizeof folder, "%s/small", f->folder);
	mkdir(folder, 0700);
	if (mount("none", folder, "tmpfs", 0, "size=2m") < 0) {
		rmdir(folder);
		skip();
	}
	snprintf(blocker, sizeof blocker, "%s/blocker", folder);
	snprintf(path, sizeof path, "%s/db", folder);
	FILE *file = fopen(blocker, "w");
	for (int i = 0; i < 1000; i++)
		fprintf(file, "%01000d", i);
	fclose(file);
	f->options.path = path;
	f->options.vfs = NULL;
	open_store(f);
	fill(f);
	int64_t kept = count_rows(f);
	assert_true(kept > 0);
	unlink(blocker);
	assert_int_equal(run(f, insert(f, 1, "there is room")), STORE_OK);
	close_store(f);
	open_store(f);
	assert_int_equal(count_rows(f), kept + 1);
	close_store(f);
	umount(folder);
	rmdir(folder);
}

/* ---- a sync that fails ---- */

static void stop(const char *why)
{
	_exit(strstr(why, "I/O") ? BROKEN : 1);
}

/* In a process of its own; gives how that ended. */
static int after_failed_sync(struct fixture *f, int code, void (*act)(struct fixture *, int))
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		alarm(20);
		if (!freopen("/dev/null", "w", stderr))      /* the line that says why the process ends */
			_exit(2);
		f->options.broken = stop;
		open_store(f);
		act(f, code);
		usleep(3000000);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void fail_a_commit(struct fixture *f, int code)
{
	powercut_fail_syncs(code);
	run(f, insert(f, 1, "x"));
}

static void fail_a_checkpoint(struct fixture *f, int code)
{
	if (run(f, insert(f, 2, "x")) == STORE_OK)
		powercut_fail_syncs(code);
}

static void a_failed_sync_of_a_commit_stops_the_process(void **state)
{
	assert_int_equal(after_failed_sync(*state, SQLITE_IOERR_FSYNC, fail_a_commit), BROKEN);
	assert_int_equal(after_failed_sync(*state, SQLITE_IOERR_DIR_FSYNC, fail_a_commit), BROKEN);
}

static void a_failed_sync_of_a_checkpoint_stops_the_process(void **state)
{
	assert_int_equal(after_failed_sync(*state, SQLITE_IOERR_FSYNC, fail_a_checkpoint), BROKEN);
}

static void what_was_done_before_the_stop_is_there_after(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(after_failed_sync(f, SQLITE_IOERR_FSYNC, fail_a_checkpoint), BROKEN);
	open_store(f);
	assert_int_equal(count_rows(f), 1);
}

static int with_store(void **state)
{
	if (set_up(state) < 0)
		return -1;
	open_store(*state);
	return 0;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, with_store, tear_down)
#define WITHOUT_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(one_that_rolls_all_back_fails_alone),
		WITH_STORE(a_constraint_checked_at_commit_fails_alone),
		WITH_STORE(one_too_large_for_the_database_fails_alone),
		WITH_STORE(a_full_disk_fails_jobs_until_there_is_room),
		WITH_STORE(a_read_only_disk_fails_jobs_until_it_is_not),
		WITH_STORE(a_write_error_fails_jobs_until_it_is_gone),
		WITH_STORE(a_job_that_fails_on_a_full_disk_keeps_its_own_words),
		WITH_STORE(a_small_file_system_fills_up_and_recovers),
		WITHOUT_STORE(a_failed_sync_of_a_commit_stops_the_process),
		WITHOUT_STORE(a_failed_sync_of_a_checkpoint_stops_the_process),
		WITHOUT_STORE(what_was_done_before_the_stop_is_there_after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

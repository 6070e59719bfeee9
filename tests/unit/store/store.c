#include "fixture.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "powercut_vfs.h"

enum { MANY = 3000, THREADS = 8, EACH = 400 };

/* A job that notes when it was done. */
struct noted {
	struct store_job job;
	struct statement statement;
	struct value values[2];
	struct notes *notes;
	int64_t id;
	atomic_int place;            /* 1 for the first that was done */
};
struct notes {
	atomic_int done;
	struct noted *all;
};

static const char Q_INSERT[] = "INSERT INTO t (id, text) VALUES (?, ?)";
static const char Q_FIND[]   = "SELECT text FROM t WHERE id = ?";
static const char Q_TWICE[]  = "SELECT count(*) FROM t";
static const char Q_UPDATE[] = "UPDATE t SET text = ? WHERE id = ?";

static void note(struct store_job *job)
{
	struct noted *n = CONTAINER(job, struct noted, job);
	atomic_store(&n->place, atomic_fetch_add(&n->notes->done, 1) + 1);
}

static void make(struct noted *n, struct notes *notes, int64_t id, const char *text)
{
	n->notes = notes;
	n->id = id;
	n->values[0] = V(id);
	n->values[1] = V(text);
	n->statement = (struct statement){ .sql = Q_INSERT, .values = n->values, .count = 2 };
	n->job.first = &n->statement;
	n->job.done = note;
}

static struct notes *make_many(struct fixture *f, unsigned count)
{
	struct notes *notes = ARENA_NEW(f->arena, struct notes);
	notes->all = arena_alloc(f->arena, count * sizeof *notes->all);
	for (unsigned i = 0; i < count; i++)
		make(&notes->all[i], notes, i, "x");
	return notes;
}

struct expected { struct notes *notes; int count; };

static bool all_done(void *with)
{
	struct expected *e = with;
	return atomic_load(&e->notes->done) >= e->count;
}

static void wait_for(struct notes *notes, int count)
{
	wait_until(all_done, &(struct expected){ notes, count });
}

static void submit_together(struct fixture *f, struct notes *notes, unsigned count)
{
	struct list jobs;
	list_init(&jobs);
	for (unsigned i = 0; i < count; i++)
		list_append(&jobs, &notes->all[i].job.link);
	store_submit_many(f->store, &jobs);
	assert_true(list_is_empty(&jobs));
}

static void writes_are_done_in_order_and_in_few_commits(void **state)
{
	struct fixture *f = *state;
	struct notes *notes = make_many(f, MANY);
	submit_together(f, notes, MANY);
	wait_for(notes, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(atomic_load(&notes->all[i].place), i + 1);
		assert_int_equal(notes->all[i].job.outcome, STORE_OK);
	}
	struct store_figures figures = store_figures(f->store);
	assert_int_equal(figures.jobs, MANY);
	assert_int_equal(figures.commits, MANY / 500);
	assert_int_equal(count_rows(f), MANY);
	assert_int_equal(store_waiting(f->store), 0);
	assert_int_equal(store_waiting_since(f->store), 0);
}

static void a_bad_job_takes_no_other_with_it(void **state)
{
	struct fixture *f = *state;
	struct notes *notes = make_many(f, 100);
	notes->all[50].values[0] = V(49);                /* this id is there already */
	notes->all[60].statement.sql = "INSERT INTO nowhere VALUES (?, ?)";
	submit_together(f, notes, 100);
	wait_for(notes, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(notes->all[i].job.outcome, i == 50 || i == 60 ? STORE_FAILED : STORE_OK);
	assert_non_null(strstr(notes->all[50].job.why.text, "UNIQUE"));
	assert_non_null(strstr(notes->all[60].job.why.text, "nowhere"));
	assert_int_equal(count_rows(f), 98);
	assert_int_equal(store_figures(f->store).failed, 2);
}

static void a_job_is_kept_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct store_job *job = insert(f, 1, "one");
	also(f, job, Q_INSERT, VALUES(V(2), V("two")));
	also(f, job, Q_INSERT, VALUES(V(1), V("again")));
	assert_int_equal(run(f, job), STORE_FAILED);             /* alone in its commit: no savepoint */
	assert_int_equal(count_rows(f), 0);

	struct notes *notes = make_many(f, 2);                   /* and between two others */
	struct list jobs;
	list_init(&jobs);
	list_append(&jobs, &notes->all[0].job.link);
	list_append(&jobs, &job->link);
	list_append(&jobs, &notes->all[1].job.link);
	notes->all[1].values[0] = V(2);
	store_submit_many(f->store, &jobs);
	wait_for(notes, 2);
	assert_int_equal(job->outcome, STORE_FAILED);
	assert_int_equal(count_rows(f), 2);
}

static void a_job_without_statements_is_done(void **state)
{
	struct fixture *f = *state;
	struct store_job empty = { 0 }, empty_read = { .is_read = true, .arena = f->arena };
	assert_true(store_run(f->store, &empty));
	assert_true(store_run(f->store, &empty_read));
}

static void a_job_may_be_handed_over_again(void **state)
{
	struct fixture *f = *state;
	struct store_job *job = insert(f, 1, "one");
	assert_int_equal(run(f, job), STORE_OK);
	assert_int_equal(run(f, job), STORE_FAILED);
	assert_true(job->why.text[0] != '\0');
}

/* ---- reads ---- */

struct asking {
	struct noted write;
	struct store_job read;
	struct statement find;
	struct value id;
	struct store *store;
	struct arena *arena;
	atomic_int answers, wrong;
};

static void check_found(struct store_job *job)
{
	struct asking *a = CONTAINER(job, struct asking, read);
	if (job->outcome != STORE_OK || job->results[0]->count != 1)
		atomic_fetch_add(&a->wrong, 1);
	arena_free(a->arena);
	atomic_fetch_add(&a->answers, 1);
}

static void ask(struct store_job *job)
{
	struct asking *a = CONTAINER(job, struct asking, write.job);
	a->arena = arena_new();
	a->id = V(a->write.id);
	a->find = (struct statement){ .sql = Q_FIND, .values = &a->id, .count = 1 };
	a->read = (struct store_job){ .first = &a->find, .is_read = true, .arena = a->arena, .done = check_found };
	store_submit(a->store, &a->read);
}

static bool has_answer(void *with)
{
	return atomic_load(&((struct asking *)with)->answers) > 0;
}

static void a_read_sees_the_write_that_was_done_before(void **state)
{
	struct fixture *f = *state;
	struct asking *all = arena_alloc(f->arena, MANY * sizeof *all);
	for (int i = 0; i < MANY; i++) {
		make(&all[i].write, NULL, i, "x");
		all[i].write.job.done = ask;
		all[i].store = f->store;
		store_submit(f->store, &all[i].write.job);
	}
	for (int i = 0; i < MANY; i++) {
		wait_until(has_answer, &all[i]);
		assert_int_equal(atomic_load(&all[i].wrong), 0);
	}
	assert_int_equal(store_figures(f->store).reads, MANY);
}

static void the_statements_of_a_read_see_one_state(void **state)
{
	struct fixture *f = *state;
	struct notes *notes = make_many(f, MANY);
	for (int i = 0; i < MANY; i++) {
		store_submit(f->store, &notes->all[i].job);
		if (i % 10)
			continue;
		struct store_job *job = job_of(f, true, Q_TWICE, NO_VALUES);
		for (int more = 0; more < 5; more++)
			also(f, job, Q_TWICE, NO_VALUES);
		assert_int_equal(run(f, job), STORE_OK);
		for (int more = 1; more < 6; more++)
			assert_int_equal(row_int(job->results[0]->first, 0), row_int(job->results[more]->first, 0));
	}
	wait_for(notes, MANY);
}

static void a_read_cannot_write(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(run(f, job_of(f, true, Q_INSERT, VALUES(V(1), V("x")))), STORE_FAILED);
	assert_int_equal(count_rows(f), 0);
}

static void a_read_that_fails_says_why_and_harms_no_later_one(void **state)
{
	struct fixture *f = *state;
	struct store_job *job = job_of(f, true, Q_TWICE, NO_VALUES);
	also(f, job, "SELECT x FROM nowhere", NO_VALUES);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(run(f, job), STORE_FAILED);
		assert_non_null(strstr(job->why.text, "nowhere"));
	}
	assert_int_equal(run(f, insert(f, 1, "x")), STORE_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(count_rows(f), 1);
}

/* ---- threads ---- */

struct submitter { struct fixture *f; struct notes *notes; pthread_t thread; };

static void *submit_each(void *with)
{
	struct submitter *s = with;
	for (int i = 0; i < EACH; i++)
		store_submit(s->f->store, &s->notes->all[i].job);
	return NULL;
}

static void many_threads_submit_and_each_sees_its_order(void **state)
{
	struct fixture *f = *state;
	struct submitter all[THREADS];
	for (int i = 0; i < THREADS; i++) {
		all[i] = (struct submitter){ .f = f, .notes = make_many(f, EACH) };
		for (int j = 0; j < EACH; j++)
			all[i].notes->all[j].values[0] = V(i * EACH + j);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&all[i].thread, NULL, submit_each, &all[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(all[i].thread, NULL);
		wait_for(all[i].notes, EACH);
		for (int j = 0; j < EACH; j++)
			assert_int_equal(atomic_load(&all[i].notes->all[j].place), j + 1);
	}
	assert_int_equal(count_rows(f), THREADS * EACH);
}

static void closing_commits_what_is_queued(void **state)
{
	struct fixture *f = *state;
	struct notes *notes = make_many(f, MANY);
	submit_together(f, notes, MANY);
	close_store(f);
	assert_int_equal(atomic_load(&notes->done), MANY);
	open_store(f);
	assert_int_equal(count_rows(f), MANY);
}

/* ---- a slow disk ---- */

static void submitting_never_waits_for_the_disk(void **state)
{
	struct fixture *f = *state;
	struct notes *notes = make_many(f, 200);
	f->options.queue_limit = 100;
	close_store(f);
	open_store(f);
	powercut_slow(0, 800);
	msec before = clock_now();
	store_submit(f->store, &notes->all[0].job);
	msec after = clock_now();
	usleep(50000);                                   /* the writer sleeps in its sync */
	for (int i = 1; i < 200; i++)
		store_submit(f->store, &notes->all[i].job);
	assert_true(clock_now() - before < 700);
	assert_int_equal(store_waiting(f->store), 200);
	assert_true(store_is_slow(f->store));
	assert_in_range(store_waiting_since(f->store), before, after);
	powercut_slow(0, 0);
	wait_for(notes, 200);
	assert_false(store_is_slow(f->store));
	assert_int_equal(store_figures(f->store).commits, 2);    /* what waited went together */
}

static void reads_go_on_while_the_disk_is_slow(void **state)
{
	struct fixture *f = *state;
	struct notes *notes = make_many(f, 1);
	powercut_slow(0, 800);
	store_submit(f->store, &notes->all[0].job);
	msec before = clock_now();
	count_rows(f);
	assert_true(clock_now() - before < 700);
	powercut_slow(0, 0);
	wait_for(notes, 1);
}

/* ---- the folder ---- */

static void a_second_opener_is_told_who_holds_it(void **state)
{
	struct fixture *f = *state;
	struct fail why = { "" };
	char pid[32];
	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_null(store_open(&f->options, NULL, 0, &why));
	assert_non_null(strstr(why.text, pid));
	assert_int_equal(store_lock(f->path, &why), -1);
	close_store(f);
	open_store(f);
}

static void another_process_is_told_too(void **state)
{
	struct fixture *f = *state;
	char words[64];
	snprintf(words, sizeof words, "process %ld", (long)getpid());
	pid_t child = fork();
	if (child == 0) {
		struct fail why = { "" };
		_exit(store_lock(f->path, &why) == -1 && strstr(why.text, words) ? 0 : 1);
	}
	int status = -1;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void a_lock_taken_before_is_used(void **state)
{
	struct fixture *f = *state;
	struct fail why = { "" };
	close_store(f);
	f->options.lock = store_lock(f->path, &why);
	assert_true(f->options.lock > 0);
	open_store(f);
	f->options.lock = 0;
	assert_null(store_open(&f->options, NULL, 0, &why));
	close_store(f);
	open_store(f);
}

static void its_files_are_for_their_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	assert_int_equal(run(f, insert(f, 1, "x")), STORE_OK);
	const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	for (unsigned i = 0; i < 4; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void what_cannot_be_opened_is_said(void **state)
{
	struct fail why = { "" };
	struct store_options nowhere = { .path = "/nonexistent/folder/file" };
	assert_null(store_open(&nowhere, NULL, 0, &why));
	assert_non_null(strstr(why.text, "/nonexistent/folder"));
	assert_null(store_open(&nowhere, NULL, 0, NULL));
	struct fixture *f = *state;
	close_store(f);
	f->options.synchronous = "MAYBE";
	assert_null(store_open(&f->options, NULL, 0, &why));
	assert_non_null(strstr(why.text, "MAYBE"));
}

static void a_file_that_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	struct fail why = { "" };
	close_store(f);
	FILE *file = fopen(f->path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database\n", file);
	fclose(file);
	assert_null(store_open(&f->options, NULL, 0, &why));
	assert_non_null(strstr(why.text, "not a database"));
}

static void updates_are_seen(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(run(f, insert(f, 7, "old")), STORE_OK);
	assert_int_equal(run(f, job_of(f, false, Q_UPDATE, VALUES(V("new"), V(7)))), STORE_OK);
	struct store_job *job = job_of(f, true, Q_FIND, VALUES(V(7)));
	assert_int_equal(run(f, job), STORE_OK);
	assert_string_equal(row_text(job->results[0]->first, 0), "new");
}

static int with_store(void **state)
{
	if (set_up(state) < 0)
		return -1;
	open_store(*state);
	return 0;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, with_store, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(writes_are_done_in_order_and_in_few_commits),
		WITH_STORE(a_bad_job_takes_no_other_with_it),
		WITH_STORE(a_job_is_kept_whole_or_not_at_all),
		WITH_STORE(a_job_without_statements_is_done),
		WITH_STORE(a_job_may_be_handed_over_again),
		WITH_STORE(a_read_sees_the_write_that_was_done_before),
		WITH_STORE(the_statements_of_a_read_see_one_state),
		WITH_STORE(a_read_cannot_write),
		WITH_STORE(a_read_that_fails_says_why_and_harms_no_later_one),
		WITH_STORE(many_threads_submit_and_each_sees_its_order),
		WITH_STORE(closing_commits_what_is_queued),
		WITH_STORE(submitting_never_waits_for_the_disk),
		WITH_STORE(reads_go_on_while_the_disk_is_slow),
		WITH_STORE(a_second_opener_is_told_who_holds_it),
		WITH_STORE(another_process_is_told_too),
		WITH_STORE(a_lock_taken_before_is_used),
		WITH_STORE(its_files_are_for_their_owner_only),
		WITH_STORE(what_cannot_be_opened_is_said),
		WITH_STORE(a_file_that_is_no_database_is_refused),
		WITH_STORE(updates_are_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The promise: what was done survives a power cut, what failed has changed
 * nothing, and every job is there whole or not at all.
 *
 * Each life of a database is a process that writes on a disk which forgets,
 * and is cut off at a random operation: while it opens, migrates, commits,
 * checkpoints or recovers from the cut before. What it was told lies in
 * memory that outlives it. That the test can see a loss at all is shown by
 * running it with less than synchronous=FULL.
 */
#include "fixture.h"
#include "powercut_vfs.h"
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DATABASES = 40, LIVES = 6, JOBS = 60000, IN_FLIGHT = 40, A_LIFE = 400 };

enum told { NOTHING, WAS_DONE, WAS_FAILED };

struct memory {                      /* shared with the lives */
	atomic_int next;             /* id of the next job */
	atomic_int flying;
	atomic_char told[JOBS];
	atomic_int lives_cut, failures;
};

struct life {
	const char *synchronous;
	uint64_t seed, operations;
	size_t wal_limit;
	bool has_faults;
};

struct pair {                        /* a job of two rows, which must be there together */
	struct store_job job;
	struct statement one, two;
	struct value values[3];
	struct memory *memory;
	int id;
};

static const char Q_INSERT[] = "INSERT INTO t (id, text) VALUES (?, ?)";
static const char Q_NEGATE[] = "INSERT INTO t (id) VALUES (?)";

static struct memory *new_memory(void)
{
	struct memory *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(m, MAP_FAILED);
	return m;
}

static void pair_done(struct store_job *job)
{
	struct pair *p = CONTAINER(job, struct pair, job);
	atomic_store(&p->memory->told[p->id], job->outcome == STORE_OK ? WAS_DONE : WAS_FAILED);
	atomic_fetch_add(&p->memory->failures, job->outcome != STORE_OK);
	atomic_fetch_sub(&p->memory->flying, 1);
	free(p);
}

static void submit_pair(struct store *s, struct memory *m, int id)
{
	static char text[700];
	struct pair *p = calloc(1, sizeof *p);
	memset(text, 'x', (size_t)(id * 37 % 650));
	p->values[0] = V(id);
	p->values[1] = (struct value){ VALUE_TEXT, id * 37 % 650, text };
	p->values[2] = V(-id);
	p->one = (struct statement){ &p->two, Q_INSERT, p->values, 2 };
	p->two = (struct statement){ NULL, Q_NEGATE, p->values + 2, 1 };
	p->job = (struct store_job){ .first = &p->one, .done = pair_done };
	p->memory = m;
	p->id = id;
	atomic_fetch_add(&m->flying, 1);
	store_submit(s, &p->job);
}

static void live(struct fixture *f, struct memory *m, const struct life *l)
{
	powercut_after(l->operations, l->seed);
	f->options.synchronous = l->synchronous;
	f->options.wal_limit = l->wal_limit;
	open_store(f);
	atomic_store(&m->flying, 0);
	for (int i = 0; i < A_LIFE; i++) {
		while (atomic_load(&m->flying) >= 1 + (int)(l->seed % IN_FLIGHT))
			sched_yield();
		if (l->has_faults && i % 25 == 0)
			powercut_fail_writes(i % 50 ? SQLITE_FULL : 0);
		submit_pair(f->store, m, atomic_fetch_add(&m->next, 1));
	}
	while (atomic_load(&m->flying))
		sched_yield();
	powercut_now(l->seed);
}

static void live_and_die(struct fixture *f, struct memory *m, const struct life *l)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		alarm(60);
		live(f, m, l);
	}
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	atomic_fetch_add(&m->lives_cut, 1);
}

/* ---- what is there afterwards ---- */

static void mark(char *there, sqlite3 *db, const char *sql, char bit)
{
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return;                         /* cut before there was a table */
	while (sqlite3_step(stmt) == SQLITE_ROW)
		there[sqlite3_column_int(stmt, 0)] |= bit;
	sqlite3_finalize(stmt);
}

static bool is_sound(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK
		&& sqlite3_step(stmt) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	sqlite3_finalize(stmt);
	return ok;
}

struct verdict { int kept, lost, torn, undead; bool sound; };

static struct verdict judge(struct fixture *f, struct memory *m)
{
	struct verdict v = { 0 };
	sqlite3 *db = NULL;
	char *there = calloc(1, JOBS);
	sqlite3_open(f->path, &db);
	mark(there, db, "SELECT id FROM t WHERE id >= 0", 1);
	mark(there, db, "SELECT -id FROM t WHERE id <= 0", 2);
	v.sound = is_sound(db);
	sqlite3_close(db);
	for (int i = 1; i < atomic_load(&m->next); i++) {
		int told = atomic_load(&m->told[i]);
		v.kept += told == WAS_DONE && there[i] == 3;
		v.lost += told == WAS_DONE && there[i] != 3;
		v.torn += there[i] == 1 || there[i] == 2;
		v.undead += told == WAS_FAILED && there[i] != 0;
	}
	free(there);
	return v;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static struct life life_of(int database, int number)
{
	uint64_t luck = mix((uint64_t)(database * 1000 + number + 1) * 0x9e3779b97f4a7c15u);
	return (struct life){
		.synchronous = "FULL",
		.seed = luck % 5 ? luck : 0,                         /* some cuts keep nothing that wasn't synced */
		.operations = 1 + (luck >> 20) % (number % 2 ? 60 : 1500),
		.wal_limit = luck & 1 ? 256 << 10 : 4 << 20,
		.has_faults = database % 2,
	};
}

static void what_was_done_survives_with_full(void **state)
{
	int kept = 0, cuts = 0, failures = 0;
	for (int database = 0; database < DATABASES; database++) {
		void *each = NULL;
		assert_int_equal(set_up(&each), 0);
		struct memory *m = new_memory();
		atomic_store(&m->next, 1);
		for (int number = 0; number < LIVES; number++) {
			struct life l = life_of(database, number);
			live_and_die(each, m, &l);
			if (number % 2 == 0 && number < LIVES - 1)
				continue;               /* the next life recovers, and may be cut while it does */
			struct verdict v = judge(each, m);
			if (v.lost || v.torn || v.undead || !v.sound)
				fail_msg("database %d life %d: %d lost, %d torn, %d undead, sound %d", database, number,
					v.lost, v.torn, v.undead, v.sound);
			kept += number == LIVES - 1 ? v.kept : 0;
		}
		cuts += atomic_load(&m->lives_cut);
		failures += atomic_load(&m->failures);
		munmap(m, sizeof *m);
		tear_down(&each);
	}
	print_message("%d cuts, %d jobs done and kept, %d failed and absent\n", cuts, kept, failures);
	assert_int_equal(cuts, DATABASES * LIVES);
	assert_true(kept > 1000);
	assert_true(failures > 100);
}

static int lost_with(const char *synchronous)
{
	int lost = 0;
	for (int database = 0; database < 10; database++) {
		void *each = NULL;
		assert_int_equal(set_up(&each), 0);
		struct fixture *f = each;
		open_store(f);                          /* the table is there */
		close_store(f);
		struct memory *m = new_memory();
		atomic_store(&m->next, 1);
		struct life l = life_of(database, 0);
		l.synchronous = synchronous;
		l.wal_limit = 64 << 20;
		l.operations += 50;
		l.has_faults = false;
		live_and_die(each, m, &l);
		lost += judge(each, m).lost;
		munmap(m, sizeof *m);
		tear_down(&each);
	}
	print_message("synchronous=%s: %d jobs that were done are lost\n", synchronous, lost);
	return lost;
}

static void a_loss_is_seen_with_less_than_full(void **state)
{
	assert_true(lost_with("NORMAL") > 0);
	assert_true(lost_with("OFF") > 0);
	assert_int_equal(lost_with("FULL"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_done_survives_with_full),
		cmocka_unit_test(a_loss_is_seen_with_less_than_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

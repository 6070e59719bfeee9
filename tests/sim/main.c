/*
 * Seeds, one after the other. A seed is some lives on one database, each in a
 * process of its own; the last one lets everybody collect what is theirs.
 *
 *	sim [--seeds N] [--from SEED] [--loops 1,2,4] [--seconds S]
 *	sim --seed SEED [--verbose]
 *
 * What a seed does depends on its number alone.
 */
#include "check.h"
#include "life.h"
#include "record.h"
#include "sim.h"
#include "base/log.h"
#include "core/module.h"
#include "xmpp/ns.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct plan plan;
struct record *record;
bool verbose;

static const struct scenario { const char *name; unsigned fail, unknown; bool reads_fail, losses, stops, restless; } scenarios[] = {
	{ "calm",        0,  0,  false, false, false },     /* slow commits, resources in conflict, streams that close */
	{ "losses",      0,  0,  false, true,  false },     /* connections vanish, clients don't read */
	{ "stops",       0,  0,  false, true,  true },      /* the process stops between any two steps */
	{ "failures",    10, 0,  false, true,  false },      /* writes fail */
	{ "unreadable",  8,  0,  true,  true,  false },      /* reads too */
	{ "everything",  6,  6,  false, true,  true },
	{ "resumptions", 0,  0,  false, true,  false, true },        /* connections vanish all the time, and clients come back to their sessions */
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

struct tally { unsigned seeds, failed; uint64_t first; char why[512]; };

static char folder[64], first_database[96], database[96];

void trace(const char *format, ...)
{
	va_list ap;
	if (!verbose)
		return;
	va_start(ap, format);
	fprintf(stderr, "%6u %8lld ", record->steps, (long long)clock_now());
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void life_failed(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	if (record)
		vsnprintf(record->why, sizeof record->why, format, ap);
	else
		vfprintf(stderr, format, ap);
	va_end(ap);
	trace("--- %s", record ? record->why : "");
	_exit(3);
}

/* --- files --- */

static void remove_database(const char *path)
{
	char other[128];
	unlink(path);
	snprintf(other, sizeof other, "%s-wal", path);
	unlink(other);
	snprintf(other, sizeof other, "%s-shm", path);
	unlink(other);
}

static void copy_database(void)
{
	struct stat st;
	remove_database(database);
	int from = open(first_database, O_RDONLY), to = open(database, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (from < 0 || to < 0 || fstat(from, &st) < 0 || sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size)
		life_failed("cannot copy the database");
	close(from);
	close(to);
}

static void clean_up(void)
{
	remove_database(first_database);
	remove_database(database);
	rmdir(folder);
}

static void prepare(void)
{
	struct fail why;
	snprintf(folder, sizeof folder, "%s/jackdaw-sim-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		life_failed("cannot make a folder");
	snprintf(first_database, sizeof first_database, "%s/first", folder);
	snprintf(database, sizeof database, "%s/database", folder);
	record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ns_intern();
	modules_declare();
	if (!modules_wire(&why))
		life_failed("%s", why.text);
	config_begin(database);
	log_limit = verbose ? LOG_ALL : LOG_FAILURE;
}

/* The store's code runs in children only, so that no connection is ever open on both sides of a fork. */
static void make_template(void)
{
	pid_t pid = fork();
	if (!pid) {
		store_template(first_database);
		_exit(0);
	}
	int status;
	if (waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "cannot make the first database: %s\n", record->why);
		clean_up();
		exit(2);
	}
}

/* --- a seed --- */

static bool live(uint64_t seed, unsigned budget, unsigned stop_at)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		alarm(60);
		dice_seed(seed * 16 + (uint64_t)record->life);
		life_run(budget, stop_at, seed % 20 == 0 || verbose);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		life_failed("cannot fork");
	if (status && !record->why[0]) {
		if (WIFSIGNALED(status))
			snprintf(record->why, sizeof record->why, "the process died of signal %d", WTERMSIG(status));
		else
			snprintf(record->why, sizeof record->why, "the process ended with %d", WEXITSTATUS(status));
	}
	record->life++;
	return !status;
}

static bool seed_holds(uint64_t seed, const struct scenario *s, unsigned loops)
{
	memset(record, 0, sizeof *record);
	dice_seed(seed * 16 + 15);
	copy_database();
	plan = (struct plan){ .loops = loops, .reads_fail = s->reads_fail, .losses = s->losses, .restless = s->restless, .database = database, .secret = { dice(), dice() } };
	record->was_failed_by_store = s->fail || s->unknown;
	record->reads_failed = s->reads_fail;
	record->may_be_unknown = s->unknown;
	for (unsigned lives = dice_between(1, s->stops ? 3 : 1); lives; lives--) {
		unsigned stop_at = s->stops ? dice_below(dice_chance(50) ? 400 : 4000) : UINT32_MAX;
		plan.fail = s->fail;
		plan.unknown = s->unknown;
		if (!live(seed, dice_between(5, 60), stop_at))
			return false;
	}
	plan.is_last = true;
	plan.fail = plan.unknown = 0;
	return live(seed, 0, UINT32_MAX) && record_holds();
}

/* --- the command line --- */

static struct tally tallies[SCENARIOS][LOOPS + 1];

static void run_seed(uint64_t seed, const unsigned *loops, unsigned loops_count)
{
	unsigned nth = (unsigned)(seed % SCENARIOS), n = loops[seed / SCENARIOS % loops_count];
	struct tally *t = &tallies[nth][n];
	t->seeds++;
	if (!seed_holds(seed, &scenarios[nth], n) && t->failed++ == 0) {
		t->first = seed;
		snprintf(t->why, sizeof t->why, "%s", record->why);
	}
	if (record->why[0])
		fprintf(stderr, "# seed %llu: life %d, step %u: %s\n", (unsigned long long)seed, record->life, record->steps, record->why);
}

static int tell(void)
{
	int failed = 0;
	for (unsigned i = 0; i < SCENARIOS; i++)
		for (unsigned n = 0; n <= LOOPS; n++) {
			struct tally *t = &tallies[i][n];
			if (t->seeds && !t->failed)
				printf("ok sim/%s/%u-loops\n", scenarios[i].name, n);
			else if (t->seeds)
				printf("not ok sim/%s/%u-loops — %s, seed %llu, and %u more of %u\n", scenarios[i].name, n, t->why,
					(unsigned long long)t->first, t->failed - 1, t->seeds);
			failed += t->failed;
		}
	return failed ? 1 : 0;
}

static unsigned read_loops(const char *text, unsigned *loops)
{
	unsigned count = 0;
	for (; *text && count < LOOPS; text += *text == ',')
		loops[count++] = (unsigned)strtoul(text, (char **)(uintptr_t)&text, 10);
	return count;
}

static _Noreturn void usage(void)
{
	fputs("sim [--seeds N] [--from SEED] [--loops 1,2,4] [--seconds S] | --seed SEED [--verbose]\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned loops[LOOPS] = { 1, 2, 4 }, loops_count = 3;
	uint64_t seeds = 2000, from = 1;
	time_t seconds = 0, began = time(NULL);
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strcmp(name, "--verbose") == 0) {
			verbose = true;
			continue;
		}
		if (!value)
			usage();
		i++;
		if (strcmp(name, "--seeds") == 0) {
			seeds = strtoull(value, NULL, 10);
		} else if (strcmp(name, "--from") == 0) {
			from = strtoull(value, NULL, 10);
		} else if (strcmp(name, "--seed") == 0) {
			from = strtoull(value, NULL, 10);
			seeds = 1;
		} else if (strcmp(name, "--loops") == 0) {
			loops_count = read_loops(value, loops);
		} else if (strcmp(name, "--seconds") == 0) {
			seconds = strtol(value, NULL, 10);
		} else {
			usage();
		}
	}
	prepare();
	make_template();
	for (uint64_t seed = from; seed < from + seeds && !(seconds && time(NULL) - began >= seconds); seed++)
		run_seed(seed, loops, loops_count);
	clean_up();
	return tell();
}

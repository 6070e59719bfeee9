/* Lines for a file: none is lost or torn while it is replaced, the disk is never waited for, and what is missing is said. */
#include "base/line_file.h"
#include "base/log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/line-file-XXXXXX", path[64], log_path[64];
static char text[8 * 1024 * 1024];

static int begin(void **state)
{
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/file", folder);
	snprintf(log_path, sizeof log_path, "%s/log", folder);
	log_set_limit(LOG_PROBLEM);
	assert_true(log_open(log_path, LOG_TEXT, NULL));
	umask(077);
	return 0;
}

static int end(void **state)
{
	char command[96];
	log_close();
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static const char *content(const char *name, unsigned older)
{
	char full[96];
	snprintf(full, sizeof full, older ? "%s.%u" : "%s", name, older);
	FILE *f = fopen(full, "r");
	*text = '\0';
	if (f) {
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

static void add(struct line_file *f, const char *line)
{
	line_file_add(f, line, strlen(line));
}

static struct line_file *open_with(struct line_file_options o)
{
	struct fail why = { "" };
	o.path = path;
	o.tag = "TEST";
	struct line_file *f = line_file_open(&o, &why);
	if (!f)
		fail_msg("%s", why.text);
	return f;
}

static void lines_are_in_the_file_when_it_is_closed(void **state)
{
	struct stat st;
	struct line_file *f = open_with((struct line_file_options){ .mode = 0644 });
	add(f, "one\n");
	add(f, "two\n");
	line_file_close(f);
	f = open_with((struct line_file_options){ .mode = 0640 });
	add(f, "three\n");
	line_file_close(f);
	assert_string_equal(content(path, 0), "one\ntwo\nthree\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);           /* whatever the umask is */
	assert_string_equal(content(log_path, 0), "");
}

static void what_is_no_file_is_refused(void **state)
{
	struct fail why = { "" };
	assert_null(line_file_open(&(struct line_file_options){ .path = folder, .tag = "TEST", .mode = 0600 }, &why));
	assert_non_null(strstr(why.text, folder));
	assert_null(line_file_open(&(struct line_file_options){ .path = "/dev/null", .tag = "TEST", .mode = 0600 }, &why));
	assert_non_null(strstr(why.text, "is no file"));
}

/* Each file holds whole lines, and no more than it may; the oldest go. */
static void a_full_file_is_replaced(void **state)
{
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600, .size = 100, .older = 3 });
	char line[32];
	for (int i = 0; i < 60; i++) {
		snprintf(line, sizeof line, "line %04d\n", i);       /* ten bytes */
		add(f, line);
	}
	line_file_close(f);
	assert_memory_equal(content(path, 0), "line 0050\n", 10);
	for (unsigned i = 0; i <= 3; i++)
		assert_int_equal(strlen(content(path, i)), 100);
	assert_memory_equal(content(path, 3), "line 0020\n", 10);
	assert_string_equal(content(path, 4), "");
}

static void a_line_that_is_too_long_has_a_file_for_itself(void **state)
{
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600, .size = 10, .older = 5 });
	add(f, "a\n");
	add(f, "a line that is longer than a file may be\n");
	add(f, "b\n");
	line_file_close(f);
	assert_string_equal(content(path, 0), "b\n");
	assert_string_equal(content(path, 1), "a line that is longer than a file may be\n");
	assert_string_equal(content(path, 2), "a\n");
}

static void without_older_ones_it_begins_anew(void **state)
{
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600, .size = 4 });
	add(f, "one\n");
	add(f, "two\n");
	line_file_close(f);
	assert_string_equal(content(path, 0), "two\n");
	assert_string_equal(content(path, 1), "");
}

/* Periods count from 1970, so a file that yesterday began is replaced whenever the server was started. */
static void a_new_period_has_a_new_file(void **state)
{
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600, .period = 24 * 3600 * 1000, .older = 2 });
	add(f, "of today\n");
	line_file_close(f);
	struct timespec old[2] = { { time(NULL) - 2 * 24 * 3600, 0 }, { time(NULL) - 2 * 24 * 3600, 0 } };
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	f = open_with((struct line_file_options){ .mode = 0600, .period = 24 * 3600 * 1000, .older = 2 });
	add(f, "of another day\n");
	line_file_close(f);
	assert_string_equal(content(path, 0), "of another day\n");
	assert_string_equal(content(path, 1), "of today\n");
}

static void somebody_else_may_rename_it(void **state)
{
	char moved[80];
	snprintf(moved, sizeof moved, "%s.moved", path);
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600 });
	add(f, "before\n");
	for (int i = 0; i < 2000 && !*content(path, 0); i++)
		usleep(1000);
	assert_int_equal(rename(path, moved), 0);
	line_file_reopen(f);
	for (int i = 0; i < 2000 && access(path, F_OK) != 0; i++)
		usleep(1000);
	add(f, "after\n");
	line_file_close(f);
	assert_string_equal(content(moved, 0), "before\n");
	assert_string_equal(content(path, 0), "after\n");
}

static void *many(void *with)
{
	char line[32];
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof line, "%04d-%04d\n", (int)(intptr_t)pthread_self() & 0xfff, i);
		add(with, line);
	}
	return NULL;
}

static void many_threads_lose_nothing_while_it_is_replaced(void **state)
{
	pthread_t threads[4];
	size_t size = 0;
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600, .size = 2000, .older = 1000 });
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many, f), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	line_file_close(f);
	for (unsigned i = 0; i <= 200; i++) {
		size_t n = strlen(content(path, i));
		assert_true(n <= 2000 && n % 10 == 0);
		size += n;
	}
	assert_int_equal(size, 4 * 5000 * 10);
	assert_string_equal(content(log_path, 0), "");
}

static uint64_t missing(const char *log)
{
	uint64_t n = 0;
	const char *at = log;
	while ((at = strstr(at, "file: ")))
		n += strtoull(at += 6, NULL, 10);
	return n;
}

static unsigned written(void)
{
	unsigned n = 0;
	for (const char *p = content(path, 0); *p; p++)
		n += *p == '\n';
	return n;
}

/* The disk takes no more: nobody waits, the log says how many are missing and why, and no half line joins the next. */
static void what_the_disk_doesnt_take_is_counted(void **state)
{
	struct rlimit before, little = { 25, RLIM_INFINITY };
	struct log_follower follower = { .level = LOG_ALL, .tag = "TEST" };         /* the log's own file can't grow either */
	struct buf said = { 0 };
	uint64_t dropped;
	log_follow(&follower);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	little.rlim_max = before.rlim_max;
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600 });
	setrlimit(RLIMIT_FSIZE, &little);
	add(f, "0123456\n0123456\n0123456\n0123456\n0123456\n");
	for (int i = 0; i < 2000 && written() < 3; i++)
		usleep(1000);
	usleep(20000);
	setrlimit(RLIMIT_FSIZE, &before);
	add(f, "after it\n");
	line_file_close(f);
	log_follow_fetch(&follower, &said, &dropped);
	log_unfollow(&follower);
	buf_byte(&said, '\0');
	assert_string_equal(content(path, 0), "0123456\n0123456\n0123456\n0\nafter it\n");
	assert_int_equal(missing(buf_start(&said)), 2);
	assert_non_null(strstr(buf_start(&said), "cannot write"));
	buf_clear(&said);
}

/* However fast the disk is: a line is in the file, or is counted. One that is larger than what may wait never gets there. */
static void what_is_too_much_is_dropped_and_counted(void **state)
{
	enum { LINE = 1 << 16, LINES = 300 };
	static char line[LINE_FILE_QUEUE + LINE];
	struct stat st;
	memset(line, 'a', sizeof line);
	line[LINE - 1] = line[sizeof line - 1] = '\n';
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600 });
	line_file_add(f, line, sizeof line);
	for (int i = 0; i < LINES; i++)
		line_file_add(f, line, LINE);
	line_file_close(f);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size % LINE, 0);
	assert_in_range(missing(content(log_path, 0)), 1, LINES);
	assert_int_equal((uint64_t)st.st_size / LINE + missing(content(log_path, 0)), LINES + 1);
}

static void one_that_is_left_ends_by_itself(void **state)
{
	struct line_file *f = open_with((struct line_file_options){ .mode = 0600 });
	add(f, "last\n");
	line_file_leave(f);
	for (int i = 0; i < 2000 && !*content(path, 0); i++)
		usleep(1000);
	assert_string_equal(content(path, 0), "last\n");
	usleep(20000);                               /* its thread is gone, and has freed all: the sanitizers look */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_in_the_file_when_it_is_closed, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_full_file_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(a_line_that_is_too_long_has_a_file_for_itself, begin, end),
		cmocka_unit_test_setup_teardown(without_older_ones_it_begins_anew, begin, end),
		cmocka_unit_test_setup_teardown(a_new_period_has_a_new_file, begin, end),
		cmocka_unit_test_setup_teardown(somebody_else_may_rename_it, begin, end),
		cmocka_unit_test_setup_teardown(many_threads_lose_nothing_while_it_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(what_the_disk_doesnt_take_is_counted, begin, end),
		cmocka_unit_test_setup_teardown(what_is_too_much_is_dropped_and_counted, begin, end),
		cmocka_unit_test_setup_teardown(one_that_is_left_ends_by_itself, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

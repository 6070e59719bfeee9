/* The log: what is wanted, how it looks, and that nothing a peer says makes a second line. */
#include "base/log_format.h"
#include "base/log_output.h"
#include <setjmp.h>          /* our headers come first: cmocka makes a macro of fail() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/jackdaw-log-XXXXXX", moved[64];

static int setup(void **state)
{
	strcpy(path + sizeof path - 7, "XXXXXX");
	close(mkstemp(path));
	snprintf(moved, sizeof moved, "%s.1", path);
	log_set_limit(LOG_MAJOR);
	log_forget_tag_limits();
	return 0;
}

static int teardown(void **state)
{
	log_close();
	unlink(path);
	unlink(moved);
	return 0;
}

static char *content(const char *name)
{
	static char text[4 * LOG_QUEUE];
	FILE *f = fopen(name, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

static int lines(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static const char *formatted(enum log_format format, const char *words)
{
	static struct buf b;
	buf_clear(&b);
	log_format(&b, format, LOG_LOW, &(struct log_who){ .tag = "XMPPI-17" }, words, 1700000000123);
	buf_byte(&b, '\0');
	return buf_start(&b);
}

static void a_text_line_has_time_level_tag_and_words(void **state)
{
	assert_string_equal(formatted(LOG_TEXT, "hello \xc3\xa9"), "2023-11-14T22:13:20.123Z low XMPPI-17 hello \xc3\xa9\n");
}

static void control_characters_cannot_make_a_second_line(void **state)
{
	assert_string_equal(formatted(LOG_TEXT, "a\nb\r\x1b[2J\x7f\xc2\x9b\xe2\x80\xae"),
		"2023-11-14T22:13:20.123Z low XMPPI-17 a\\nb\\r\\x1b[2J\\x7f\\x9b\\u202e\n");
}

static void bytes_that_are_not_utf8_are_escaped(void **state)
{
	assert_string_equal(formatted(LOG_TEXT, "\xff\xc0\xaf\xed\xa0\x80\xe2\x82"),
		"2023-11-14T22:13:20.123Z low XMPPI-17 \\xff\\xc0\\xaf\\xed\\xa0\\x80\\xe2\\x82\n");
}

static void json_escapes_what_json_must(void **state)
{
	assert_string_equal(formatted(LOG_JSON, "say \"\\\"\n\x01\xff"),
		"{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"low\",\"tag\":\"XMPPI-17\",\"text\":\"say \\\"\\\\\\\"\\n\\u0001\\ufffd\"}\n");
}

static void the_journal_gets_fields_that_words_cannot_forge(void **state)
{
	assert_string_equal(formatted(LOG_JOURNAL, "a\nPRIORITY=0"),
		"SYSLOG_IDENTIFIER=jackdaw\nPRIORITY=6\nJACKDAW_LEVEL=low\nJACKDAW_TAG=XMPPI-17\nMESSAGE=XMPPI-17 a\\nPRIORITY=0\n");
}

static void lines_beyond_the_level_are_not_written(void **state)
{
	assert_true(log_open(path, LOG_TEXT, NULL));
	log_problem("T", "no");
	log_major("T", "yes");
	log_set_limit(LOG_PROBLEM);
	log_problem("T", "now");
	char *text = content(path);
	assert_null(strstr(text, "no\n"));
	assert_non_null(strstr(text, "yes\n"));
	assert_int_equal(lines(text), 2);
}

static void a_tag_has_its_own_level_and_the_longest_prefix_counts(void **state)
{
	assert_true(log_open(path, LOG_TEXT, NULL));
	assert_true(log_set_tag_limit("XMPPS", LOG_ALL));
	assert_true(log_set_tag_limit("XMPPS-2", LOG_FAILURE));
	log_all("XMPPS-17", "one");
	log_all("STORE", "two");
	log_major("XMPPS-000002", "three");
	log_all("XMPPS-000023", "of another stream");
	log_forget_tag_limits();
	log_all("XMPPS-17", "four");
	char *text = content(path);
	assert_int_equal(lines(text), 2);
	assert_non_null(strstr(text, "one"));
	assert_non_null(strstr(text, "another"));
}

static void a_line_of_a_stream_says_whom_it_concerns(void **state)
{
	static const struct log_who who = { "XMPPS-000017", "romeo@example/desk\n", "[2001:db8::1]:40312" };
	struct buf b = { 0 };
	for (enum log_format f = LOG_TEXT; f <= LOG_JOURNAL; f++)
		log_format(&b, f, LOG_LOW, &who, "bound", 1700000000123);
	buf_byte(&b, '\0');
	assert_string_equal(buf_start(&b), "2023-11-14T22:13:20.123Z low XMPPS-000017 bound jid=romeo@example/desk\\n peer=[2001:db8::1]:40312\n"
		"{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"low\",\"tag\":\"XMPPS-000017\",\"jid\":\"romeo@example/desk\\n\","
		"\"peer\":\"[2001:db8::1]:40312\",\"text\":\"bound\"}\n"
		"SYSLOG_IDENTIFIER=jackdaw\nPRIORITY=6\nJACKDAW_LEVEL=low\nJACKDAW_TAG=XMPPS-000017\nJACKDAW_JID=romeo@example/desk\\n\n"
		"JACKDAW_PEER=[2001:db8::1]:40312\nMESSAGE=XMPPS-000017 bound jid=romeo@example/desk\\n peer=[2001:db8::1]:40312\n");
	buf_clear(&b);
}

/* What one follower sees of three lines: one digit each that did come. */
static const char *seen_by(struct log_follower follower)
{
	static char said[64];
	struct buf got = { 0 };
	uint64_t dropped;
	struct log_who one = { "XMPPI-000001", NULL, "192.0.2.1:5" }, two = { "XMPPS-000001", "romeo@example/a", "192.0.2.1:5" },
		three = { "XMPPS-000012", "juliet@sub.example/b", "[2001:db8::1]:5" };
	log_follow(&follower);
	LOG_OF(LOG_LOW, one, "1");
	LOG_OF(LOG_ALL, two, "2");
	LOG_OF(LOG_LOW, three, "3");
	log_low("STORE", "4");
	log_follow_fetch(&follower, &got, &dropped);
	log_unfollow(&follower);
	*said = '\0';
	for (size_t i = 0; i < buf_length(&got); i++)
		if (buf_start(&got)[i] >= '1' && buf_start(&got)[i] <= '4' && i > 25 && buf_start(&got)[i - 1] == ' ')
			strncat(said, buf_start(&got) + i, 1);
	buf_clear(&got);
	return said;
}

static void a_follower_sees_what_it_asked_for_and_the_log_does_not(void **state)
{
	assert_true(log_open(path, LOG_TEXT, NULL));
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL }), "1234");
	assert_string_equal(seen_by((struct log_follower){ LOG_LOW }), "134");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .tag = "XMPPI-1" }), "12");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .tag = "xmpps" }), "23");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .jid = "romeo@example" }), "2");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .jid = "romeo@example/a" }), "2");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .jid = "romeo@example/ab" }), "");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .jid = "romeo@exampl" }), "");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .jid = "example" }), "2");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .address = "192.0.2.1" }), "12");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .address = "2001:DB8::1" }), "3");
	assert_string_equal(seen_by((struct log_follower){ LOG_ALL, .address = "2001:db8::" }), "");
	assert_string_equal(content(path), "");
	log_all("T", "nobody wants it");
	assert_int_equal(atomic_load(&log_limit), LOG_MAJOR);
}

static void a_follower_that_does_not_fetch_loses_lines_and_hears_how_many(void **state)
{
	static char words[300001];
	struct log_follower f = { LOG_ALL };
	struct buf got;
	uint64_t dropped;
	memset(words, 'a', 300000);
	log_follow(&f);
	for (int i = 0; i < 10; i++)
		log_all("T", "%s", words);
	log_follow_fetch(&f, &got, &dropped);
	assert_int_equal(dropped, 6);
	assert_in_range(buf_length(&got), 1000000, 1300000);
	buf_clear(&got);
	log_unfollow(&f);
}

static void long_words_are_cut_and_say_so(void **state)
{
	char *words = malloc(1000000);
	memset(words, 'a', 999999);
	words[999999] = '\0';
	assert_true(log_open(path, LOG_TEXT, NULL));
	log_major("T", "%s", words);
	words[100000] = '\0';
	log_major("T", "%s", words);         /* a large stanza is whole */
	free(words);
	char *text = content(path);
	assert_in_range(strlen(text), 400000, 410000);
	assert_non_null(strstr(text, "a [cut]\n"));
	assert_non_null(strstr(text, "aaa\n"));
}

static void *many(void *with)
{
	for (int i = 0; i < 2000; i++)
		log_major("THREAD", "line %d", i);
	return NULL;
}

static void lines_of_many_threads_arrive_whole(void **state)
{
	pthread_t threads[4];
	assert_true(log_open(path, LOG_TEXT, NULL));
	log_start();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, many, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	log_close();
	int whole = 0;
	char *text = content(path), *keep = NULL;
	int all = lines(text);
	for (char *line = strtok_r(text, "\n", &keep); line; line = strtok_r(NULL, "\n", &keep))
		whole += strstr(line, "Z major THREAD line ") == line + 23;
	assert_int_equal(whole, 8000);
	assert_int_equal(all, 8000);
}

static void a_failure_is_written_when_the_call_returns(void **state)
{
	assert_true(log_open(path, LOG_TEXT, NULL));
	log_start();
	log_failure("T", "now");
	assert_int_equal(lines(content(path)), 1);
}

/* A pipe that nobody reads: the thread hangs in write, callers don't, and the lines that found no room are counted. */
static void a_stuck_output_costs_lines_and_never_time(void **state)
{
	char name[64], chunk[65536];
	snprintf(name, sizeof name, "%s.1", path);
	assert_int_equal(mkfifo(name, 0600), 0);
	int reader = open(name, O_RDONLY | O_NONBLOCK);
	assert_true(log_open(name, LOG_TEXT, NULL));
	log_start();
	int sent = 40000;
	for (int i = 0; i < sent; i++)
		log_major("T", "a line of some length, so that the queue fills: %d", i);

	struct buf got = { 0 };
	int dropped = 0;
	char *at = NULL;
	for (int tries = 0; tries < 2000 && !at; tries++) {
		ssize_t n = read(reader, chunk, sizeof chunk);
		if (n > 0)
			buf_add(&got, chunk, (size_t)n);
		else
			usleep(2000);
		at = buf_length(&got) ? memmem(buf_start(&got), buf_length(&got), "problem LOG ", 12) : NULL;
	}
	assert_non_null(at);
	assert_int_equal(sscanf(at, "problem LOG %d lines were dropped", &dropped), 1);
	int arrived = 0;
	for (char *p = buf_start(&got); p < at; p++)
		arrived += *p == '\n';
	assert_int_equal(arrived + dropped, sent);
	buf_clear(&got);
	close(reader);
}

static void reopening_follows_a_rotation(void **state)
{
	assert_true(log_open(path, LOG_TEXT, NULL));
	log_start();
	log_major("T", "old");
	log_flush();
	assert_int_equal(rename(path, moved), 0);
	assert_true(log_reopen(NULL));
	log_major("T", "new");
	log_flush();
	assert_non_null(strstr(content(moved), "old"));
	assert_non_null(strstr(content(path), "new"));
}

static void a_place_that_cannot_be_opened_is_refused_and_the_old_one_stays(void **state)
{
	struct fail why;
	assert_true(log_open(path, LOG_TEXT, NULL));
	assert_false(log_open("/nonexistent/log", LOG_TEXT, &why));
	assert_non_null(strstr(why.text, "/nonexistent/log"));
	log_major("T", "still here");
	assert_int_equal(lines(content(path)), 1);
}

static void names_are_found_in_any_case(void **state)
{
	enum log_level level;
	enum log_format format;
	assert_true(log_level_named("Problem", &level));
	assert_int_equal(level, LOG_PROBLEM);
	assert_false(log_level_named("problems", &level));
	assert_true(log_format_named("JSON", &format));
	assert_int_equal(format, LOG_JSON);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_text_line_has_time_level_tag_and_words), T(control_characters_cannot_make_a_second_line),
		T(bytes_that_are_not_utf8_are_escaped), T(json_escapes_what_json_must),
		T(the_journal_gets_fields_that_words_cannot_forge), T(lines_beyond_the_level_are_not_written),
		T(a_tag_has_its_own_level_and_the_longest_prefix_counts),
		T(a_line_of_a_stream_says_whom_it_concerns), T(a_follower_sees_what_it_asked_for_and_the_log_does_not),
		T(a_follower_that_does_not_fetch_loses_lines_and_hears_how_many), T(long_words_are_cut_and_say_so),
		T(lines_of_many_threads_arrive_whole), T(a_failure_is_written_when_the_call_returns),
		T(a_stuck_output_costs_lines_and_never_time), T(reopening_follows_a_rotation),
		T(a_place_that_cannot_be_opened_is_refused_and_the_old_one_stays), T(names_are_found_in_any_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

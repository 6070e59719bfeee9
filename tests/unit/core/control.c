/* The control socket: lines in, lines out, whatever comes. */
#include "core/control.h"
#include "core/command.h"
#include "core/config.h"
#include "core/module.h"
#include "net/loop.h"
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

const struct module *const modules[] = { NULL };

static void echo(struct command_run *run)
{
	command_row(run);
	command_text(run, "word", command_get(run, "WORD"));
	command_text(run, "input", run->input);
	command_done(run);
}

/* Ends in a later round, so that further lines wait for it. */
static void end_later(void *thing)
{
	command_done(thing);
}

static void later(struct command_run *run)
{
	post(loop_here(), end_later, run);
}

/* Parts, each when the one before was taken, until they are enough or nobody takes them. */
static atomic_uint parts_sent, runs_left;

static void next_part(struct command_run *run)
{
	static char bytes[50000];
	unsigned *count = run->own;
	memset(bytes, 'a', sizeof bytes);
	if (!command_part(run, bytes, sizeof bytes)) {
		atomic_fetch_add(&runs_left, 1);
		command_fail(run, "nobody takes it");
		return;
	}
	atomic_fetch_add(&parts_sent, 1);
	if (++*count == 20)
		command_done(run);
	else
		command_when_taken(run, next_part);
}

static void in_parts(struct command_run *run)
{
	run->own = ARENA_NEW(run->arena, unsigned);
	next_part(run);
}

static const struct command cmd_parts = { .noun = "parts", .help = "Much", .run = in_parts };
static const struct command cmd_echo = { .noun = "echo", .help = "Says it again", .run = echo, .args = ARGS({ "WORD", "a word", 0 }) },
	cmd_later = { .noun = "later", .help = "Ends later", .run = later };
const struct command *const commands[] = { &cmd_echo, &cmd_later, &cmd_parts, NULL };

static char folder[] = "/tmp/control-XXXXXX", path[64];
static struct loop *loop;
static struct config *config;

static void first(void *with)
{
	control_start();
}

static int begin(void **state)
{
	char file[64];
	struct config_report report;
	struct fail why = { "" };
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/conf", folder);
	snprintf(path, sizeof path, "%s/sock", folder);
	FILE *f = fopen(file, "w");
	fprintf(f, "data_dir = \"%s\"\ncontrol_socket = \"%s\"\n", folder, path);
	fclose(f);
	config_report_init(&report);
	config = config_load(file, 0, &report);
	config_report_clear(&report);
	assert_non_null(config);
	assert_true(control_open(config, &why));
	loop = loop_new(0);
	loop_start(loop, first, NULL);
	return 0;
}

static void stop(void *thing)
{
	control_stop();
	loop_stop(thing);
}

static int end(void **state)
{
	post(loop, stop, loop);
	loop_join(loop);
	loop_free(loop);
	config_drop(config);
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static int dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { 10, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(to.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static const char *hear(int fd)
{
	static char line[4096];
	size_t size = 0;
	while (size < sizeof line - 1 && recv(fd, &line[size], 1, 0) == 1 && line[size] != '\n')
		size++;
	line[size] = '\0';
	return line;
}

static void a_line_is_answered_by_a_line(void **state)
{
	int fd = dial();
	say(fd, "{\"args\":[\"echo\",\"hello\"],\"stdin\":\"in\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"rows\":[{\"word\":\"hello\",\"input\":\"in\"}]}");
	close(fd);
}

static void answers_keep_the_order_of_questions(void **state)
{
	int fd = dial();
	say(fd, "{\"args\":[\"later\"]}\n{\"args\":[\"echo\",\"1\"]}\n{\"args\":[\"later\"]}\n{\"args\":[\"echo\",\"2\"]}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"rows\":[]}");
	assert_non_null(strstr(hear(fd), "\"1\""));
	assert_string_equal(hear(fd), "{\"ok\":true,\"rows\":[]}");
	assert_non_null(strstr(hear(fd), "\"2\""));
	close(fd);
}

static void garbage_is_refused_and_the_line_goes_on(void **state)
{
	static const char *const garbage[] = { "\n", "x\n", "{}\n", "[]\n", "{\"args\":[]}\n", "{\"args\":[1]}\n", "{\"args\":\"echo\"}\n", "\xff\xfe\n", "{\"args\":[\"nothing\"]}\n" };
	int fd = dial();
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		say(fd, garbage[i]);
		assert_non_null(strstr(hear(fd), "\"ok\":false"));
	}
	say(fd, "{\"args\":[\"echo\",\"still\"]}\n");
	assert_non_null(strstr(hear(fd), "still"));
	close(fd);
}

static void a_line_without_end_is_cut_off(void **state)
{
	static char much[1 << 16];
	int fd = dial();
	size_t sent = 0;
	memset(much, 'a', sizeof much);
	for (ssize_t n; sent <= CONTROL_LINE + sizeof much && (n = send(fd, much, sizeof much, MSG_NOSIGNAL)) > 0; )
		sent += (size_t)n;
	assert_true(sent >= CONTROL_LINE);
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"the line is too long\"}");
	close(fd);
}

static void a_long_answer_comes_in_parts_before_it(void **state)
{
	static char much[20 * 70000];
	size_t size = 0;
	int fd = dial();
	say(fd, "{\"args\":[\"parts\"]}\n{\"args\":[\"echo\",\"next\"]}\n");
	usleep(100000);
	assert_in_range(atomic_load(&parts_sent), 1, 10);             /* it waits for us, but for what the socket holds */
	for (ssize_t n; !memmem(much, size, "next", 4) && (n = recv(fd, much + size, sizeof much - size, 0)) > 0; )
		size += (size_t)n;
	assert_int_equal(atomic_load(&parts_sent), 20);
	unsigned lines = 0;
	for (const char *at = much; (at = memmem(at, size - (size_t)(at - much), "{\"part\":\"YWFh", 13)); at++)
		lines++;
	assert_int_equal(lines, 20);
	const char *answer = memmem(much, size, "{\"ok\":true,\"rows\":[]}\n", 22);
	assert_non_null(answer);
	assert_null(memmem(answer, size - (size_t)(answer - much), "part", 4));
	close(fd);
}

static void parts_end_when_nobody_takes_them(void **state)
{
	unsigned before = atomic_load(&parts_sent);
	int fd = dial();
	say(fd, "{\"args\":[\"parts\"]}\n");
	while (atomic_load(&parts_sent) == before)
		usleep(1000);
	close(fd);
	for (int i = 0; i < 5000 && !atomic_load(&runs_left); i++)
		usleep(1000);
	assert_int_equal(atomic_load(&runs_left), 1);
	assert_true(atomic_load(&parts_sent) < before + 20);
}

static void one_that_goes_away_harms_nobody(void **state)
{
	for (int i = 0; i < 40; i++) {               /* fewer than may be connected at a time */
		int fd = dial();
		say(fd, "{\"args\":[\"later\"]}\n{\"args\":[\"later\"]}\n");
		close(fd);
	}
	for (int i = 0; i < 4; i++)                  /* what they asked for has ended when the loop does */
		answers_keep_the_order_of_questions(state);
	a_line_is_answered_by_a_line(state);
}

static void others_are_turned_away(void **state)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_answered_by_a_line),
		cmocka_unit_test(answers_keep_the_order_of_questions),
		cmocka_unit_test(garbage_is_refused_and_the_line_goes_on),
		cmocka_unit_test(a_line_without_end_is_cut_off),
		cmocka_unit_test(a_long_answer_comes_in_parts_before_it),
		cmocka_unit_test(parts_end_when_nobody_takes_them),
		cmocka_unit_test(one_that_goes_away_harms_nobody),
		cmocka_unit_test(others_are_turned_away),
	};
	return cmocka_run_group_tests(tests, begin, end);
}

/* What the client asks of people: passwords from a pipe and from a terminal, input with a limit. */
#include "ask.h"
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena *a;
static struct fail why;

static void pipe_in(const char *text, size_t size)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, size), (ssize_t)size);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	clearerr(stdin);
}

static const char *password_from(const char *text)
{
	pipe_in(text, strlen(text));
	const char *password = ask_password(a, &why);
	while (fgetc(stdin) != EOF)
		;
	return password;
}

static void a_pipe_s_first_line_is_the_password(void **state)
{
	assert_string_equal(password_from("secret\n"), "secret");
	assert_string_equal(password_from("with blanks \r\nmore\n"), "with blanks ");
	assert_string_equal(password_from("no end"), "no end");
	assert_string_equal(password_from("\n"), "");
	assert_null(password_from(""));
}

static void a_password_too_long_is_refused_not_cut(void **state)
{
	char text[1026 + 1];
	memset(text, 'x', sizeof text);
	text[1024] = '\n';
	text[1025] = '\0';
	assert_int_equal(strlen(password_from(text)), 1024);
	text[1024] = 'x';
	text[1025] = '\n';
	text[1026] = '\0';
	assert_null(password_from(text));
}

static void input_has_a_limit_and_no_nul(void **state)
{
	pipe_in("12345678", 8);
	assert_string_equal(ask_input(a, 8, &why), "12345678");
	pipe_in("123456789", 9);
	assert_null(ask_input(a, 8, &why));
	pipe_in("", 0);
	assert_string_equal(ask_input(a, 8, &why), "");
	pipe_in("a\0b", 3);
	assert_null(ask_input(a, 8, &why));
}

static void wait_for(int terminal, const char *prompt, char *seen, size_t *size)
{
	while (!strstr(seen, prompt)) {
		ssize_t n = read(terminal, seen + *size, 255 - *size);
		if (n <= 0)
			fail_msg("no prompt: %s", seen);
		*size += (size_t)n;
		seen[*size] = '\0';
	}
}

/* What a child says when these are typed at its terminal: 0 for a password that is "one". */
static int typed(const char *first, const char *second)
{
	int terminal, status;
	char seen[256] = "";
	size_t size = 0;
	pid_t child = forkpty(&terminal, NULL, NULL, NULL);
	if (child == 0) {
		const char *password = ask_password(a, &why);
		_exit(!password ? 1 : strcmp(password, "one") == 0 ? 0 : 2);
	}
	usleep(100000);                      /* the prompt comes before echo is off */
	wait_for(terminal, "Password: ", seen, &size);
	usleep(100000);
	dprintf(terminal, "%s\n", first);
	wait_for(terminal, "same again: ", seen, &size);
	usleep(100000);
	dprintf(terminal, "%s\n", second);
	waitpid(child, &status, 0);
	close(terminal);
	assert_null(strstr(seen, first));    /* nothing was echoed */
	return WEXITSTATUS(status);
}

static void a_terminal_is_asked_twice_without_echo(void **state)
{
	assert_int_equal(typed("one", "one"), 0);
	assert_int_equal(typed("one", "two"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_is_asked_twice_without_echo),
		cmocka_unit_test(a_pipe_s_first_line_is_the_password),
		cmocka_unit_test(a_password_too_long_is_refused_not_cut),
		cmocka_unit_test(input_has_a_limit_and_no_nul),
	};
	a = arena_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(a);
	return failed;
}

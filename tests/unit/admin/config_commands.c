/* init writes what check accepts; verbs answer with the right status. */
#include "admin/config_commands.h"
#include "core/config_table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[64], out[64];

static int setup(void **state)
{
	strcpy(file, "/tmp/jackdaw-init-XXXXXX");
	close(mkstemp(file));
	unlink(file);
	snprintf(out, sizeof out, "%s.out", file);
	return 0;
}

static int teardown(void **state)
{
	unlink(file);
	unlink(out);
	return 0;
}

/* Runs the words with stdout in a file. */
static int run(int (*command)(int, char **), const char *words)
{
	char text[256], *argv[16], *keep = NULL;
	int argc = 0;
	snprintf(text, sizeof text, "%s -c %s", words, file);
	for (char *w = strtok_r(text, " ", &keep); w; w = strtok_r(NULL, " ", &keep))
		argv[argc++] = w;
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	assert_non_null(freopen(out, "w", stdout));
	int status = command(argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return status;
}

static char *printed(const char *name)
{
	static char text[200000];
	FILE *f = fopen(name, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void init_writes_at_most_twenty_lines_that_check_accepts(void **state)
{
	int lines = 0;
	assert_int_equal(run(init_command, "example.com"), 0);
	for (const char *p = printed(file); *p; p++)
		lines += *p == '\n';
	assert_true(lines > 5 && lines <= 20);
	assert_int_equal(run(config_command, "check"), 0);
	assert_int_equal(run(init_command, "example.com"), 1);       /* never over somebody's file */
}

static void init_refuses_what_is_no_domain(void **state)
{
	assert_int_equal(run(init_command, "a\"b"), 1);
	assert_int_equal(run(init_command, "../x"), 1);
	assert_int_equal(access(file, F_OK), -1);
}

static void show_names_every_key_with_its_default(void **state)
{
	run(init_command, "example.com");
	assert_int_equal(run(config_command, "show --defaults"), 0);
	assert_non_null(strstr(printed(out), "limits.stanza_size = 256k    # default"));
	assert_non_null(strstr(printed(out), "channels = 10000    # /tmp/"));
	assert_non_null(strstr(printed(out), "# component.secret = none"));
}

static void explain_tells_the_value_at_every_scope(void **state)
{
	run(init_command, "example.com");
	assert_int_equal(run(config_command, "explain Idle-Time"), 0);
	assert_non_null(strstr(printed(out), "xmpp_listener > listen \"*:5223\": 30min (/tmp/"));
	assert_int_equal(run(config_command, "explain nothing_of_the_kind"), 1);
	assert_int_equal(run(config_command, "explain"), 2);
}

static void json_is_json(void **state)
{
	static const char *const words[] = { "check --json", "show --json --defaults", "explain tls --json", "diff --json" };
	run(init_command, "example.com");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		assert_int_equal(run(config_command, words[i]), 0);
		json_t *json = json_loads(printed(out), 0, NULL);
		assert_non_null(json);
		json_decref(json);
	}
}

static void a_wrong_file_fails(void **state)
{
	FILE *f = fopen(file, "w");
	fputs("chanels = 1\n", f);
	fclose(f);
	assert_int_equal(run(config_command, "check"), 1);
	assert_int_equal(run(config_command, "check --json"), 1);
	assert_non_null(strstr(printed(out), "\"line\": 1"));
	assert_int_equal(run(config_command, "chekc"), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
/* What a module declares of its own, as src/modules/register.c does. */
static void declare_registration(void)
{
	static const struct setting settings[] = {
		{ "auto_signup", OPTION_BOOL, "no", "Anybody may make an account" },
		{ "allow_password_change", OPTION_BOOL, "yes", "Users may change their password" },
	};
	config_table_add("registration", settings, 2);
}

int main(void)
{
	declare_registration();
	const struct CMUnitTest tests[] = {
		T(init_writes_at_most_twenty_lines_that_check_accepts), T(init_refuses_what_is_no_domain), T(show_names_every_key_with_its_default),
		T(explain_tells_the_value_at_every_scope), T(json_is_json), T(a_wrong_file_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Commands that need no server: init writes what check accepts; what is told of a configuration. */
#include "admin/init.h"
#include "core/command.h"
#include "core/config_table.h"
#include "core/module.h"
#include "core/server.h"
#include "net/tls.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct module *const modules[] = { NULL };
struct server server;

static char folder[64], file[128];
static json_t *told;

static int setup(void **state)
{
	strcpy(folder, "/tmp/jackdaw-init-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/jackdaw.conf", folder);
	init_make_certificate = tls_make_self_signed;
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", folder);
	json_decref(told);
	told = NULL;
	return system(command);
}

static void finished(struct command_run *run, void *with)
{
	json_decref(told);
	told = command_answer(run);
}

/* True: it went well. What it told is in `told`. */
static bool run(const char *line)
{
	char text[256], *keep = NULL;
	const char *words[16];
	size_t count = 0;
	snprintf(text, sizeof text, "%s", line);
	for (char *w = strtok_r(text, " ", &keep); w; w = strtok_r(NULL, " ", &keep))
		words[count++] = w;
	command_start(words, count, NULL, &(struct command_from){ .file = file }, &(const struct command_asker){ .finished = finished }, NULL);
	return json_is_true(json_object_get(told, "ok"));
}

static const char *says(const char *field)
{
	const char *text = json_string_value(json_object_get(told, field));
	return text ? text : "";
}

static json_t *row(size_t i)
{
	return json_array_get(json_object_get(told, "rows"), i);
}

static const char *field(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static void put(const char *text)
{
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* --- init --- */

static void init_writes_at_most_twenty_lines_that_check_accepts(void **state)
{
	int lines = 0, c;
	assert_true(run("init example.com"));
	FILE *f = fopen(file, "r");
	while ((c = fgetc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	assert_true(lines > 5 && lines <= 20);
	assert_true(run("config check"));
	assert_null(strstr(says("words"), "would not start"));
	assert_false(run("init example.com"));       /* never over somebody's file */
}

static void init_makes_a_certificate_that_only_its_owner_can_use(void **state)
{
	char path[192];
	struct stat st;
	assert_true(run("init example.com"));
	snprintf(path, sizeof path, "%s/certs/example.com.key", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(file);
	assert_true(run("init example.com"));
	assert_non_null(strstr(says("words"), "left as it is"));
}

static void init_refuses_what_is_no_domain(void **state)
{
	assert_false(run("init a\"b"));
	assert_false(run("init ../x"));
	assert_int_equal(access(file, F_OK), -1);
}

/* --- check, show --- */

static void check_tells_all_errors_with_their_places(void **state)
{
	put("chanels = 1\nthreads = x\n");
	assert_false(run("config check"));
	assert_int_equal(json_array_size(json_object_get(told, "rows")), 2);
	assert_int_equal(json_integer_value(json_object_get(row(1), "line")), 2);
	assert_string_equal(field(row(1), "kind"), "error");
	assert_non_null(strstr(says("error"), "jackdaw.conf:1:1: unknown key"));
	assert_non_null(strstr(says("error"), "\n"));
	assert_false(run("config chekc"));
	assert_true(json_is_true(json_object_get(told, "usage")));
}

static void check_notes_what_serve_would_refuse(void **state)
{
	put("domain \"a\" { tls_certificate = none.pem }\n");
	assert_true(run("config check"));
	assert_non_null(strstr(says("words"), "note: serve would not start now"));
}

static void show_names_every_key_with_its_default(void **state)
{
	assert_true(run("init example.com"));
	assert_true(run("config show --defaults"));
	assert_non_null(strstr(says("words"), "limits.stanza_size = 256k    # default"));
	assert_non_null(strstr(says("words"), "channels = 10000    # /tmp/"));
	assert_non_null(strstr(says("words"), "# component.secret = none"));
	for (const struct config_entry *e = config_table_first(); e; e = e->next)
		assert_non_null(strstr(says("words"), e->path));
}

/* --- explain --- */

static const json_t *value_in(const char *scope)
{
	size_t i;
	json_t *value;
	json_array_foreach(json_object_get(row(0), "values"), i, value)
		if (strcmp(field(value, "scope"), scope) == 0)
			return value;
	return NULL;
}

static void explain_tells_value_and_origin_of_every_scope(void **state)
{
	put("data_dir = .\nidle_time = 1s\nxmpp_listener {\n idle_time = 2s\n listen \"*:1\" { }\n listen \"*:2\" { idle_time = 3s\n peer \"10.0.0.0/8\" { idle_time = 4s } }\n}\n"
		"pathway_group \"g\" { idle_time = 5s\n pathway \"p\" { } }\n");
	assert_true(run("config explain Idle-Time"));
	assert_string_equal(field(row(0), "key"), "idle_time");
	assert_string_equal(field(value_in("global"), "value"), "1s");
	assert_string_equal(field(value_in("xmpp_listener > listen \"*:1\""), "value"), "2s");
	assert_false(json_is_true(json_object_get(value_in("xmpp_listener > listen \"*:1\""), "set")));
	assert_non_null(strstr(field(value_in("xmpp_listener > listen \"*:1\""), "origin"), "jackdaw.conf:4"));
	assert_string_equal(field(value_in("xmpp_listener > listen \"*:2\" > peer \"10.0.0.0/8\""), "value"), "4s");
	assert_string_equal(field(value_in("pathway_group \"g\" > pathway \"p\""), "value"), "5s");
	assert_non_null(strstr(says("words"), "xmpp_listener > listen \"*:2\": 3s (/tmp/"));
	assert_false(run("config explain"));
}

static void explain_names_changes_and_their_files(void **state)
{
	char path[192];
	put("data_dir = .\nlimits.mailbox = 20\ndomain \"a\" { tls = optional }\n");
	snprintf(path, sizeof path, "%s/changes.conf", folder);
	FILE *f = fopen(path, "w");
	fputs("limits.mailbox = 30\n", f);
	fclose(f);
	assert_true(run("config explain mailbox"));
	assert_string_equal(field(value_in("global"), "value"), "30");
	assert_non_null(strstr(field(value_in("global"), "origin"), "changes.conf:1"));
	assert_true(run("config diff"));
	assert_string_equal(field(row(0), "key"), "limits.mailbox");
	assert_string_equal(field(row(0), "before"), "20");
	assert_string_equal(field(row(0), "reload"), "live");
}

static void explain_leaves_out_domains_that_say_nothing(void **state)
{
	put("archive.default = roster\ndomain \"a\" { }\ndomain \"b\" { archive.default = never }\ndomain \"c\" { }\n");
	assert_true(run("config explain archive.default"));
	assert_int_equal(json_array_size(json_object_get(row(0), "values")), 2);
	assert_string_equal(field(value_in("domain \"b\""), "value"), "never");
	assert_int_equal(json_integer_value(json_object_get(row(0), "silent_domains")), 2);
	assert_true(run("config explain archive.default --all"));
	assert_string_equal(field(value_in("domain \"a\""), "value"), "roster");
}

static void explain_suggests_from_any_scope(void **state)
{
	put("");
	assert_false(run("config explain chanels"));
	assert_non_null(strstr(says("error"), "did you mean \"channels\""));
	assert_false(run("config explain nothing_of_the_kind"));
	assert_null(strstr(says("error"), "did you mean"));
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
		T(init_writes_at_most_twenty_lines_that_check_accepts), T(init_makes_a_certificate_that_only_its_owner_can_use),
		T(init_refuses_what_is_no_domain), T(check_tells_all_errors_with_their_places), T(check_notes_what_serve_would_refuse),
		T(show_names_every_key_with_its_default), T(explain_tells_value_and_origin_of_every_scope), T(explain_names_changes_and_their_files),
		T(explain_leaves_out_domains_that_say_nothing), T(explain_suggests_from_any_scope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who may run what: the one place that decides. */
#include "core/command_may.h"
#include "core/config.h"
#include "core/module.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command
	stop = { .noun = "stop", .help = "Stops" },
	add = { .noun = "user", .verb = "add", .help = "Adds", .may = MAY_DOMAIN_ADMIN, .concerns = "JID",
		.args = ARGS({ "-p PASSWORD", "a password", ARG_ASKED }, { "JID", "whom", ARG_UNLESS_INPUT }, { "--batch", "many", ARG_INPUT }) },
	list = { .noun = "user", .verb = "list", .help = "Lists", .may = MAY_DOMAIN_ADMIN, .concerns = "DOMAIN", .args = ARGS({ "DOMAIN", "whose", ARG_OPTIONAL }) },
	unsaid = { .noun = "unsaid", .help = "Says not whom it concerns", .may = MAY_DOMAIN_ADMIN };
const struct command *const commands[] = { &stop, &add, &list, &unsaid, NULL };
const struct module *const modules[] = { NULL };

static struct hosts *hosts;
static struct fail why;

static int setup(void **state)
{
	char file[] = "/tmp/jackdaw-may-XXXXXX";
	struct config_report report;
	FILE *f = fdopen(mkstemp(file), "w");
	fputs("tls = off\nadmins = [ Root@one.example ]\n"
		"domain \"one.example\" { admins = [ \"ann@one.example/work\" ] }\n"
		"domain \"two.example\" { admins = [ bob@two.example, ann@one.example ] }\n"
		"domain \"three.example\" { }\n", f);
	fclose(f);
	config_report_init(&report);
	struct config *c = config_load(file, 0, &report);
	config_report_clear(&report);
	unlink(file);
	hosts = c ? hosts_new(c, 1, &why) : NULL;
	config_drop(c);
	return hosts ? 0 : -1;
}

static int teardown(void **state)
{
	hosts_drop(hosts);
	return 0;
}

static bool may_see(const struct command *c, const char *domain, const char *who)
{
	return command_may_see(hosts, c, domain, who);
}

static void everybody_sees_what_he_may(void **state)
{
	assert_true(may_see(&stop, "three.example", "root@one.example"));
	assert_true(may_see(&add, "one.example", "ann@one.example"));
	assert_true(may_see(&list, "two.example", "bob@two.example"));
	assert_false(may_see(&stop, "one.example", "ann@one.example"));
	assert_false(may_see(&unsaid, "one.example", "ann@one.example"));
	assert_false(may_see(&add, "one.example", "bob@two.example"));
	assert_false(may_see(&add, "three.example", "ann@one.example"));
	assert_false(may_see(&add, "nowhere.example", "ann@one.example"));
	assert_false(may_see(&add, "one.example", "romeo@one.example"));
}

static bool may_add(const char *who, const char *whom)
{
	return command_may(hosts, &add, (const char *[]){ NULL, whom, NULL }, who, &why);
}

static void the_server_s_administrators_may_all(void **state)
{
	const char *nothing[COMMAND_ARGS] = { NULL };
	assert_true(command_may(hosts, &stop, nothing, "root@one.example", &why));
	assert_true(command_may(hosts, &list, nothing, "root@one.example", &why));
	assert_true(command_may(hosts, &add, (const char *[]){ NULL, NULL, "" }, "root@one.example", &why));
	assert_true(may_add("root@one.example", "x@three.example"));
	assert_true(may_add("root@one.example", "root@one.example"));
}

static void a_domain_s_administrator_may_what_is_of_the_domain(void **state)
{
	assert_true(may_add("ann@one.example", "x@one.example"));
	assert_true(may_add("ann@one.example", "x@TWO.example/r"));
	assert_true(may_add("bob@two.example", "x@two.example"));
	assert_false(may_add("bob@two.example", "x@one.example"));
	assert_string_equal(why.text, "bob@two.example is no administrator of one.example");
	assert_false(may_add("ann@one.example", "x@three.example"));
	assert_false(may_add("ann@one.example", "x@elsewhere.example"));
	assert_false(may_add("ann@one.example", "no jid@@"));
	assert_true(command_may(hosts, &list, (const char *[]){ "two.example" }, "bob@two.example", &why));
	assert_false(command_may(hosts, &list, (const char *[]){ "one.example" }, "bob@two.example", &why));
}

static void a_domain_s_administrator_may_no_more(void **state)
{
	const char *nothing[COMMAND_ARGS] = { NULL };
	assert_false(command_may(hosts, &stop, nothing, "ann@one.example", &why));
	assert_string_equal(why.text, "only administrators of the server may do that");
	assert_false(command_may(hosts, &list, nothing, "ann@one.example", &why));           /* of all domains */
	assert_false(command_may(hosts, &add, (const char *[]){ NULL, "x@one.example", "" }, "ann@one.example", &why));     /* nobody looked into the input */
	assert_false(command_may(hosts, &unsaid, nothing, "ann@one.example", &why));
}

static void nobody_takes_over_an_administrator_of_the_server(void **state)
{
	assert_false(may_add("ann@one.example", "ROOT@one.example"));
	assert_non_null(strstr(why.text, "is an administrator of the server"));
	assert_true(may_add("ann@one.example", "bob@two.example"));
}

static void others_may_nothing(void **state)
{
	const char *nothing[COMMAND_ARGS] = { NULL };
	assert_false(may_add("eve@one.example", "x@one.example"));
	assert_false(command_may(hosts, &stop, nothing, "eve@one.example", &why));
	assert_false(command_may(hosts, &list, (const char *[]){ "three.example" }, "eve@three.example", &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_sees_what_he_may),
		cmocka_unit_test(the_server_s_administrators_may_all),
		cmocka_unit_test(a_domain_s_administrator_may_what_is_of_the_domain),
		cmocka_unit_test(a_domain_s_administrator_may_no_more),
		cmocka_unit_test(nobody_takes_over_an_administrator_of_the_server),
		cmocka_unit_test(others_may_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}

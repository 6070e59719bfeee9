/* The table of commands itself: what every declaration must hold. */
#include "core/command.h"
#include "core/module.h"
#include "core/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

const struct module *const modules[] = { NULL };
struct server server;

static const struct command_arg *argument(const struct command *c, const char *name)
{
	for (const struct command_arg *arg = c->args; arg && arg->name; arg++)
		if (strcmp(arg->name, name) == 0)
			return arg;
	return NULL;
}

static void what_a_domain_s_administrator_may_says_whom_it_concerns(void **state)
{
	int count = 0;
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->may != MAY_DOMAIN_ADMIN)
			continue;
		count++;
		if (!commands[i]->concerns || !argument(commands[i], commands[i]->concerns))
			fail_msg("%s %s: concerns nobody", commands[i]->noun, commands[i]->verb);
	}
	assert_true(count >= 6);
}

static void each_is_whole(void **state)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		size_t args = 0;
		assert_true(c->help && *c->help);
		assert_true(c->run || c->where == COMMAND_PROGRAM);
		for (const struct command_arg *arg = c->args; arg && arg->name; arg++, args++)
			assert_true(arg->help && *arg->help);
		assert_true(args <= COMMAND_ARGS);
	}
}

/* Help, completion and pages show them together. */
static void those_of_a_noun_stand_together(void **state)
{
	for (size_t i = 2; commands[i]; i++)
		for (size_t k = 0; k + 1 < i; k++)
			if (strcmp(commands[i]->noun, commands[i - 1]->noun) != 0 && strcmp(commands[i]->noun, commands[k]->noun) == 0)
				fail_msg("%s %s stands away from the others of %s", commands[i]->noun, commands[i]->verb, commands[i]->noun);
}

/* The table in the page is Markdown, and the manual's lines are roff. */
static void texts_break_no_page(void **state)
{
	for (size_t i = 0; commands[i]; i++)
		for (const struct command_field *f = commands[i]->fields; f && f->name; f++)
			assert_null(strpbrk(f->help, "|\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_domain_s_administrator_may_says_whom_it_concerns),
		cmocka_unit_test(each_is_whole),
		cmocka_unit_test(those_of_a_noun_stand_together),
		cmocka_unit_test(texts_break_no_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who may serve a domain: names, patterns, whose secret counts. */
#include "core/component.h"
#include "core/config.h"
#include "core/config_load.h"
#include "core/module.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

const struct module *const modules[] = { NULL };

struct fixture {
	struct arena     *arena;
	struct config    *config;
	struct hash       hosts;             /* none: a domain's own name is config_check's affair, too */
	struct components components;
	struct fail       why;
};

static bool read(struct fixture *f, const char *text)
{
	struct config_report report;
	*f = (struct fixture){ .arena = arena_new() };
	config_report_init(&report);
	f->config = config_load_text("test.conf", text, strlen(text), &report);
	if (!f->config)
		fail_msg("%s", config_note_text(report.arena, &report.errors[0]));
	config_report_clear(&report);
	return components_read(&f->components, f->arena, f->config, &f->hosts, &f->why);
}

static void clear(struct fixture *f)
{
	components_clear(&f->components);
	config_drop(f->config);
	arena_free(f->arena);
}

static const char *secret_of(struct fixture *f, const char *domain)
{
	const struct component *c = components_find(&f->components, domain);
	return c ? c->secret : NULL;
}

static void the_nearest_name_counts(void **state)
{
	struct fixture f;
	assert_true(read(&f, "component \"irc.example\" { secret = irc;  domains = [ \"*.irc.example\", \"chat.elsewhere\" ] }\n"
		"component \"x.irc.example\" { secret = x }\n"
		"component { secret = all;  allowed = [ \"*.example\", \"mail.elsewhere\" ] }\n"));
	assert_string_equal(secret_of(&f, "irc.example"), "irc");
	assert_string_equal(secret_of(&f, "a.irc.example"), "irc");
	assert_string_equal(secret_of(&f, "a.b.irc.example"), "irc");
	assert_string_equal(secret_of(&f, "x.irc.example"), "x");
	assert_string_equal(secret_of(&f, "chat.elsewhere"), "irc");
	assert_string_equal(secret_of(&f, "mail.example"), "all");
	assert_string_equal(secret_of(&f, "mail.elsewhere"), "all");
	assert_null(secret_of(&f, "other.elsewhere"));
	assert_null(secret_of(&f, "example"));
	assert_null(secret_of(&f, "irc.example.evil"));
	assert_string_equal(component_name(components_find(&f.components, "chat.elsewhere"), "chat.elsewhere"), "irc.example");
	assert_string_equal(component_name(components_find(&f.components, "mail.example"), "mail.example"), "mail.example");
	clear(&f);
}

static void a_secret_is_inherited_from_the_domain_above_the_name(void **state)
{
	struct fixture f;
	assert_true(read(&f, "component { secret = all }\n"
		"domain \"a.example\" { component { secret = of-a;  queue = 7 } }\n domain \"b.example\" { }\n"
		"component \"irc.a.example\" { }\n component \"irc.b.example\" { queue = 3 }\n component \"own.a.example\" { secret = own }\n"));
	assert_string_equal(secret_of(&f, "irc.a.example"), "of-a");
	assert_int_equal(components_find(&f.components, "irc.a.example")->queue, 7);
	assert_string_equal(secret_of(&f, "irc.b.example"), "all");
	assert_int_equal(components_find(&f.components, "irc.b.example")->queue, 3);
	assert_string_equal(secret_of(&f, "own.a.example"), "own");
	assert_string_equal(secret_of(&f, "any.a.example"), "of-a");
	assert_string_equal(secret_of(&f, "any.b.example"), "all");
	clear(&f);
}

static void without_a_secret_there_are_none(void **state)
{
	struct fixture f;
	assert_true(read(&f, "domain \"a.example\" { }\n"));
	assert_null(components_find(&f.components, "irc.a.example"));
	clear(&f);
	assert_true(read(&f, "component { secret = \"\";  allowed = [ \"*\" ] }\n domain \"a.example\" { }\n"));
	assert_null(components_find(&f.components, "irc.a.example"));
	clear(&f);
}

static void what_is_said_twice_or_is_no_name_is_refused(void **state)
{
	static const char *const wrong[] = { "\"*.x.example\", \"*.x.example\"", "\"**\"", "\"*x.example\"", "\"a..b\"", "\"*.\"", "\"irc.example\"" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct fixture f;
		char text[256];
		snprintf(text, sizeof text, "component \"irc.example\" { secret = s;  domains = [ %s ] }\n", wrong[i]);
		if (read(&f, text))
			fail_msg("%s was taken", wrong[i]);
		clear(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_name_counts),
		cmocka_unit_test(a_secret_is_inherited_from_the_domain_above_the_name),
		cmocka_unit_test(without_a_secret_there_are_none),
		cmocka_unit_test(what_is_said_twice_or_is_no_name_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

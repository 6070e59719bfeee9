/* XEP-0133's nodes and the table of commands: all thirty are there, and say what their commands understand. */
#include "core/command.h"
#include "core/module.h"
#include "core/server.h"
#include "modules/adhoc.h"
#include "xmpp/form.h"
#include "xmpp/ns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

const struct module *const modules[] = { NULL };
struct server server;

/* §4, without the retracted one. */
static const char *const names[] = {
	"add-user", "delete-user", "disable-user", "reenable-user", "end-user-session", "change-user-password", "get-user-roster", "get-user-lastlogin",
	"user-stats", "edit-blacklist", "edit-whitelist", "get-registered-users-num", "get-disabled-users-num", "get-online-users-num",
	"get-active-users-num", "get-idle-users-num", "get-registered-users-list", "get-disabled-users-list", "get-online-users-list", "get-active-users",
	"get-idle-users", "announce", "set-motd", "edit-motd", "delete-motd", "set-welcome", "delete-welcome", "edit-admin", "restart", "shutdown",
};

static void all_thirty_are_there_and_have_their_commands(void **state)
{
	struct adhoc_node node;
	assert_int_equal(admin_node_count(), 30);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_true(admin_node_at(i, &node));
		assert_string_equal(strchr(node.node, '#') + 1, names[i]);
		assert_memory_equal(node.node, NS_ADMIN, strlen(NS_ADMIN));
		assert_non_null(node.command);
		assert_true(command_is_remote(node.command));
	}
	assert_false(admin_node_at(30, &node));
}

/* A field or a value that its command doesn't declare would end the process here, and not when somebody asks. */
static void every_form_is_understood_by_its_command(void **state)
{
	struct arena *a = arena_new();
	struct adhoc_node node;
	ns_intern();
	for (size_t i = 0; admin_node_at(i, &node); i++) {
		struct adhoc_asked asked = { .arena = a, .node = &node, .domain = "example", .rows = 100 };
		struct xml *submitted = form_new(a, FORM_SUBMIT, NULL, NULL, NULL);
		if (adhoc_stages(&node)) {
			const struct xml *form = adhoc_form(&asked, 0);
			assert_string_equal(form_about(form, a), NS_ADMIN);
			for (const struct xml *f = xml_child(form, NS_DATA, "field"); f; f = xml_next(f, NS_DATA, "field"))
				form_add(a, submitted, FIELD_TEXT_SINGLE, xml_get(f, "var"), NULL, "a@example");
			asked.submitted[0] = submitted;
		}
		const char *fault = NULL;
		assert_non_null(adhoc_runs(&asked, &fault));
		struct xml *result = NULL;
		adhoc_result(&asked, adhoc_runs(&asked, &fault), &(struct command_outcome){ node.command, NULL, OK }, &result);
	}
	arena_free(a);
}

static bool declares(const struct command *c, const char *field)
{
	for (const struct command_field *f = c->fields; f && f->name; f++)
		if (strcmp(f->name, field) == 0)
			return true;
	return false;
}

static void every_answer_is_made_of_its_command_s_fields(void **state)
{
	static const char *const fields[][2] = { { "get-user-roster", "contact" }, { "get-user-lastlogin", "last_login" }, { "user-stats", "addresses" },
		{ "user-stats", "contacts" }, { "user-stats", "resources" }, { "user-stats", "stanzas_per_second" }, { "user-stats", "logins_per_minute" },
		{ "get-registered-users-num", "registered" }, { "get-disabled-users-num", "disabled" }, { "get-online-users-num", "online" },
		{ "get-active-users-num", "active" }, { "get-idle-users-num", "idle" }, { "get-registered-users-list", "jid" }, { "get-online-users-list", "jid" } };
	struct adhoc_node node;
	for (size_t n = 0; n < sizeof fields / sizeof *fields; n++) {
		size_t i = 0;
		while (strcmp(names[i], fields[n][0]) != 0)
			i++;
		assert_true(admin_node_at(i, &node));
		assert_true(declares(node.command, fields[n][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_thirty_are_there_and_have_their_commands),
		cmocka_unit_test(every_form_is_understood_by_its_command),
		cmocka_unit_test(every_answer_is_made_of_its_command_s_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

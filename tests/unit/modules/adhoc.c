/* XEP-0050 asked of a core that writes down what would be run. */
#include "fake.h"
#include "modules/adhoc.h"
#include "modules/modules.h"
#include "xmpp/form.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define ME "juliet@example/balcony"
#define OTHER "juliet@example/phone"
#define COMMANDS "xmlns='http://jabber.org/protocol/commands'"

static void nothing(struct command_run *run)
{
}

static const struct command
	add = { .noun = "user", .verb = "add", .help = "Adds", .run = nothing, .is_act = true, .concerns = "JID", .may = MAY_DOMAIN_ADMIN,
		.args = ARGS({ "JID", "whom", ARG_UNLESS_INPUT }, { "-p PASSWORD", "secret", ARG_ASKED }, { "--batch", "many", ARG_INPUT }, { "--tls MODE", "how", 0, "on off" }) },
	remove_one = { .noun = "user", .verb = "remove", .help = "Removes", .run = nothing, .is_act = true, .args = ARGS({ "JID", "whom", 0 }) },
	list = { .noun = "user", .verb = "list", .help = "Lists", .run = nothing,
		.args = ARGS({ "DOMAIN", "whose", ARG_OPTIONAL | ARG_DOMAIN }, { "--max N", "at most", ARG_NUMBER | ARG_MOST, NULL, 1, 50 }, { "--disabled", "only those", 0 }),
		.fields = FIELDS({ "jid", "who" }, { "disabled", "whether", FIELD_YES }) },
	stop = { .noun = "stop", .help = "Stops", .run = nothing, .is_act = true },
	status = { .noun = "status", .help = "Tells", .run = nothing, .fields = FIELDS({ "version", "which" }), .is_card = true },
	motd_show = { .noun = "motd", .verb = "show", .help = "Shows", .run = nothing, .args = ARGS({ "--domain DOMAIN", "whose", ARG_DOMAIN }), .fields = FIELDS({ "text", "it" }) },
	motd_edit = { .noun = "motd", .verb = "edit", .help = "Edits", .run = nothing, .args = ARGS({ "TEXT", "it", ARG_REST | ARG_LINES }, { "--domain DOMAIN", "whose", ARG_DOMAIN }) },
	export = { .noun = "export", .help = "Writes", .run = nothing, .args = ARGS({ "FILE", "where", ARG_TO_FILE }) },
	follow = { .noun = "log", .verb = "follow", .help = "Follows", .run = nothing, .is_local = true };
const struct command *const commands[] = { &add, &remove_one, &list, &stop, &status, &motd_show, &motd_edit, &export, &follow, NULL };

static int setup(void **state)
{
	fake_begin(state);
	fake.may_administrate = true;
	return 0;
}

static int teardown(void **state)
{
	if (fake.live)
		mod_adhoc.live_free(fake.live);
	fake.live = NULL;
	return fake_end(state);
}

static const char *ask_as(const char *who, const char *attributes, const char *inside)
{
	static char asked[2000];
	fake.condition = NULL;
	fake.command = NULL;
	snprintf(asked, sizeof asked, "<command " COMMANDS " %s>%s</command>", attributes, inside);
	return fake_ask(&mod_adhoc, TYPE_SET, TO_HOST, who, asked);
}

static const char *begin(const char *who, const char *node)
{
	static char attributes[200];
	snprintf(attributes, sizeof attributes, "node='%s'", node);
	ask_as(who, attributes, "");
	return xml_get(fake.reply, "sessionid");
}

static const char *go_on(const char *who, const char *node, const char *id, const char *action, const char *fields)
{
	static char attributes[300], inside[1000];
	snprintf(attributes, sizeof attributes, "node='%s' sessionid='%s' action='%s'", node, id, action);
	snprintf(inside, sizeof inside, "<x xmlns='jabber:x:data' type='submit'>%s</x>", fields);
	return ask_as(who, attributes, inside);
}

static const struct xml *answer(const char *json, const struct command *c, enum stanza_error condition)
{
	json_t *parsed = json_loads(json, 0, NULL);
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_SET, ME, "example");
	enum stanza_error e = fake.ran(t, &(struct command_outcome){ c, parsed, condition }, fake.ran_with);
	json_decref(parsed);
	return e == OK ? fake.reply : NULL;
}

static void what_is_submitted_becomes_the_command_s_values(void **state)
{
	const char *id = begin(ME, "jackdaw:user add");
	assert_non_null(id);
	assert_string_equal(go_on(ME, "jackdaw:user add", id, "next", "<field var='jid'><value>romeo@example</value></field><field var='password'><value>p</value></field>")[0] ? "form" : "", "form");
	assert_null(fake.command);
	go_on(ME, "jackdaw:user add", id, "complete", "<field var='tls'><value>off</value></field>");
	assert_ptr_equal(fake.command, &add);
	assert_string_equal(fake.values[0], "romeo@example");
	assert_string_equal(fake.values[1], "p");
	assert_null(fake.values[2]);
	assert_string_equal(fake.values[3], "off");
}

static void what_may_be_left_out_needs_not_be_asked_for(void **state)
{
	const char *id = begin(ME, "jackdaw:user add");
	go_on(ME, "jackdaw:user add", id, "execute", "<field var='jid'><value>romeo@example</value></field><field var='password'><value>p</value></field>");
	assert_ptr_equal(fake.command, &add);
	assert_null(fake.values[3]);
}

static void what_does_not_fit_is_not_run_and_may_be_sent_again(void **state)
{
	const char *id = begin(ME, "jackdaw:user list");
	static const char *const wrong[] = { "<field var='max'><value>0</value></field>", "<field var='max'><value>51</value></field>",
		"<field var='max'><value>x</value></field>", "<field var='disabled'><value>maybe</value></field>", "<field var='max'><value>1</value><value>2</value></field>",
		"<field var='FORM_TYPE'><value>urn:else</value></field>" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_string_equal(go_on(ME, "jackdaw:user list", id, "complete", wrong[i]), "bad-request");
		assert_string_equal(fake.condition, "bad-payload");
		assert_null(fake.command);
	}
	go_on(ME, "jackdaw:user list", id, "complete", "<field var='domain'><value>other</value></field><field var='max'><value>50</value></field>"
		"<field var='disabled'><value>true</value></field>");
	assert_ptr_equal(fake.command, &list);
	assert_string_equal(fake.values[0], "other");
	assert_string_equal(fake.values[1], "50");
	assert_string_equal(fake.values[2], "");
}

static void a_list_is_no_longer_than_an_answer_may_be(void **state)
{
	fake_option("rows", "20");
	go_on(ME, "jackdaw:user list", begin(ME, "jackdaw:user list"), "complete", "");
	assert_string_equal(fake.values[1], "20");
}

static void rows_become_items_and_what_is_too_much_is_counted(void **state)
{
	fake_option("rows", "2");
	go_on(ME, "jackdaw:user list", begin(ME, "jackdaw:user list"), "complete", "");
	const struct xml *reply = answer("{\"ok\":true,\"rows\":[{\"jid\":\"a\",\"disabled\":true},{\"jid\":\"b\"},{\"jid\":\"c\"}]}", &list, OK);
	const struct xml *form = xml_child(reply, NS_DATA, "x");
	assert_string_equal(xml_get(reply, "status"), "completed");
	assert_int_equal(xml_count(form, NS_DATA, "item"), 2);
	assert_int_equal(xml_count(xml_child(form, NS_DATA, "reported"), NS_DATA, "field"), 2);
	assert_string_equal(xml_child_text(reply, NS_COMMANDS, "note", fake.arena), "1 more were left out.");
	assert_string_equal(xml_string(fake.arena, xml_child(form, NS_DATA, "item"), NS_DATA), "<item><field var='jid' type='text-single'><value>a</value></field>"
		"<field var='disabled' type='boolean'><value>1</value></field></item>");
}

static void what_failed_is_an_error_where_it_has_a_code_and_else_a_note(void **state)
{
	go_on(ME, "jackdaw:stop", begin(ME, "jackdaw:stop"), "complete", "");
	assert_ptr_equal(fake.command, &stop);
	assert_null(answer("{\"ok\":false,\"error\":\"not now\"}", &stop, CONFLICT));
	go_on(ME, "jackdaw:stop", begin(ME, "jackdaw:stop"), "complete", "");
	const struct xml *reply = answer("{\"ok\":false,\"error\":\"not now\"}", &stop, OK), *note = xml_child(reply, NS_COMMANDS, "note");
	assert_string_equal(xml_get(note, "type"), "error");
	assert_string_equal(xml_text(note, fake.arena), "not now");
}

static void what_only_tells_runs_at_once_and_an_act_asks_first(void **state)
{
	assert_string_equal(ask_as(ME, "node='jackdaw:status'", ""), "waits");
	assert_ptr_equal(fake.command, &status);
	assert_non_null(begin(ME, "jackdaw:stop"));
	assert_null(fake.command);
}

static void nobody_else_begins_or_goes_on(void **state)
{
	const char *id = begin(ME, "jackdaw:user remove");
	assert_string_equal(go_on(OTHER, "jackdaw:user remove", id, "complete", "<field var='jid'><value>a@b</value></field>"), "bad-request");
	assert_string_equal(fake.condition, "bad-sessionid");
	fake.may_administrate = false;
	assert_string_equal(ask_as(OTHER, "node='jackdaw:user remove'", ""), "forbidden");
	/* Nor who was allowed when it began, and isn't any more. */
	assert_string_equal(go_on(ME, "jackdaw:user remove", id, "complete", "<field var='jid'><value>a@b</value></field>"), "forbidden");
	assert_null(fake.command);
}

static void a_form_is_run_once(void **state)
{
	const char *id = begin(ME, "jackdaw:user remove"), *who = "<field var='jid'><value>a@b</value></field>";
	go_on(ME, "jackdaw:user remove", id, "complete", who);
	assert_ptr_equal(fake.command, &remove_one);
	assert_string_equal(go_on(ME, "jackdaw:user remove", id, "complete", who), "not-allowed");
	assert_string_equal(fake.condition, "session-expired");
	assert_null(fake.command);
}

static void dialogues_are_few_and_those_that_are_over_are_forgotten(void **state)
{
	const char *first = begin(ME, "jackdaw:user remove"), *id = first;
	for (int i = 0; i < 10; i++)
		id = begin(ME, "jackdaw:user remove");
	assert_string_equal(go_on(ME, "jackdaw:user remove", first, "cancel", ""), "not-allowed");     /* the eleventh ended it */
	for (int i = 0; i < 100; i++)
		id = begin(ME, "jackdaw:user remove");
	assert_string_equal(go_on(ME, "jackdaw:user remove", first, "cancel", ""), "bad-request");      /* and by now nobody knows it */
	assert_non_null(strstr(go_on(ME, "jackdaw:user remove", id, "cancel", ""), "canceled"));
}

static void a_client_s_dialogues_end_with_it(void **state)
{
	const char *id = begin(ME, "jackdaw:user remove"), *other = begin(OTHER, "jackdaw:user remove");
	fake_hook(&mod_adhoc, SESSION_GONE, AT_DELIVER, fake_turn(NULL, KIND_NOTIFY, TYPE_UNAVAILABLE, ME, NULL));
	assert_string_equal(go_on(ME, "jackdaw:user remove", id, "cancel", ""), "not-allowed");
	assert_non_null(strstr(go_on(OTHER, "jackdaw:user remove", other, "cancel", ""), "canceled"));
}

static void a_form_shows_what_is(void **state)
{
	assert_string_equal(ask_as(ME, "node='http://jabber.org/protocol/admin#edit-motd'", ""), "waits");
	assert_ptr_equal(fake.command, &motd_show);
	assert_string_equal(fake.values[0], "example");
	const struct xml *reply = answer("{\"ok\":true,\"rows\":[{\"text\":\"one\\ntwo\"}]}", &motd_show, OK);
	assert_string_equal(form_lines(xml_child(reply, NS_DATA, "x"), "motd", fake.arena), "one\ntwo");
	go_on(ME, "http://jabber.org/protocol/admin#edit-motd", xml_get(reply, "sessionid"), "complete", "<field var='motd'><value>a</value><value>b</value></field>");
	assert_ptr_equal(fake.command, &motd_edit);
	assert_string_equal(fake.values[0], "a\nb");
	assert_string_equal(fake.values[1], "example");
}

static void the_domain_may_have_gone_meanwhile(void **state)
{
	ask_as(ME, "node='http://jabber.org/protocol/admin#edit-motd'", "");
	json_t *rows = json_loads("{\"ok\":true,\"rows\":[]}", 0, NULL);
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_SET, ME, "example");
	t->host = NULL;
	assert_int_equal(fake.ran(t, &(struct command_outcome){ &motd_show, rows, OK }, fake.ran_with), ITEM_NOT_FOUND);
	json_decref(rows);
}

static void files_and_endless_lines_are_no_commands_here(void **state)
{
	assert_string_equal(ask_as(ME, "node='jackdaw:export'", ""), "item-not-found");
	assert_string_equal(ask_as(ME, "node='jackdaw:log follow'", ""), "item-not-found");
	assert_string_equal(ask_as(ME, "node='http://jabber.org/protocol/admin#announce'", ""), "forbidden");  /* this table has no such command */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_submitted_becomes_the_command_s_values),
		TEST(what_may_be_left_out_needs_not_be_asked_for),
		TEST(what_does_not_fit_is_not_run_and_may_be_sent_again),
		TEST(a_list_is_no_longer_than_an_answer_may_be),
		TEST(rows_become_items_and_what_is_too_much_is_counted),
		TEST(what_failed_is_an_error_where_it_has_a_code_and_else_a_note),
		TEST(what_only_tells_runs_at_once_and_an_act_asks_first),
		TEST(nobody_else_begins_or_goes_on),
		TEST(a_form_is_run_once),
		TEST(dialogues_are_few_and_those_that_are_over_are_forgotten),
		TEST(a_client_s_dialogues_end_with_it),
		TEST(a_form_shows_what_is),
		TEST(the_domain_may_have_gone_meanwhile),
		TEST(files_and_endless_lines_are_no_commands_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

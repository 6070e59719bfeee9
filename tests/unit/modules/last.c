/* When somebody was last here: what is noted, and who is told. */
#include "fake.h"
#include "core/server.h"
#include "modules/modules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ME "juliet@example/balcony"
#define STRANGER "romeo@elsewhere/orchard"
#define LAST "<query xmlns='jabber:iq:last'/>"

static struct turn *turn_of(struct session *s, const char *stanza, enum type type)
{
	struct turn *t = fake_turn(stanza ? fake_parse(stanza) : NULL, KIND_NOTIFY, type, ME, NULL);
	t->session = s;
	return t;
}

static void come(unsigned sessions)
{
	fake.account.session_count = sessions;
	fake.appended = 0;
}

static void only_the_first_and_the_last_session_are_noted(void **state)
{
	struct session *s = fake_session("balcony", 0);
	s->is_available = false;
	clock_set(0, 5000);
	come(1);
	fake_hook(&mod_last, SESSION_BOUND, AT_KEEP, turn_of(s, NULL, TYPE_NORMAL));
	assert_int_equal(fake.appended, 1);
	assert_int_equal(fake.appends[0].values[1].number, 5000);
	come(2);
	fake_hook(&mod_last, SESSION_BOUND, AT_KEEP, turn_of(s, NULL, TYPE_NORMAL));
	fake_hook(&mod_last, SESSION_GONE, AT_KEEP, turn_of(s, NULL, TYPE_NORMAL));
	assert_int_equal(fake.appended, 0);
	come(1);
	fake_hook(&mod_last, SESSION_GONE, AT_KEEP, turn_of(s, NULL, TYPE_NORMAL));
	assert_int_equal(fake.appended, 1);
	assert_non_null(strstr(fake.appends[0].sql, "logout"));
}

static void nothing_is_noted_of_an_account_that_was_removed(void **state)
{
	struct session *s = fake_session("balcony", 0);
	come(1);
	fake.account.state = ACCOUNT_UNKNOWN;
	fake_hook(&mod_last, SESSION_GONE, AT_KEEP, turn_of(s, NULL, TYPE_NORMAL));
	assert_int_equal(fake.appended, 0);
}

static void the_status_is_that_of_the_last_unavailable_presence(void **state)
{
	struct session *s = fake_session("balcony", 0);
	come(1);
	fake_hook(&mod_last, PRESENCE_SENT, AT_KEEP, turn_of(s, "<presence type='unavailable'><status>bye</status></presence>", TYPE_UNAVAILABLE));
	assert_string_equal(fake.appends[0].values[1].bytes, "bye");
	fake_hook(&mod_last, PRESENCE_SENT, AT_KEEP, turn_of(s, "<presence><status>here</status></presence>", TYPE_AVAILABLE));
	assert_int_equal(fake.appended, 1);
	fake_hook(&mod_last, SESSION_GONE, AT_KEEP, turn_of(s, NULL, TYPE_NORMAL));      /* available to the end */
	assert_int_equal(fake.appended, 3);
	assert_int_equal(fake.appends[1].values[1].kind, VALUE_NULL);
}

static void a_long_status_is_cut_between_characters(void **state)
{
	char text[1200] = "<presence type='unavailable'><status>";
	struct session *s = fake_session("balcony", 0);
	for (int i = 0; i < 1022; i++)
		strcat(text, "x");
	strcat(text, "☃!</status></presence>");             /* three bytes, of which two would fit */
	come(1);
	fake_hook(&mod_last, PRESENCE_SENT, AT_KEEP, turn_of(s, text, TYPE_UNAVAILABLE));
	assert_int_equal(strlen(fake.appends[0].values[1].bytes), 1022);
}

static const char *told(read_function *found, int64_t login, int64_t logout, const char *status)
{
	struct value row[] = { V(login), V(logout), V(status) };
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_GET, ME, NULL);
	enum stanza_error e = found(t, fake_rows(row, 3, login || logout || status ? 1 : 0));
	return e == OK ? xml_string(fake.arena, fake.reply, NS_CLIENT) : stanza_error_name(e);
}

static void tells_the_seconds_and_the_words(void **state)
{
	clock_set(0, 905500);
	assert_string_equal(fake_ask(&mod_last, TYPE_GET, TO_ACCOUNT, STRANGER, LAST), "forbidden");
	fake.may_see = true;
	assert_string_equal(fake_ask(&mod_last, TYPE_GET, TO_ACCOUNT, STRANGER, LAST), "waits");
	read_function *found = fake.found;
	assert_string_equal(told(found, 1000, 2500, "Heading Home"), "<query xmlns='jabber:iq:last' seconds='903'>Heading Home</query>");
	assert_string_equal(told(found, 5500, 2500, NULL), "<query xmlns='jabber:iq:last' seconds='900'/>");       /* no logout was noted */
	assert_string_equal(told(found, 0, 0, NULL), "item-not-found");
	come(1);
	assert_string_equal(fake_ask(&mod_last, TYPE_GET, TO_ACCOUNT, ME, LAST), "<query xmlns='jabber:iq:last' seconds='0'/>");
}

static void tells_the_uptime(void **state)
{
	server.started = 1000;
	clock_set(0, 124456000 + 1000);
	assert_string_equal(fake_ask(&mod_last, TYPE_GET, TO_HOST, STRANGER, LAST), "<query xmlns='jabber:iq:last' seconds='124456'/>");
}

static void tells_the_server_itself(void **state)
{
	struct value row[] = { V(7), V(8), V("bye") };
	struct turn *t = fake_turn(EL(fake.arena, NS_CALL, "last"), KIND_CALL, TYPE_NORMAL, NULL, NULL);
	fake.account.session_count = 1;
	assert_int_equal(mod_last.calls->run(t), HANDLED);
	assert_int_equal(fake.found(t, fake_rows(row, 3, 1)), HANDLED);
	assert_string_equal(xml_string(fake.arena, fake.answer, NS_CALL), "<last online='yes' login='7' logout='8' status='bye'/>");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_first_and_the_last_session_are_noted),
		TEST(nothing_is_noted_of_an_account_that_was_removed),
		TEST(the_status_is_that_of_the_last_unavailable_presence),
		TEST(a_long_status_is_cut_between_characters),
		TEST(tells_the_seconds_and_the_words),
		TEST(tells_the_uptime),
		TEST(tells_the_server_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

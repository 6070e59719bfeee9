/* Offline messages: what is stored, when it is refused, how it is read to a session. */
#include "modules/offline.h"
#include "fake.h"
#include "modules/modules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define FROM "romeo@elsewhere/orchard"
#define STATE "<active xmlns='http://jabber.org/protocol/chatstates'/>"
#define HINT(name) "<" name " xmlns='urn:xmpp:hints'/>"

static enum worth worth(enum type type, const char *inside)
{
	return offline_worth(fake_parse(arena_printf(fake.arena, "<message>%s</message>", inside)), type);
}

static void what_is_worth_keeping(void **state)
{
	assert_int_equal(worth(TYPE_CHAT, "<body>x</body>"), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_NORMAL, "<subject>x</subject>"), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_NORMAL, ""), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_CHAT, "<received xmlns='urn:xmpp:receipts' id='1'/>"), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_CHAT, "<body>x</body>" STATE), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_CHAT, STATE), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_CHAT, "<rtt xmlns='urn:xmpp:rtt:0' seq='1'><t>x</t></rtt>"), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_CHAT, "<body>x</body><rtt xmlns='urn:xmpp:rtt:0' seq='1'><t>x</t></rtt>"), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_CHAT, "<attention xmlns='urn:xmpp:attention:0'/>"), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_CHAT, STATE "<thread>t</thread><origin-id xmlns='urn:xmpp:sid:0' id='1'/>"), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_HEADLINE, "<body>x</body>"), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_GROUPCHAT, "<body>x</body>"), WORTH_AN_ERROR);
	assert_int_equal(worth(TYPE_ERROR, "<body>x</body>"), WORTH_NOTHING);
}

static void hints_are_followed(void **state)
{
	assert_int_equal(worth(TYPE_CHAT, "<body>x</body>" HINT("no-store")), WORTH_AN_ERROR);
	assert_int_equal(worth(TYPE_CHAT, STATE HINT("no-store")), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_CHAT, "<body>x</body>" HINT("no-permanent-store")), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_CHAT, STATE HINT("store")), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_HEADLINE, HINT("store")), WORTH_KEEPING);
	assert_int_equal(worth(TYPE_ERROR, HINT("store")), WORTH_NOTHING);
	assert_int_equal(worth(TYPE_CHAT, HINT("store") HINT("no-store")), WORTH_AN_ERROR);
}

static struct turn *message(void)
{
	return fake_turn(fake_parse("<message from='romeo@elsewhere/orchard' to='juliet@example' type='chat'><body>x</body></message>"),
		KIND_MESSAGE, TYPE_CHAT, FROM, "juliet@example");
}

static enum stanza_error miss(struct turn *t)
{
	return fake_hook(&mod_offline, MESSAGE, AT_MISS, t);
}

static void what_nobody_took_is_stored_as_it_came(void **state)
{
	assert_int_equal(miss(message()), HANDLED);
	assert_int_equal(fake.appended, 1);
	assert_int_equal(fake.appends[0].values[1].number, 7);
	assert_string_equal(fake.appends[0].values[4].bytes,
		"<message from='romeo@elsewhere/orchard' to='juliet@example' type='chat'><body>x</body></message>");
}

static void what_somebody_took_is_not_stored(void **state)
{
	struct turn *t = message();
	t->is_delivered = true;
	assert_int_equal(miss(t), OK);
	assert_int_equal(fake.appended, 0);
}

static void a_row_is_put_down_before_a_counting_senders_message_is_delivered(void **state)
{
	struct turn *t = message();
	fake_session("balcony", 0);
	t->wants_keeping = true;
	assert_int_equal(fake_hook(&mod_offline, MESSAGE, AT_KEEP, t), OK);
	assert_int_equal(fake.appended, 1);
	assert_int_equal(fake.flight, fake.appends[0].values[0].number);
	assert_int_equal(miss(t), HANDLED);              /* the session ended in between: the row is there */
	assert_int_equal(fake.appended, 1);
}

static void other_senders_and_absent_users_need_no_row_beforehand(void **state)
{
	struct turn *t = message();
	t->wants_keeping = true;
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	fake_session("negative", -1);
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	fake_session("balcony", 0);
	t->wants_keeping = false;
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	assert_int_equal(fake.appended, 0);
}

static void what_comes_back_keeps_its_row(void **state)
{
	struct turn *t = message();
	fake.kept = 5;
	fake_session("balcony", 0);
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	assert_int_equal(fake.flight, 5);
	assert_int_equal(miss(t), HANDLED);
	assert_int_equal(fake.appended, 0);
}

static void one_too_many_is_refused_only_after_counting(void **state)
{
	struct value counted[2] = { value_int(2), value_int(200) };
	fake_option("limit", "2");
	miss(message());
	miss(message());
	assert_int_equal(miss(message()), SERVICE_UNAVAILABLE);
	struct turn *t = message();
	t->wants_keeping = true;
	fake_session("balcony", 0);
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);            /* a live one is never refused, and may have gone since */
	assert_int_equal(fake.appended, 3);
	assert_int_equal(miss(message()), HANDLED);
	read_function *found = fake.found;
	assert_non_null(found);
	assert_int_equal(found(message(), fake_rows(counted, 2, 1)), SERVICE_UNAVAILABLE);
	counted[0] = value_int(1);
	assert_int_equal(found(message(), fake_rows(counted, 2, 1)), HANDLED);
	assert_int_equal(fake.appended, 4);
}

static void bytes_are_limited_too(void **state)
{
	fake_option("limit_bytes", "150");
	assert_int_equal(miss(message()), HANDLED);
	assert_int_equal(miss(message()), SERVICE_UNAVAILABLE);
	fake_option("limit_bytes", "0");
}

/* --- reading --- */

static const struct rows *rows_from(unsigned first, unsigned count)
{
	struct value *v = arena_alloc(fake.arena, count * 3 * sizeof *v + 1);
	for (unsigned i = 0; i < count; i++) {
		v[3 * i] = value_int(first + i);
		v[3 * i + 1] = value_int(1031699305007);
		v[3 * i + 2] = value_text("<message from='romeo@elsewhere/orchard'><body>x</body></message>");
	}
	return fake_rows(v, 3, count);
}

static struct turn *presence(struct session *s)
{
	struct turn *t = fake_turn(fake_parse("<presence/>"), KIND_NOTIFY, TYPE_AVAILABLE, s->jid->full, NULL);
	t->session = s;
	fake_hook(&mod_offline, PRESENCE_SENT, AT_MISS, t);
	return t;
}

static void read_by(struct turn *t, const struct rows *rows)
{
	fake.found(t, rows);
}

static void nothing_is_read_when_nothing_waits(void **state)
{
	presence(fake_session("balcony", 0));
	assert_null(fake.found);
}

static void a_negative_priority_gets_nothing(void **state)
{
	miss(message());
	presence(fake_session("balcony", -1));
	assert_null(fake.found);
}

static void messages_are_read_with_the_time_they_came(void **state)
{
	struct session *s = fake_session("balcony", 0);
	miss(message());
	struct turn *t = presence(s);
	fake.in_flight[0] = 2;
	fake.found(t, rows_from(1, 3));
	assert_int_equal(fake.delivered, 2);
	assert_int_equal(fake.deliveries[0].key, 1);
	assert_int_equal(fake.deliveries[1].key, 3);
	assert_string_equal(xml_string(fake.arena, fake.deliveries[0].stanza, NS_CLIENT), "<message from='romeo@elsewhere/orchard'><body>x</body>"
		"<delay xmlns='urn:xmpp:delay' from='example' stamp='2002-09-10T23:08:25.007Z'>Offline Storage</delay></message>");
	assert_null(fake.later);
	fake.found(t, rows_from(1, 0));
	presence(s);
	assert_null(fake.found);                         /* the table is known to be empty */
}

static struct turn *called(void)
{
	struct turn *t = fake_turn(fake.later, KIND_CALL, TYPE_GET, NULL, NULL);
	fake.later = NULL;
	mod_offline.calls[0].run(t);
	return t;
}

static void a_full_page_is_followed_by_another(void **state)
{
	struct session *s = fake_session("balcony", 0);
	miss(message());
	read_by(presence(s), rows_from(1, 50));
	assert_int_equal(fake.delivered, 50);
	assert_string_equal(xml_get(fake.later, "after"), "50");
	struct turn *t = called();
	fake.delivered = 0;
	fake.found(t, rows_from(51, 3));
	assert_int_equal(fake.delivered, 3);
	assert_null(fake.later);
}

static void a_slow_client_is_waited_for(void **state)
{
	miss(message());
	read_by(presence(fake_session("balcony", 0)), rows_from(1, 50));
	fake.is_slow = true;
	called();
	assert_null(fake.found);
	assert_string_equal(xml_get(fake.later, "after"), "50");
	assert_string_equal(xml_get(fake.later, "wait"), "100");
	fake.is_slow = false;
	called();
	assert_non_null(fake.found);
}

static void one_session_is_read_to_at_a_time(void **state)
{
	miss(message());
	read_by(presence(fake_session("balcony", 0)), rows_from(1, 50));
	presence(fake_session("chamber", 0));
	assert_null(fake.found);
}

static void another_session_takes_over_from_one_that_ended(void **state)
{
	struct session *first = fake_session("balcony", 0), *second = fake_session("chamber", 0);
	miss(message());
	read_by(presence(first), rows_from(1, 50));
	first->stream = NULL;
	struct turn *t = fake_turn(NULL, KIND_MESSAGE, TYPE_NORMAL, first->jid->full, NULL);
	t->session = first;
	fake_hook(&mod_offline, SESSION_GONE, AT_MISS, t);
	list_remove(&first->in_account);
	fake.delivered = 0;
	t = called();
	fake.found(t, rows_from(1, 2));
	assert_int_equal(fake.delivered, 2);
	assert_ptr_equal(fake.deliveries[0].session, second);
}

static void what_comes_back_waits_since_it_was_sent(void **state)
{
	fake.since = 1031699305007;
	assert_int_equal(miss(message()), HANDLED);
	assert_int_equal(fake.appends[0].values[2].number, 1031699305007);
}

static void what_is_stamped_by_us_already_is_not_stamped_again(void **state)
{
	const struct value row[] = { value_int(1), value_int(1031699305007), value_text("<message from='romeo@elsewhere/orchard'>"
		"<delay xmlns='urn:xmpp:delay' from='example' stamp='2002-09-10T23:08:25.007Z'/></message>") };
	const struct value forged[] = { value_int(2), value_int(1031699305007), value_text("<message from='romeo@elsewhere/orchard'>"
		"<delay xmlns='urn:xmpp:delay' from='example' stamp='1999-09-10T23:08:25.007Z'/></message>") };
	miss(message());
	read_by(presence(fake_session("balcony", 0)), fake_rows(row, 3, 1));
	read_by(presence(&fake.session[0]), fake_rows(forged, 3, 1));
	assert_int_equal(xml_count(fake.deliveries[0].stanza, NS_DELAY, "delay"), 1);
	assert_int_equal(xml_count(fake.deliveries[1].stanza, NS_DELAY, "delay"), 2);
}

static void hibernate(struct session *s)
{
	static const struct session_stream stream = { .hibernates = true };
	s->stream = &stream;
}

static void nobody_reads_to_a_session_that_hibernates(void **state)
{
	struct session *first = fake_session("balcony", 0);
	miss(message());
	read_by(presence(first), rows_from(1, 50));
	hibernate(first);
	called();
	assert_null(fake.found);
	presence(fake_session("chamber", 0));
	assert_non_null(fake.found);
}

static void what_goes_only_to_sessions_that_hibernate_is_kept(void **state)
{
	struct turn *t = message();
	struct session *phone = fake_session("phone", 0), *desk = fake_session("desk", 0);
	hibernate(phone);
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	assert_int_equal(fake.appended, 0);
	phone->priority = 5;                             /* the desk doesn't get it */
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	assert_int_equal(fake.appended, 1);
	fake.flight = 0;
	phone->priority = 0;
	desk->is_available = false;
	fake_hook(&mod_offline, MESSAGE, AT_KEEP, t);
	assert_int_equal(fake.appended, 2);
}

static void a_session_that_is_resumed_is_read_to(void **state)
{
	struct session *s = fake_session("balcony", 0);
	struct turn *t = fake_turn(NULL, KIND_MESSAGE, TYPE_NORMAL, s->jid->full, NULL);
	t->session = s;
	fake.account.state = ACCOUNT_READY;
	fake_hook(&mod_offline, SESSION_RESUMED, AT_MISS, t);
	assert_null(fake.found);
	miss(message());
	fake_hook(&mod_offline, SESSION_RESUMED, AT_MISS, t);
	assert_non_null(fake.found);
}

static void what_a_session_held_over_a_restart_gets_a_row(void **state)
{
	struct turn *t = fake_turn(NULL, KIND_MESSAGE, TYPE_NORMAL, NULL, NULL);
	assert_int_equal(mod_offline.flight_put(t, fake_parse("<message type='headline'><body>x</body></message>"), TYPE_HEADLINE, 5), 0);
	assert_int_equal(fake.written, 0);
	int64_t key = mod_offline.flight_put(t, fake_parse("<message type='chat'><body>x</body></message>"), TYPE_CHAT, 5);
	assert_int_equal(fake.written, 1);
	assert_int_equal(fake.writes[0].values[0].number, key);
	assert_int_equal(fake.writes[0].values[2].number, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_worth_keeping),
		TEST(hints_are_followed),
		TEST(what_nobody_took_is_stored_as_it_came),
		TEST(what_somebody_took_is_not_stored),
		TEST(a_row_is_put_down_before_a_counting_senders_message_is_delivered),
		TEST(other_senders_and_absent_users_need_no_row_beforehand),
		TEST(what_comes_back_keeps_its_row),
		TEST(one_too_many_is_refused_only_after_counting),
		TEST(bytes_are_limited_too),
		TEST(nothing_is_read_when_nothing_waits),
		TEST(a_negative_priority_gets_nothing),
		TEST(messages_are_read_with_the_time_they_came),
		TEST(a_full_page_is_followed_by_another),
		TEST(a_slow_client_is_waited_for),
		TEST(one_session_is_read_to_at_a_time),
		TEST(another_session_takes_over_from_one_that_ended),
		TEST(what_comes_back_waits_since_it_was_sent),
		TEST(what_is_stamped_by_us_already_is_not_stamped_again),
		TEST(nobody_reads_to_a_session_that_hibernates),
		TEST(what_goes_only_to_sessions_that_hibernate_is_kept),
		TEST(a_session_that_is_resumed_is_read_to),
		TEST(what_a_session_held_over_a_restart_gets_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

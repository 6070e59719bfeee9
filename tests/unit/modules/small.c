/* The small XEPs, asked one question at a time. */
#include "fake.h"
#include "modules/modules.h"
#include "xmpp/caps2.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define ME "juliet@example/balcony"
#define STRANGER "romeo@elsewhere/orchard"
#define INFO "<query xmlns='http://jabber.org/protocol/disco#info'/>"
#define ITEMS "<query xmlns='http://jabber.org/protocol/disco#items'/>"

static void assert_says(const char *answer, const char *part)
{
	if (!strstr(answer, part))
		fail_msg("'%s' isn't in: %s", part ? part : "", answer ? answer : "");
}

/* --- disco --- */

static void the_host_says_who_it_is_and_what_it_can_do(void **state)
{
	const char *answer = fake_ask(&mod_disco, TYPE_GET, TO_HOST, STRANGER, INFO);
	assert_says(answer, "<identity category='server' type='im'");
	assert_says(answer, "<feature var='http://jabber.org/protocol/disco#info'/>");
	assert_says(answer, "<feature var='urn:xmpp:ping'/>");
	assert_says(answer, "<feature var='msgoffline'/>");
	assert_says(answer, "<feature var='vcard-temp'/>");
	assert_says(answer, "<feature var='jabber:iq:register'/>");
}

static void registration_is_named_only_where_it_is_to_be_had(void **state)
{
	fake_option("allow_password_change", "no");
	fake_option("allow_remove", "no");
	assert_null(strstr(fake_ask(&mod_disco, TYPE_GET, TO_HOST, STRANGER, INFO), "jabber:iq:register"));
}

static void the_node_in_the_stream_features_answers_what_was_hashed(void **state)
{
	char asked[200];
	struct xml *features = EL(fake.arena, NS_STREAMS, "features");
	mod_disco.stream_features(&fake.host, fake.arena, features);
	const struct xml *c = xml_child(features, NS_CAPS, "c");
	snprintf(asked, sizeof asked, "<query xmlns='http://jabber.org/protocol/disco#info' node='%s#%s'/>", xml_get(c, "node"), xml_get(c, "ver"));
	assert_string_not_equal(fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, asked), "item-not-found");
	assert_string_equal(xml_get(fake.reply, "node") + strlen(xml_get(c, "node")) + 1, xml_get(c, "ver"));
	assert_string_equal(caps_ver(fake.arena, fake.reply, "sha-1"), xml_get(c, "ver"));
}

/* The hash of this host's answer, as it stands in the stream's features. */
static const char *caps2_told(const char *function)
{
	struct xml *features = EL(fake.arena, NS_STREAMS, "features");
	mod_disco.stream_features(&fake.host, fake.arena, features);
	const struct xml *hash = xml_first(xml_child(features, NS_CAPS2, "c"));
	while (hash && strcmp(xml_get(hash, "algo"), function) != 0)
		hash = xml_next(hash, NS_HASHES, "hash");
	return hash ? xml_text(hash, fake.arena) : NULL;
}

static const char *ask_hash(const char *function, const char *hash)
{
	return fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, arena_printf(fake.arena,
		"<query xmlns='http://jabber.org/protocol/disco#info' node='urn:xmpp:caps#%s.%s'/>", function, hash));
}

static void each_hash_has_a_node_that_answers_what_was_hashed(void **state)
{
	static const char *const functions[] = { "sha-256", "sha3-256" };
	for (int i = 0; i < 2; i++) {
		const char *hash = caps2_told(functions[i]);
		assert_string_not_equal(ask_hash(functions[i], hash), "item-not-found");
		assert_int_equal(caps2_check(fake.arena, fake.reply, "", functions[i], hash), CAPS_RIGHT);
	}
	assert_string_equal(ask_hash("sha3-256", caps2_told("sha-256")), "item-not-found");
	assert_string_equal(ask_hash("sha-256", ""), "item-not-found");
}

static void what_was_told_before_a_reload_can_still_be_asked(void **state)
{
	const char *old = caps2_told("sha-256");
	fake_option("allow_password_change", "no");
	fake_option("allow_remove", "no");
	fake.hosts.generation = 77;
	assert_string_not_equal(caps2_told("sha-256"), old);
	assert_says(ask_hash("sha-256", old), "jabber:iq:register");
	assert_int_equal(caps2_check(fake.arena, fake.reply, "", "sha-256", old), CAPS_RIGHT);
	assert_null(strstr(ask_hash("sha-256", caps2_told("sha-256")), "jabber:iq:register"));
}

static void a_modules_node_has_its_own_features(void **state)
{
	const char *answer = fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, "<query xmlns='http://jabber.org/protocol/disco#info' node='http://jabber.org/protocol/shim'/>");
	assert_says(answer, "<feature var='http://jabber.org/protocol/shim#Store'/>");
	assert_null(strstr(answer, "jabber:iq:version"));
}

/* --- contact --- */

static void addresses_are_told_when_there_are_any(void **state)
{
	assert_null(strstr(fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, INFO), "serverinfo"));
	fake_option("abuse", "mailto:abuse@example");
	fake_option("outage", "https://elsewhere.example/");
	const char *answer = fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, INFO);
	assert_says(answer, "<value>http://jabber.org/network/serverinfo</value></field><field var='abuse-addresses' type='list-multi'><value>mailto:abuse@example</value></field></x>");
	assert_says(answer, "<value>urn:xmpp:sos:0</value></field><field var='external-status-addresses' type='list-multi'><value>https://elsewhere.example/</value>");
}

/* --- server IP --- */

static void a_client_learns_its_address_and_nobody_elses(void **state)
{
	const char *address = "<address xmlns='urn:xmpp:sic:1'/>";
	assert_string_equal(fake_ask(&mod_server_ip, TYPE_GET, TO_HOST, STRANGER, address), "forbidden");
	fake_session("balcony", 0);
	fake.peer = "192.0.2.1:40312";
	assert_string_equal(fake_ask(&mod_server_ip, TYPE_GET, TO_SELF, ME, address), "<address xmlns='urn:xmpp:sic:1'><ip>192.0.2.1</ip><port>40312</port></address>");
	fake.peer = "[2001:db8::9:1]:5";
	assert_string_equal(fake_ask(&mod_server_ip, TYPE_GET, TO_SELF, ME, address), "<address xmlns='urn:xmpp:sic:1'><ip>2001:db8::9:1</ip><port>5</port></address>");
	static const char *const none[] = { "unix:/run/a:1", "unix:", "unknown", "" };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		fake.peer = none[i];
		assert_string_equal(fake_ask(&mod_server_ip, TYPE_GET, TO_SELF, ME, address), "item-not-found");
	}
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_GET, ME, "romeo@example");
	t->payload = fake_parse(address);
	assert_int_equal(fake_hook(&mod_server_ip, IQ_SENT, AT_GUARD, t), FORBIDDEN);
}

static void an_unknown_node_is_not_found(void **state)
{
	const char *asked = "<query xmlns='http://jabber.org/protocol/disco#info' node='nothing'/>";
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, asked), "item-not-found");
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_ACCOUNT, ME, asked), "item-not-found");
}

static void a_new_configuration_makes_a_new_hash(void **state)
{
	struct xml *old = EL(fake.arena, NS_STREAMS, "features"), *new = EL(fake.arena, NS_STREAMS, "features");
	mod_disco.stream_features(&fake.host, fake.arena, old);
	fake_option("allow_password_change", "no");
	fake_option("allow_remove", "no");
	fake.hosts.generation++;
	mod_disco.stream_features(&fake.host, fake.arena, new);
	assert_string_not_equal(xml_get(xml_first(old), "ver"), xml_get(xml_first(new), "ver"));
}

static void an_account_answers_those_who_may_see_it(void **state)
{
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_ACCOUNT, STRANGER, INFO), "service-unavailable");
	assert_says(fake_ask(&mod_disco, TYPE_GET, TO_ACCOUNT, ME, INFO), "<identity category='account' type='registered'");
	fake.may_see = true;
	assert_says(fake_ask(&mod_disco, TYPE_GET, TO_ACCOUNT, STRANGER, INFO), "<identity category='account' type='registered'");
}

static void an_account_lists_its_sessions_to_those_who_may_see_it(void **state)
{
	fake_session("balcony", -1);
	fake_session("away", 0)->is_available = false;
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_ACCOUNT, STRANGER, ITEMS), ITEMS);
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_ACCOUNT, ME, ITEMS),
		"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='juliet@example/balcony'/></query>");
}

static void a_host_lists_components_and_what_is_configured(void **state)
{
	static const char *const items[] = { "rooms.elsewhere Rooms of friends", "bot@example/a", "irc.example twice", NULL };
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, ITEMS), ITEMS);
	fake.connected = "irc.example";
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, ITEMS), ITEMS);
	fake.component.is_listed = true;
	fake.items = items;
	assert_string_equal(fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, ITEMS), "<query xmlns='http://jabber.org/protocol/disco#items'>"
		"<item jid='irc.example'/><item jid='rooms.elsewhere' name='Rooms of friends'/><item jid='bot@example/a'/></query>");
}

/* --- ping, version, time --- */

static void pings_are_answered_but_not_to_strangers_of_an_account(void **state)
{
	const char *ping = "<ping xmlns='urn:xmpp:ping'/>";
	assert_string_equal(fake_ask(&mod_ping, TYPE_GET, TO_HOST, STRANGER, ping), "");
	assert_string_equal(fake_ask(&mod_ping, TYPE_GET, TO_ACCOUNT, ME, ping), "");
	assert_string_equal(fake_ask(&mod_ping, TYPE_GET, TO_ACCOUNT, STRANGER, ping), "service-unavailable");
}

static void tells_the_system_when_allowed(void **state)
{
	const char *query = "<query xmlns='jabber:iq:version'/>";
	assert_null(strstr(fake_ask(&mod_version, TYPE_GET, TO_HOST, ME, query), "<os>"));
	fake_option("show_system", "yes");
	assert_says(fake_ask(&mod_version, TYPE_GET, TO_HOST, ME, query), "<os>Linux</os>");
}

static void the_host_says_its_version_in_a_form_too(void **state)
{
	fake_option("show_system", "no");
	const char *answer = fake_ask(&mod_disco, TYPE_GET, TO_HOST, ME, INFO);
	assert_says(answer, "<value>urn:xmpp:dataforms:softwareinfo</value>");
	assert_says(answer, "<value>" SERVER_VERSION "</value>");
	assert_null(strstr(answer, "Linux"));
}

static void tells_the_time_in_utc_and_its_zone(void **state)
{
	clock_set(1, 1031699305007);
	setenv("TZ", "XYZ+3:30", 1);
	tzset();
	assert_string_equal(fake_ask(&mod_time, TYPE_GET, TO_HOST, ME, "<time xmlns='urn:xmpp:time'/>"),
		"<time xmlns='urn:xmpp:time'><tzo>-03:30</tzo><utc>2002-09-10T23:08:25Z</utc></time>");
}

/* --- stanza ids --- */

static void only_ids_in_the_accounts_own_name_are_taken_out(void **state)
{
	struct xml *sent = fake_parse("<message><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='juliet@example'/><body>x</body>"
		"<stanza-id xmlns='urn:xmpp:sid:0' id='2' by='room@elsewhere'/><stanza-id xmlns='urn:xmpp:sid:0' id='3' by='JULIET@Example'/>"
		"<origin-id xmlns='urn:xmpp:sid:0' id='4'/></message>");
	const char *before = xml_string(fake.arena, sent, NS_CLIENT);
	struct turn *t = fake_turn(sent, KIND_MESSAGE, TYPE_CHAT, STRANGER, "juliet@example");
	assert_int_equal(fake_hook(&mod_stanza_id, MESSAGE, AT_MARK, t), OK);
	assert_string_equal(xml_string(fake.arena, t->stanza, NS_CLIENT), "<message><body>x</body>"
		"<stanza-id xmlns='urn:xmpp:sid:0' id='2' by='room@elsewhere'/><origin-id xmlns='urn:xmpp:sid:0' id='4'/></message>");
	assert_string_equal(xml_string(fake.arena, sent, NS_CLIENT), before);
}

static void a_message_without_forged_ids_is_not_copied(void **state)
{
	struct xml *sent = fake_parse("<message><body>x</body></message>");
	struct turn *t = fake_turn(sent, KIND_MESSAGE, TYPE_CHAT, STRANGER, "juliet@example");
	fake_hook(&mod_stanza_id, MESSAGE, AT_MARK, t);
	assert_ptr_equal(t->stanza, sent);
}

/* --- vCards --- */

static const char *card_found(struct turn *t, const char *card)
{
	struct value v = value_text(card);
	enum stanza_error e = fake.found(t, fake_rows(&v, 1, card ? 1 : 0));
	return e == OK ? xml_string(fake.arena, fake.reply, NS_CLIENT) : stanza_error_name(e);
}

static void a_card_is_read_by_everybody(void **state)
{
	assert_string_equal(fake_ask(&mod_vcard, TYPE_GET, TO_ACCOUNT, STRANGER, "<vCard xmlns='vcard-temp'/>"), "waits");
	struct turn t = { .arena = fake.arena, .account = &fake.account, .from = jid_parse(fake.arena, STRANGER) };
	assert_string_equal(card_found(&t, "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>"), "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>");
	assert_string_equal(card_found(&t, NULL), "service-unavailable");
	t.from = jid_parse(fake.arena, ME);
	assert_string_equal(card_found(&t, NULL), "item-not-found");
}

static void a_card_is_written_by_its_owner(void **state)
{
	const char *card = "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>";
	assert_string_equal(fake_ask(&mod_vcard, TYPE_SET, TO_SELF, ME, card), "");
	assert_string_equal(fake.writes[0].values[1].bytes, card);
	assert_string_equal(fake_ask(&mod_vcard, TYPE_SET, TO_ACCOUNT, STRANGER, card), "nobody");
	struct turn *t = fake_turn(NULL, KIND_INFO, TYPE_SET, ME, "romeo@example");
	t->payload = fake_parse(card);
	assert_int_equal(fake_hook(&mod_vcard, IQ_SENT, AT_GUARD, t), FORBIDDEN);
}

/* --- registration --- */

#define REGISTER(inside) "<query xmlns='jabber:iq:register'>" inside "</query>"

static const char *register_set(const char *payload)
{
	return fake_ask(&mod_register, TYPE_SET, TO_SELF, ME, payload);
}

static void says_that_one_is_registered(void **state)
{
	fake_session("balcony", 0);
	const char *answer = fake_ask(&mod_register, TYPE_GET, TO_SELF, ME, "<query xmlns='jabber:iq:register'/>");
	assert_says(answer, "<registered/><username>juliet</username><password/>");
}

static void a_password_is_changed_and_the_other_sessions_end(void **state)
{
	fake_session("balcony", 0);
	fake_session("chamber", 0);
	assert_string_equal(register_set(REGISTER("<username>Juliet</username><password>new</password>")), "");
	assert_true(fake.is_changed);
	assert_int_equal(fake.ended, 1);
}

static void a_password_is_not_changed_for_less(void **state)
{
	fake_session("balcony", 0);
	assert_string_equal(register_set(REGISTER("<username>juliet</username>")), "bad-request");
	assert_string_equal(register_set(REGISTER("<password>new</password>")), "bad-request");
	assert_string_equal(register_set(REGISTER("<username>juliet</username><password/>")), "bad-request");
	assert_string_equal(register_set(REGISTER("<username>romeo</username><password>new</password>")), "bad-request");
	fake.session[0].stream_with = NULL;              /* no TLS */
	assert_string_equal(register_set(REGISTER("<username>juliet</username><password>new</password>")), "not-authorized");
	fake_option("allow_password_change", "no");
	assert_string_equal(register_set(REGISTER("<username>juliet</username><password>new</password>")), "not-allowed");
	assert_false(fake.is_changed);
}

static void an_account_is_removed_when_nothing_else_is_asked(void **state)
{
	fake_session("balcony", 0);
	assert_string_equal(register_set(REGISTER("<remove/><username>juliet</username>")), "bad-request");
	assert_false(fake.is_removed);
	assert_string_equal(register_set(REGISTER("<remove/>")), "");
	assert_true(fake.is_removed);
}

static void an_account_is_not_removed_where_that_is_off(void **state)
{
	fake_session("balcony", 0);
	fake_option("allow_remove", "no");
	assert_string_equal(register_set(REGISTER("<remove/>")), "not-allowed");
	assert_false(fake.is_removed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_host_says_who_it_is_and_what_it_can_do),
		TEST(registration_is_named_only_where_it_is_to_be_had),
		TEST(the_node_in_the_stream_features_answers_what_was_hashed),
		TEST(each_hash_has_a_node_that_answers_what_was_hashed),
		TEST(what_was_told_before_a_reload_can_still_be_asked),
		TEST(a_modules_node_has_its_own_features),
		TEST(addresses_are_told_when_there_are_any),
		TEST(a_client_learns_its_address_and_nobody_elses),
		TEST(an_unknown_node_is_not_found),
		TEST(a_new_configuration_makes_a_new_hash),
		TEST(an_account_answers_those_who_may_see_it),
		TEST(an_account_lists_its_sessions_to_those_who_may_see_it),
		TEST(a_host_lists_components_and_what_is_configured),
		TEST(pings_are_answered_but_not_to_strangers_of_an_account),
		TEST(tells_the_system_when_allowed),
		TEST(the_host_says_its_version_in_a_form_too),
		TEST(tells_the_time_in_utc_and_its_zone),
		TEST(only_ids_in_the_accounts_own_name_are_taken_out),
		TEST(a_message_without_forged_ids_is_not_copied),
		TEST(a_card_is_read_by_everybody),
		TEST(a_card_is_written_by_its_owner),
		TEST(says_that_one_is_registered),
		TEST(a_password_is_changed_and_the_other_sessions_end),
		TEST(a_password_is_not_changed_for_less),
		TEST(an_account_is_removed_when_nothing_else_is_asked),
		TEST(an_account_is_not_removed_where_that_is_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* XEP-0390: its two examples, what may not be hashed, and nodes. */
#include "xmpp/caps2.h"
#include "tree.h"

static const char *const bombus[] = {
	"http://jabber.org/protocol/si", "http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/chatstates",
	"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:ping", "jabber:iq:time",
	"jabber:iq:privacy", "jabber:iq:version", "http://jabber.org/protocol/rosterx", "urn:xmpp:time", "jabber:x:oob",
	"http://jabber.org/protocol/ibb", "http://jabber.org/protocol/si/profile/file-transfer", "urn:xmpp:receipts", "jabber:iq:roster",
	"jabber:iq:last", NULL,
};
static const char *const tkabber[] = {
	"games:board", "http://jabber.org/protocol/activity", "http://jabber.org/protocol/activity+notify",
	"http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/chatstates", "http://jabber.org/protocol/commands",
	"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/evil",
	"http://jabber.org/protocol/feature-neg", "http://jabber.org/protocol/geoloc", "http://jabber.org/protocol/geoloc+notify",
	"http://jabber.org/protocol/ibb", "http://jabber.org/protocol/iqibb", "http://jabber.org/protocol/mood",
	"http://jabber.org/protocol/mood+notify", "http://jabber.org/protocol/rosterx", "http://jabber.org/protocol/si",
	"http://jabber.org/protocol/si/profile/file-transfer", "http://jabber.org/protocol/tune", "http://www.facebook.com/xmpp/messages",
	"http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify", "jabber:iq:avatar", "jabber:iq:browse", "jabber:iq:dtcp",
	"jabber:iq:filexfer", "jabber:iq:ibb", "jabber:iq:inband", "jabber:iq:jidlink", "jabber:iq:last", "jabber:iq:oob", "jabber:iq:privacy",
	"jabber:iq:roster", "jabber:iq:time", "jabber:iq:version", "jabber:x:data", "jabber:x:event", "jabber:x:oob",
	"urn:xmpp:avatar:metadata+notify", "urn:xmpp:ping", "urn:xmpp:receipts", "urn:xmpp:time", NULL,
};

#define FORM_TYPE(value) "<field var='FORM_TYPE' type='hidden'><value>" value "</value></field>"

static struct xml *info(const char *inside, const char *const *features)
{
	struct xml *query = parsed(arena_printf(a, "<query>%s</query>", inside), NS_DISCO_INFO);
	for (; features && *features; features++)
		xml_append(query, EL(a, NS_DISCO_INFO, "feature", ATTR(a, "var", *features)));
	return query;
}

static void the_simple_example(void **state)
{
	struct xml *query = info("<identity category='client' name='BombusMod' type='mobile'/>", bombus);
	assert_string_equal(caps2_hash(a, query, "", "sha-256"), "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=");
	assert_string_equal(caps2_hash(a, query, "", "sha3-256"), "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=");
}

static void the_complex_example(void **state)
{
	struct xml *query = info("<identity category='client' name='Tkabber' type='pc' xml:lang='en'/>"
		"<identity category='client' name='Ткаббер' type='pc' xml:lang='ru'/>"
		"<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("urn:xmpp:dataforms:softwareinfo")
		"<field var='software'><value>Tkabber</value></field>"
		"<field var='software_version'><value>0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)</value></field>"
		"<field var='os'><value>Windows</value></field><field var='os_version'><value>XP</value></field></x>", tkabber);
	assert_string_equal(caps2_hash(a, query, "", "sha-256"), "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=");
	assert_string_equal(caps2_hash(a, query, "", "sha3-256"), "XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg=");
	assert_int_equal(caps2_check(a, query, "", "sha-256", "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY="), CAPS_RIGHT);
	assert_int_equal(caps2_check(a, query, "", "sha3-256", "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY="), CAPS_WRONG);
	assert_int_equal(caps2_check(a, query, "", "sha-1", "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY="), CAPS_UNKNOWN);
	assert_int_equal(caps2_check(a, query, "", "md5", ""), CAPS_UNKNOWN);
}

static void every_part_ends_by_itself(void **state)
{
	assert_string_equal(caps2_string(a, info("", NULL), ""), "\x1c\x1c\x1c");
	assert_string_equal(caps2_string(a, info("<feature var='b'/><feature var='a'/><feature/><identity category='c' type='t'/>", NULL), ""),
		"\x1f" "a\x1f" "b\x1f\x1c" "c\x1ft\x1f\x1f\x1f\x1e\x1c\x1c");
	assert_string_equal(caps2_string(a, info("<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("f") "<field var='v'><value>2</value><value>1</value></field>"
		"<field/></x>", NULL), ""), "\x1c\x1c\x1f\x1e" "FORM_TYPE\x1f" "f\x1f\x1ev\x1f" "1\x1f" "2\x1f\x1e\x1d\x1c");
}

/* One of the words with its end is less than another that begins with it: sorting comes behind. */
static void what_ends_sorts_before_what_goes_on(void **state)
{
	assert_string_equal(caps2_string(a, info("<feature var='ab'/><feature var='a'/>", NULL), ""), "a\x1f" "ab\x1f\x1c\x1c\x1c");
}

static void the_language_around_counts(void **state)
{
	const char *inside = "<identity category='c' type='t' xml:lang='it'/><identity category='c' type='u'/>";
	assert_string_equal(caps2_string(a, info(inside, NULL), "en"), "\x1c" "c\x1ft\x1fit\x1f\x1f\x1e" "c\x1fu\x1f" "en\x1f\x1f\x1e\x1c\x1c");
	struct xml *query = parsed("<query xml:lang='de'><identity category='c' type='u'/></query>", NS_DISCO_INFO);
	assert_string_equal(caps2_string(a, query, "en"), "\x1c" "c\x1fu\x1f" "de\x1f\x1f\x1e\x1c\x1c");
}

static void what_may_not_be_hashed_is_believed_by_nobody(void **state)
{
	static const char *const wrong[] = {
		"<other/>",
		"<feature xmlns='urn:example' var='a'/>",
		"<x xmlns='jabber:x:data' type='result'><field var='v'><value>1</value></field></x>",
		"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>f</value></field></x>",
		"<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("f") "<reported/></x>",
		"<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("f") "<item/></x>",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_null(caps2_string(a, info(wrong[i], NULL), ""));
		assert_int_equal(caps2_check(a, info(wrong[i], NULL), "", "sha-256", ""), CAPS_WRONG);
	}
}

/* The words of one entity, cut otherwise: XEP-0115 could be deceived so. */
static void nobody_passes_for_somebody_else(void **state)
{
	const char *one = caps2_string(a, info("<identity category='c' type='t' name='n'/><feature var='a'/><feature var='b'/>", NULL), "");
	const char *other = caps2_string(a, info("<identity category='c' type='t' name='na'/><feature var='b'/>", NULL), "");
	assert_string_not_equal(one, other);
}

static void nodes_are_taken_apart_at_the_last_dot(void **state)
{
	const char *function, *hash;
	assert_true(caps2_read_node(a, "urn:xmpp:caps#sha-256.AAA=", &function, &hash));
	assert_string_equal(function, "sha-256");
	assert_string_equal(hash, "AAA=");
	assert_true(caps2_read_node(a, "urn:xmpp:caps#odd.name.AAA=", &function, &hash));
	assert_string_equal(function, "odd.name");
	static const char *const wrong[] = { "", "urn:xmpp:caps#", "urn:xmpp:caps#sha-256", "urn:xmpp:caps#sha-256.", "urn:xmpp:caps#.AAA=", "sha-256.AAA=" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(caps2_read_node(a, wrong[i], &function, &hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_simple_example),
		TEST(the_complex_example),
		TEST(every_part_ends_by_itself),
		TEST(what_ends_sorts_before_what_goes_on),
		TEST(the_language_around_counts),
		TEST(what_may_not_be_hashed_is_believed_by_nobody),
		TEST(nobody_passes_for_somebody_else),
		TEST(nodes_are_taken_apart_at_the_last_dot),
	};
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

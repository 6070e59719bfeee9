/* Capabilities: XEP-0115's two examples, its rules for sorting, and what is ill-formed. */
#include "xmpp/caps.h"
#include "tree.h"

static const char exodus[] =
	"<identity category='client' name='Exodus 0.9.1' type='pc'/>"
	"<feature var='http://jabber.org/protocol/muc'/>"
	"<feature var='http://jabber.org/protocol/disco#info'/>"
	"<feature var='http://jabber.org/protocol/caps'/>"
	"<feature var='http://jabber.org/protocol/disco#items'/>";

#define FORM_TYPE(value) "<field var='FORM_TYPE' type='hidden'><value>" value "</value></field>"

static const char psi[] =
	"<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
	"<identity xml:lang='el' category='client' name='\xce\xa8 0.11' type='pc'/>"
	"<feature var='http://jabber.org/protocol/caps'/>"
	"<feature var='http://jabber.org/protocol/disco#info'/>"
	"<feature var='http://jabber.org/protocol/disco#items'/>"
	"<feature var='http://jabber.org/protocol/muc'/>"
	"<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("urn:xmpp:dataforms:softwareinfo")
	"<field var='software'><value>Psi</value></field>"
	"<field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>"
	"<field var='os'><value>Mac</value></field>"
	"<field var='software_version'><value>0.11</value></field>"
	"<field var='os_version'><value>10.5.1</value></field>"
	"</x>";

static struct xml *info(const char *inside)
{
	return parsed(arena_printf(a, "<query>%s</query>", inside), NS_DISCO_INFO);
}

static void the_simple_example(void **state)
{
	assert_string_equal(caps_string(a, info(exodus)), "client/pc//Exodus 0.9.1<http://jabber.org/protocol/caps<"
		"http://jabber.org/protocol/disco#info<http://jabber.org/protocol/disco#items<http://jabber.org/protocol/muc<");
	assert_string_equal(caps_ver(a, info(exodus), "sha-1"), "QgayPKawpkPSDYmwT/WM94uAlu0=");
	assert_int_equal(caps_check(a, info(exodus), "sha-1", "QgayPKawpkPSDYmwT/WM94uAlu0="), CAPS_RIGHT);
}

static void the_complex_example(void **state)
{
	assert_string_equal(caps_ver(a, info(psi), "sha-1"), "q07IKJEyjvHSyhy//CH0CxmKi8w=");
	assert_int_equal(caps_check(a, info(psi), "sha-1", "q07IKJEyjvHSyhy//CH0CxmKi8w="), CAPS_RIGHT);
}

static void sha_256_is_known_and_md5_is_not(void **state)
{
	/* printf 'client/pc//Exodus 0.9.1<…muc<' | openssl dgst -binary -sha256 | base64 */
	const char *ver = "Wr6IGEKhx6b9627gBmi/cCmpxXBc/GYq5zWuYfWGWoc=";
	assert_string_equal(caps_ver(a, info(exodus), "sha-256"), ver);
	assert_int_equal(caps_check(a, info(exodus), "sha-256", ver), CAPS_RIGHT);
	assert_null(caps_ver(a, info(exodus), "md5"));
	assert_int_equal(caps_check(a, info(exodus), "md5", "x"), CAPS_UNKNOWN);
}

static void another_hash_is_wrong(void **state)
{
	assert_int_equal(caps_check(a, info(exodus), "sha-1", "q07IKJEyjvHSyhy//CH0CxmKi8w="), CAPS_WRONG);
	assert_int_equal(caps_check(a, info(exodus), "sha-256", "QgayPKawpkPSDYmwT/WM94uAlu0="), CAPS_WRONG);
	assert_int_equal(caps_check(a, info(exodus), "sha-1", ""), CAPS_WRONG);
}

static void nothing_makes_an_empty_string(void **state)
{
	assert_string_equal(caps_string(a, info("")), "");
	assert_string_equal(caps_ver(a, info(""), "sha-1"), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
}

static void identities_are_sorted_by_category_then_type_then_language(void **state)
{
	assert_string_equal(caps_string(a, info(
		"<identity category='a-b' type='x'/><identity category='a' type='y'/>"
		"<identity category='a' type='x-y'/><identity category='a' type='x' xml:lang='en' name='n'/><identity category='a' type='x'/>")),
		"a/x//<a/x/en/n<a/x-y//<a/y//<a-b/x//<");
}

static void sorting_goes_by_bytes(void **state)
{
	assert_string_equal(caps_string(a, info("<feature var='\xc3\xa9'/><feature var='b'/><feature var='B'/><feature var='_'/>")),
		"B<_<b<\xc3\xa9<");
}

static void forms_are_sorted_and_those_that_do_not_count_are_left_out(void **state)
{
	assert_string_equal(caps_string(a, info(
		"<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("urn:b") "<field var='v'/></x>"
		"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:untyped</value></field></x>"
		"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='text-single'><value>urn:shown</value></field></x>"
		"<x xmlns='jabber:x:data' type='result'><field var='v'><value>untold</value></field></x>"
		"<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("urn:a") "<field var='w'><value>2</value><value>1</value></field></x>")),
		"urn:a<w<1<2<urn:b<v<");
}

static void what_is_ill_formed_is_refused(void **state)
{
	static const char *const wrong[] = {
		"<identity category='client' type='pc' name='x'/><identity category='client' type='pc' name='x'/>",
		"<identity category='c' type='p' xml:lang='en'/><identity category='c' type='q'/><identity category='c' type='p' xml:lang='en'/>",
		"<feature var='a'/><feature var='b'/><feature var='a'/>",
		"<x xmlns='jabber:x:data'>" FORM_TYPE("urn:a") "</x><x xmlns='jabber:x:data'>" FORM_TYPE("urn:a") "<field var='v'/></x>",
		"<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>urn:a</value><value>urn:b</value></field></x>",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_null(caps_string(a, info(wrong[i])));
		assert_null(caps_ver(a, info(wrong[i]), "sha-1"));
		assert_int_equal(caps_check(a, info(wrong[i]), "sha-1", "x"), CAPS_WRONG);
	}
	assert_non_null(caps_string(a, info("<identity category='c' type='p' xml:lang='en'/><identity category='c' type='p'/>")));
	assert_non_null(caps_string(a, info("<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'>"
		"<value>urn:a</value><value>urn:a</value></field></x>")));
}

/* Such an answer has the right hash, and another meaning. */
static void nobody_passes_for_somebody_else(void **state)
{
	const char *forged = "<identity category='client' type='pc' name='Exodus 0.9.1&lt;http://jabber.org/protocol/caps'/>"
		"<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>"
		"<feature var='http://jabber.org/protocol/muc'/>";
	assert_string_equal(caps_ver(a, info(forged), "sha-1"), "QgayPKawpkPSDYmwT/WM94uAlu0=");
	assert_int_equal(caps_check(a, info(forged), "sha-1", "QgayPKawpkPSDYmwT/WM94uAlu0="), CAPS_WRONG);
	struct xml *value = info("<x xmlns='jabber:x:data' type='result'>" FORM_TYPE("urn:a") "<field var='v'><value>1&lt;2</value></field></x>");
	assert_int_equal(caps_check(a, value, "sha-1", caps_ver(a, value, "sha-1")), CAPS_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_simple_example),
		TEST(the_complex_example),
		TEST(sha_256_is_known_and_md5_is_not),
		TEST(another_hash_is_wrong),
		TEST(nothing_makes_an_empty_string),
		TEST(identities_are_sorted_by_category_then_type_then_language),
		TEST(sorting_goes_by_bytes),
		TEST(forms_are_sorted_and_those_that_do_not_count_are_left_out),
		TEST(what_is_ill_formed_is_refused),
		TEST(nobody_passes_for_somebody_else),
	};
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

/* XEP-0106: the table of its §5.1, the other examples, and the way back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "xmpp/jid.h"

static void both_ways(const char *shown, const char *escaped)
{
	struct arena *a = arena_new();
	assert_string_equal(jid_escape(a, shown), escaped);
	assert_string_equal(jid_unescape(a, escaped), shown);
	arena_free(a);
}

static void examples_of_the_xep(void **state)
{
	both_ways("space cadet", "space\\20cadet");
	both_ways("call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22");
	both_ways("at&t guy", "at\\26t\\20guy");
	both_ways("d'artagnan", "d\\27artagnan");
	both_ways("/.fanboy", "\\2f.fanboy");
	both_ways("::foo::", "\\3a\\3afoo\\3a\\3a");
	both_ways("<foo>", "\\3cfoo\\3e");
	both_ways("user@host", "user\\40host");
	both_ways("c:\\net", "c\\3a\\net");
	both_ways("c:\\\\net", "c\\3a\\\\net");
	both_ways("c:\\cool stuff", "c\\3a\\cool\\20stuff");
	both_ways("c:\\5commas", "c\\3a\\5c5commas");
	both_ways("tr\u00e9ville@musketeers.lit", "tr\u00e9ville\\40musketeers.lit");
	both_ways("\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool");
	both_ways("here's_a_wild_&_/cr%zy/_address", "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address");
	both_ways("here's_a_wild_&_/cr%zy/_address_for:<wv>(\"IMPS\")",
		"here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address_for\\3a\\3cwv\\3e(\\22IMPS\\22)");
	both_ways("CN=D'Artagnan Saint-Andr\\E9,O=Example & Company, Inc.,DC=example,DC=com",
		"CN=D\\27Artagnan\\20Saint-Andr\\E9,O=Example\\20\\26\\20Company,\\20Inc.,DC=example,DC=com");
	both_ways("somenick!user\"&'/:<>\\3address", "somenick!user\\22\\26\\27\\2f\\3a\\3c\\3e\\5c3address");
}

static void what_is_no_escape_stays(void **state)
{
	both_ways("\\2plus\\2is\\4", "\\2plus\\2is\\4");
	both_ways("foo\\bar", "foo\\bar");
	both_ways("foob\\41r", "foob\\41r");
	both_ways("\\", "\\");
	both_ways("a\\2", "a\\2");
	both_ways("\\2F\\3A\\5C", "\\2F\\3A\\5C");        /* case matters */
	both_ways("", "");
}

static void each_escape_sequence_is_escaped_itself(void **state)
{
	static const char *const codes[] = { "20", "22", "26", "27", "2f", "3a", "3c", "3e", "40", "5c" };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		char shown[16], escaped[16];
		snprintf(shown, sizeof shown, "x\\%sy", codes[i]);
		snprintf(escaped, sizeof escaped, "x\\5c%sy", codes[i]);
		both_ways(shown, escaped);
	}
	both_ways("\\5c5c", "\\5c5c5c");
	both_ways("\\\\20", "\\\\5c20");
}

static void no_space_stands_at_an_edge(void **state)
{
	struct arena *a = arena_new();
	assert_null(jid_escape(a, " a"));
	assert_null(jid_escape(a, "a "));
	assert_null(jid_escape(a, " "));
	assert_string_equal(jid_unescape(a, "\\20a"), "\\20a");
	assert_string_equal(jid_unescape(a, "a\\20"), "a\\20");
	assert_string_equal(jid_unescape(a, "a\\20\\20b"), "a  b");
	arena_free(a);
}

/* The text is exactly its memory, so AddressSanitizer sees a look behind its end. */
static void nothing_behind_the_end_is_read(void **state)
{
	static const char *const short_ones[] = { "", "a", "\\", "\\2", "\\20", "a\\20" };
	struct arena *a = arena_new();
	for (size_t i = 0; i < sizeof short_ones / sizeof *short_ones; i++) {
		char *text = mem_string(short_ones[i]);
		assert_string_equal(jid_unescape(a, text), text);
		assert_non_null(jid_escape(a, text));
		mem_free(text);
	}
	arena_free(a);
}

static void what_is_escaped_is_a_localpart(void **state)
{
	struct arena *a = arena_new();
	assert_non_null(jid_local(a, jid_escape(a, "a \"&'/:<>@\\5c b")));
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_xep),
		cmocka_unit_test(what_is_no_escape_stays),
		cmocka_unit_test(each_escape_sequence_is_escaped_itself),
		cmocka_unit_test(no_space_stands_at_an_edge),
		cmocka_unit_test(nothing_behind_the_end_is_read),
		cmocka_unit_test(what_is_escaped_is_a_localpart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

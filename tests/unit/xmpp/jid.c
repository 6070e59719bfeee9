/* JIDs: what is one, how it is written, and every limit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "xmpp/jid.h"

static struct arena *a;

static int open_arena(void **state)
{
	a = arena_new();
	return 0;
}

static int close_arena(void **state)
{
	arena_free(a);
	return 0;
}

static void becomes(const char *text, const char *full)
{
	struct jid *j = jid_parse(a, text);
	if (!j)
		fail_msg("refused: %s", text);
	assert_string_equal(j->full, full);
}

static void refused(const char *text)
{
	struct jid *j = jid_parse(a, text);
	if (j)
		fail_msg("not refused: %s gave %s", text, j->full);
}

static char *repeat(const char *text, size_t times)
{
	size_t size = strlen(text);
	char *out = arena_bytes(a, size * times + 1);
	for (size_t i = 0; i < times; i++)
		memcpy(out + i * size, text, size);
	out[size * times] = '\0';
	return out;
}

/* A name of so many bytes in labels of 63 and less. */
static char *long_domain(size_t size)
{
	char *out = repeat("d", size);
	for (size_t i = 63; i + 1 < size; i += 64)
		out[i] = '.';
	return out;
}

static void examples_of_rfc_7622_are_jids(void **state)
{
	becomes("juliet@example.com", "juliet@example.com");
	becomes("juliet@example.com/foo", "juliet@example.com/foo");
	becomes("juliet@example.com/foo bar", "juliet@example.com/foo bar");
	becomes("juliet@example.com/foo@bar", "juliet@example.com/foo@bar");
	becomes("foo\\20bar@example.com", "foo\\20bar@example.com");
	becomes("fussball@example.com", "fussball@example.com");
	becomes("fu\u00dfball@example.com", "fu\u00dfball@example.com");
	becomes("\u03c0@example.com", "\u03c0@example.com");
	becomes("\u03a3@example.com/foo", "\u03c3@example.com/foo");
	becomes("\u03c3@example.com/foo", "\u03c3@example.com/foo");
	becomes("\u03c2@example.com/foo", "\u03c2@example.com/foo");
	becomes("king@example.com/\u265a", "king@example.com/\u265a");
	becomes("example.com", "example.com");
	becomes("example.com/foobar", "example.com/foobar");
	becomes("a.example.com/b@example.net", "a.example.com/b@example.net");
}

static void examples_of_rfc_7622_are_no_jids(void **state)
{
	refused("\"juliet\"@example.com");
	refused("foo bar@example.com");
	refused("juliet@example.com/ foo");
	refused("@example.com/");
	refused("henry\u2163@example.com");
	refused("\u265a@example.com");
	refused("juliet@");
	refused("/foobar");
	refused("");
	refused("@example.com");
	refused("example.com/");
	refused("a@b@example.com");
}

static void parts_are_where_they_should_be(void **state)
{
	struct jid *j = jid_parse(a, "Romeo@Example.NET/Orchard");
	assert_string_equal(j->local, "romeo");
	assert_string_equal(j->domain, "example.net");
	assert_string_equal(j->resource, "Orchard");
	assert_string_equal(j->bare, "romeo@example.net");
	assert_string_equal(j->full, "romeo@example.net/Orchard");

	j = jid_parse(a, "example.net");
	assert_null(j->local);
	assert_null(j->resource);
	assert_string_equal(j->domain, "example.net");
	assert_ptr_equal(j->bare, j->full);
	assert_true(jid_is_bare(j));
}

static void no_localpart_holds_what_rfc_7622_excludes(void **state)
{
	static const char bad[] = " \"&':<>\x7f\t\n\x01";
	for (const char *c = bad; *c; c++) {
		char text[] = "a?b";
		text[1] = *c;
		assert_null(jid_local(a, text));
	}
	assert_null(jid_local(a, "a/b"));
	assert_null(jid_local(a, "a@b"));
	assert_null(jid_local(a, "a\uff20b"));        /* wide '@' */
	assert_null(jid_local(a, "a\uff0fb"));
	for (char c = '!'; c <= '~'; c++)
		if (!strchr("\"&'/:<>@", c)) {
			char text[] = { 'a', c, 0 };
			assert_non_null(jid_local(a, text));
		}
}

static void separators_are_found_before_mapping(void **state)
{
	refused("a\uff20example.com");                /* a wide '@' separates nothing, and no domain has one */
	becomes("a@example.com/b\uff0fc", "a@example.com/b\uff0fc");
}

static void localparts_are_lower_narrow_and_composed(void **state)
{
	assert_string_equal(jid_local(a, "\uff21\uff42"), "ab");
	assert_string_equal(jid_local(a, "A\u030a"), "\u00e5");
	assert_string_equal(jid_local(a, "\u00c5"), "\u00e5");
	assert_string_equal(jid_local(a, "\u0130"), "i\u0307");
	assert_string_equal(jid_local(a, "A\u03a3"), "a\u03c3");   /* the end of a word has no say */
}

static void resources_keep_their_case(void **state)
{
	assert_string_equal(jid_resource(a, "Ab\u00c5"), "Ab\u00c5");
	assert_string_equal(jid_resource(a, "a\u00a0b"), "a b");
	assert_string_equal(jid_resource(a, "a "), "a ");
	assert_null(jid_resource(a, "\u00a0" "a"));
	assert_null(jid_resource(a, "a\tb"));
	assert_null(jid_resource(a, "a\xff"));
	assert_null(jid_resource(a, "\xed\xa0\x80"));
}

static void passwords_may_begin_with_a_space(void **state)
{
	assert_string_equal(jid_password(a, " Pass\u00a0word"), " Pass word");
	assert_null(jid_password(a, ""));
	assert_null(jid_password(a, "a\x7f"));
}

static void domains_are_host_names(void **state)
{
	assert_string_equal(jid_domain(a, "EXAMPLE.com."), "example.com");
	assert_string_equal(jid_domain(a, "localhost"), "localhost");
	assert_string_equal(jid_domain(a, "127.0.0.1"), "127.0.0.1");
	assert_string_equal(jid_domain(a, "3com.example"), "3com.example");
	static const char *const bad[] = { "", ".", "a..b", ".a", "a..", "-a", "a-", "a.-b", "a_b", "a b", "a:b", "ab--c",
		"a\\b", "a@b", "a\x7f", "a\u265a", "a\u3002", "\u3002", "_x.\u00fc", "\u00fc..b", "\xff" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (jid_domain(a, bad[i]))
			fail_msg("not refused: %s", bad[i]);
}

static void domains_are_kept_as_u_labels(void **state)
{
	assert_string_equal(jid_domain(a, "xn--mnchen-3ya.example"), "m\u00fcnchen.example");
	assert_string_equal(jid_domain(a, "XN--MNCHEN-3YA.Example"), "m\u00fcnchen.example");
	assert_string_equal(jid_domain(a, "M\u00dcNCHEN.example"), "m\u00fcnchen.example");
	assert_string_equal(jid_domain(a, "mu\u0308nchen.example."), "m\u00fcnchen.example");
	assert_string_equal(jid_domain(a, "fa\u00df.example"), "fa\u00df.example");
	assert_string_equal(jid_domain(a, "\uff41.example"), "a.example");
	assert_null(jid_domain(a, "xn--"));
	assert_null(jid_domain(a, "xn--a"));
	assert_null(jid_domain(a, "xn--a-.example"));
	assert_null(jid_domain(a, "xn--\u00fc"));
	assert_null(jid_domain(a, "xn--mnchen-3ya-.example"));
	assert_null(jid_domain(a, "xn--ls8h.example"));            /* a symbol */
}

static void each_label_beside_a_right_to_left_one_keeps_the_bidi_rule(void **state)
{
	assert_string_equal(jid_domain(a, "\u05d0\u05d1.example"), "\u05d0\u05d1.example");
	assert_null(jid_domain(a, "\u05d0\u05d1.1example"));
	assert_null(jid_domain(a, "\u05d0a.example"));
}

static void addresses_of_ip_version_6_stand_in_brackets(void **state)
{
	becomes("a@[2001:DB8::1]/r", "a@[2001:db8::1]/r");
	becomes("[::1]", "[::1]");
	becomes("[0:0:0:0:0:0:0:1]", "[::1]");
	refused("::1");
	refused("[::1");
	refused("[]");
	refused("[::g]");
	refused("[::1]x");
	refused("[127.0.0.1]");
}

static void each_part_ends_at_1023_bytes(void **state)
{
	assert_non_null(jid_local(a, repeat("a", 1023)));
	assert_null(jid_local(a, repeat("a", 1024)));
	assert_non_null(jid_resource(a, repeat("a", 1023)));
	assert_null(jid_resource(a, repeat("a", 1024)));
	assert_non_null(jid_domain(a, long_domain(1023)));
	assert_null(jid_domain(a, long_domain(1024)));
	assert_non_null(jid_password(a, repeat("a", 1023)));
	assert_null(jid_password(a, repeat("a", 1024)));
}

static void limits_hold_after_preparation(void **state)
{
	assert_int_equal(strlen(jid_local(a, repeat("\uff21", 1023))), 1023);      /* 3069 bytes before */
	assert_null(jid_local(a, repeat("\uff21", 1024)));
	assert_non_null(jid_local(a, repeat("\u03c0", 511)));
	assert_null(jid_local(a, repeat("\u03c0", 512)));
	assert_non_null(jid_resource(a, repeat("\u265a", 341)));
	assert_null(jid_resource(a, repeat("\u265a", 342)));
	assert_null(jid_local(a, repeat("\u03c0", 100000)));
	assert_null(jid_domain(a, repeat("\u03c0", 100000)));
}

static void labels_end_at_63_bytes(void **state)
{
	assert_non_null(jid_domain(a, repeat("a", 63)));
	assert_null(jid_domain(a, repeat("a", 64)));
	assert_null(jid_domain(a, arena_printf(a, "x.%s.y", repeat("a", 64))));
}

static void a_whole_jid_ends_at_3071_bytes(void **state)
{
	char *local = repeat("a", 1023), *domain = long_domain(1023), *resource = repeat("r", 1023);
	struct jid *j = jid_parse(a, arena_printf(a, "%s@%s/%s", local, domain, resource));
	assert_non_null(j);
	assert_int_equal(strlen(j->full), JID_LENGTH);
	assert_int_equal(strlen(j->resource), JID_PART);
	refused(arena_printf(a, "a%s@%s/%s", local, domain, resource));
	refused(arena_printf(a, "%s@%sd/%s", local, domain, resource));
	refused(arena_printf(a, "%s@%s/%sr", local, domain, resource));
}

static void made_with_and_copied_are_the_same(void **state)
{
	struct jid *j = jid_make(a, "ROMEO", "Example.net", "x/y@z");
	assert_string_equal(j->full, "romeo@example.net/x/y@z");
	assert_true(jid_same(j, jid_copy(a, j)));
	assert_true(jid_same(j, jid_parse(a, j->full)));
	struct jid *bare = jid_with(a, j, NULL);
	assert_string_equal(bare->full, "romeo@example.net");
	assert_true(jid_same_bare(j, bare));
	assert_false(jid_same(j, bare));
	assert_string_equal(jid_with(a, bare, "other")->full, "romeo@example.net/other");
	assert_null(jid_make(a, "", "example.net", NULL));
	assert_null(jid_make(a, NULL, "", NULL));
	assert_null(jid_make(a, NULL, "example.net", ""));
	assert_null(jid_make(a, "a@b", "example.net", NULL));
	assert_null(jid_make(a, NULL, "example.net/x", NULL));
}

/* An arena of just that size holds it, and one of sixteen bytes less doesn't. */
static void fits_what_jid_size_says(void **state)
{
	static const char *const addresses[] = { "romeo@example.net/orchard", "romeo@example.net", "example.net/balcony", "example.net" };
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		const struct jid *j = jid_parse(a, addresses[i]);
		const size_t size = jid_size(j, j->resource);
		struct arena *exact = arena_new_small(size), *less = arena_new_small(size - 16);
		const size_t held = arena_size(exact), held_less = arena_size(less);
		assert_true(jid_same(jid_copy(exact, j), j));
		assert_true(jid_same(jid_copy(less, j), j));
		assert_int_equal(arena_size(exact), held);
		assert_true(arena_size(less) > held_less);
		arena_free(exact);
		arena_free(less);
	}
}

#define HOLDS(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		HOLDS(examples_of_rfc_7622_are_jids),
		HOLDS(examples_of_rfc_7622_are_no_jids),
		HOLDS(parts_are_where_they_should_be),
		HOLDS(no_localpart_holds_what_rfc_7622_excludes),
		HOLDS(separators_are_found_before_mapping),
		HOLDS(localparts_are_lower_narrow_and_composed),
		HOLDS(resources_keep_their_case),
		HOLDS(passwords_may_begin_with_a_space),
		HOLDS(domains_are_host_names),
		HOLDS(domains_are_kept_as_u_labels),
		HOLDS(each_label_beside_a_right_to_left_one_keeps_the_bidi_rule),
		HOLDS(addresses_of_ip_version_6_stand_in_brackets),
		HOLDS(each_part_ends_at_1023_bytes),
		HOLDS(limits_hold_after_preparation),
		HOLDS(labels_end_at_63_bytes),
		HOLDS(a_whole_jid_ends_at_3071_bytes),
		HOLDS(made_with_and_copied_are_the_same),
		HOLDS(fits_what_jid_size_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

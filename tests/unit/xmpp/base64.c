/* Base64: RFC 4648 §10's vectors, and what is refused. */
#include "xmpp/base64.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct arena *a;

static int begin(void **state)
{
	a = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(a);
	return 0;
}

static void the_vectors_go_both_ways(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		size_t size = 99, length = strlen(vectors[i][0]);
		assert_string_equal(base64_encode(a, vectors[i][0], length), vectors[i][1]);
		unsigned char *bytes = base64_decode(a, vectors[i][1], &size);
		assert_non_null(bytes);
		assert_int_equal(size, length);
		assert_memory_equal(bytes, vectors[i][0], length);
	}
}

static void all_bytes_survive(void **state)
{
	unsigned char from[1000];
	for (size_t size = 0; size < sizeof from; size++) {
		size_t got;
		from[size] = (unsigned char)(size * 167 + size / 256);
		unsigned char *bytes = base64_decode(a, base64_encode(a, from, size), &got);
		assert_int_equal(got, size);
		assert_memory_equal(bytes, from, size);
	}
}

static void what_is_not_strict_is_refused(void **state)
{
	static const char *const wrong[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "==", "====", "Z===", "Zg==Zg==", "Z=g=",
		" Zg==", "Zg== ", "Zg==\n", "Zm\n9v", "Zm9-", "Zm9_", "Zm9*", "Zm\xc3\xa4",
	};
	size_t size;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_null(base64_decode(a, wrong[i], &size));
}

static void url_has_its_own_alphabet_and_no_padding(void **state)
{
	static const char *const wrong[] = { "Z", "Zg==", "Zg=", "Zh", "-_+", "a/b_", "Zm9v\n", " Zm9v", "Zm9v Zm9v", "Zm9vZ" };
	size_t size;
	unsigned char *bytes = base64_decode_url(a, "-_-_", 4, &size);
	assert_int_equal(size, 3);
	assert_memory_equal(bytes, "\xfb\xff\xbf", 3);
	bytes = base64_decode_url(a, "Zm8.and more", 3, &size);
	assert_int_equal(size, 2);
	assert_memory_equal(bytes, "fo", 2);
	assert_non_null(base64_decode_url(a, "", 0, &size));
	assert_int_equal(size, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_null(base64_decode_url(a, wrong[i], strlen(wrong[i]), &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_vectors_go_both_ways, begin, end),
		cmocka_unit_test_setup_teardown(all_bytes_survive, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_strict_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(url_has_its_own_alphabet_and_no_padding, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Base64: RFC 4648 §10's vectors, and everything that must be refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "xmpp/base64.h"

static void vectors_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	struct arena *a = arena_new();
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		size_t size = 99;
		assert_string_equal(base64_encode(a, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
		assert_string_equal(base64_decode(a, pairs[i][1], &size), pairs[i][0]);
		assert_int_equal(size, strlen(pairs[i][0]));
	}
	arena_free(a);
}

static void all_bytes_come_back(void **state)
{
	struct arena *a = arena_new();
	unsigned char bytes[256];
	for (int i = 0; i < 256; i++)
		bytes[i] = (unsigned char)i;
	for (size_t n = 0; n <= 256; n++) {
		size_t size;
		char *back = base64_decode(a, base64_encode(a, bytes, n), &size);
		assert_int_equal(size, n);
		assert_memory_equal(back, bytes, n);
	}
	arena_free(a);
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "=", "==", "===", "====", "Z===", "Zm9v=", "Zg==Zg==",
		"Zm9v\n", "Zm 9", " Zm9", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Z=m9", "=Zm9", "Zm9\xff", "Z=g=" };
	struct arena *a = arena_new();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		size_t size;
		if (base64_decode(a, bad[i], &size))
			fail_msg("not refused: %s", bad[i]);
	}
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_rfc_4648),
		cmocka_unit_test(all_bytes_come_back),
		cmocka_unit_test(anything_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

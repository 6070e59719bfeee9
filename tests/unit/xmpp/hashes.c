/* Hash functions by XMPP's names: one value of each, from another program, and those that are not to be used. */
#include "xmpp/hashes.h"
#include "tree.h"

static void each_name_is_its_function(void **state)
{
	static const struct { const char *name, *abc; } known[] = {
		{ "sha-256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" },
		{ "sha-512", "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==" },
		{ "sha3-256", "Ophdp0/iJbIEXBcta9OQvYVfCG4+nVJbRr/iRRFDFTI=" },
		{ "sha-384", "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn" },
		{ "sha3-384", "7AFJgohRb8kmRZ9Y4satjfm0c8sPwIwlltp88OSb5LKY2IzqknrH9Tnx7fIoN20l" },
		{ "sha3-512", "t1GFCxpXFopWk82SS2sJbgj2IYJ0RPcNiE9dAkDScS4Q4RbpGSrzyRp+xXZH45NAVzQLTPQI1aVlkvgnTuxT8A==" },
		{ "blake2b-512", "uoClP5gcTQ1qJ5e2nxL26UwhLxRoWsS3SxK7b9v/otF9h8U5Kqt5LcJS1d5FM8yVGNOKqNvxklq5I4bt1ACZIw==" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_string_equal(hash_base64(a, known[i].name, "abc", 3), known[i].abc);
}

static void weak_and_unknown_ones_are_not_made(void **state)
{
	assert_null(hash_base64(a, "md5", "abc", 3));
	assert_null(hash_base64(a, "sha-1", "abc", 3));
	assert_null(hash_base64(a, "", "abc", 3));
}

static void hex_is_for_bits_of_binary(void **state)
{
	assert_string_equal(hash_hex(a, "sha1", "abc", 3), "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_string_equal(hash_hex(a, "sha-256", "abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_null(hash_hex(a, "sha-1", "abc", 3));
	assert_null(hash_hex(a, "md5", "abc", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(each_name_is_its_function), TEST(weak_and_unknown_ones_are_not_made), TEST(hex_is_for_bits_of_binary) };
	return cmocka_run_group_tests(tests, begin_all, NULL);
}

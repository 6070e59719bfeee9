/* XEP-0114's proof, against values made by other programs. */
#include "xmpp/handshake.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* printf %s 3BF96D32secret | sha1sum */
#define DIGEST "b09ea9b3b7f586be8a08d0a3dd7466f110aeb136"

static void it_is_the_hash_of_id_and_secret_in_lower_case(void **state)
{
	char made[HANDSHAKE];
	handshake_make(made, "3BF96D32", "secret");
	assert_string_equal(made, DIGEST);
	assert_true(handshake_is(DIGEST, "3BF96D32", "secret"));
}

static void nothing_else_is(void **state)
{
	char longer[HANDSHAKE + 1] = DIGEST "0", upper[HANDSHAKE] = DIGEST;
	upper[strcspn(upper, "abcdef")] -= 'a' - 'A';
	assert_false(handshake_is(DIGEST, "3BF96D33", "secret"));
	assert_false(handshake_is(DIGEST, "3BF96D32", "secrets"));
	assert_false(handshake_is(DIGEST, "3BF96D32", ""));
	assert_false(handshake_is("", "3BF96D32", "secret"));
	assert_false(handshake_is(longer, "3BF96D32", "secret"));
	assert_false(handshake_is(upper, "3BF96D32", "secret"));
	assert_false(handshake_is("secret", "3BF96D32", "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_hash_of_id_and_secret_in_lower_case),
		cmocka_unit_test(nothing_else_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

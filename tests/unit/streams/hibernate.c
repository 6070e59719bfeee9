/* Which h is told of a session that has ended: none that isn't certain, and nobody else's. */
#include "streams/hibernate.h"
#include "core/module.h"
#include "core/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct server server;
const struct module *const modules[] = { NULL };

static struct account juliet = { .jid = "juliet@example" };
static const char one[] = "123456789012345678901234", two[] = "abcdefghijklmnopqrstuvwx";

static void h_is_told_to_the_owner_alone(void **state)
{
	struct session s = { .account = &juliet, .received = 7, .settled = 7 };
	uint32_t h = 0;
	assert_false(hibernation_remembers("juliet@example", one, &h));
	hibernation_remember(&s, one);
	assert_true(hibernation_remembers("juliet@example", one, &h));
	assert_int_equal(h, 7);
	assert_false(hibernation_remembers("tybalt@example", one, &h));
	assert_false(hibernation_remembers("juliet@example", "nonesuch", &h));
}

static void an_uncertain_h_is_not_told(void **state)
{
	struct session s = { .account = &juliet, .received = 7, .settled = 6 };
	uint32_t h;
	hibernation_remember(&s, two);
	assert_false(hibernation_remembers("juliet@example", two, &h));
}

static void those_that_ended_first_are_forgotten_first(void **state)
{
	struct session s = { .account = &juliet };
	char id[ACKS_ID + 1];
	uint32_t h;
	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof id, "session-number-%09d", i);
		hibernation_remember(&s, id);
	}
	assert_false(hibernation_remembers("juliet@example", "session-number-000000000", &h));
	assert_true(hibernation_remembers("juliet@example", "session-number-000001000", &h));
	assert_true(hibernation_remembers("juliet@example", "session-number-000004999", &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(h_is_told_to_the_owner_alone),
		cmocka_unit_test(an_uncertain_h_is_not_told),
		cmocka_unit_test(those_that_ended_first_are_forgotten_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

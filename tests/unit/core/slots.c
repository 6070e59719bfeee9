/* Slots: each module finds its own thing, and what holds nothing has no place. */
#include "core/slots.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int freed_first, freed_third;

static void free_first(void *thing)
{
	freed_first = *(int *)thing;
}

static void free_third(void *thing)
{
	freed_third = *(int *)thing;
}

static const struct module first = { .name = "first", .live_free = free_first, .session_free = free_first };
static const struct module second = { .name = "second" };
static const struct module third = { .name = "third", .live_free = free_third, .per_account = &(const struct per_account){ .free = free_third } };
const struct module *const modules[] = { &first, &second, &third, NULL };

static void each_module_finds_its_own(void **state)
{
	void **slots = NULL;
	int one = 1, three = 3;
	(void)state;
	assert_null(slots_get(slots, SLOTS_LIVE, &first));
	slots_set(&slots, SLOTS_LIVE, &third, &three);
	assert_null(slots_get(slots, SLOTS_LIVE, &first));
	slots_set(&slots, SLOTS_LIVE, &first, &one);
	assert_ptr_equal(slots_get(slots, SLOTS_LIVE, &first), &one);
	assert_ptr_equal(slots_get(slots, SLOTS_LIVE, &third), &three);

	slots_free(&slots, SLOTS_LIVE);
	assert_null(slots);
	assert_int_equal(freed_first, 1);
	assert_int_equal(freed_third, 3);
}

/* The kinds count apart: AddressSanitizer sees a place beyond the only one. */
static void kinds_have_places_of_their_own(void **state)
{
	void **kept = NULL, **session = NULL;
	int seven = 7, eight = 8;
	(void)state;
	slots_set(&kept, SLOTS_KEPT, &third, &seven);
	slots_set(&session, SLOTS_SESSION, &first, &eight);
	assert_ptr_equal(slots_get(kept, SLOTS_KEPT, &third), &seven);
	assert_ptr_equal(slots_get(session, SLOTS_SESSION, &first), &eight);
	slots_free(&kept, SLOTS_KEPT);
	slots_free(&session, SLOTS_SESSION);
	assert_int_equal(freed_third, 7);
	assert_int_equal(freed_first, 8);
}

static void an_empty_place_is_not_freed(void **state)
{
	void **slots = NULL;
	int one = 11;
	(void)state;
	freed_third = 0;
	slots_set(&slots, SLOTS_LIVE, &first, &one);
	slots_free(&slots, SLOTS_LIVE);
	assert_int_equal(freed_first, 11);
	assert_int_equal(freed_third, 0);
	slots_free(&slots, SLOTS_LIVE);
}

static int wire(void **state)
{
	struct fail why = { "" };
	(void)state;
	return modules_wire(&why) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_module_finds_its_own),
		cmocka_unit_test(kinds_have_places_of_their_own),
		cmocka_unit_test(an_empty_place_is_not_freed),
	};
	return cmocka_run_group_tests(tests, wire, NULL);
}

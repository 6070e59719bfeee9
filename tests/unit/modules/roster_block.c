/* The packed roster: what is put in comes out, whatever was put, changed or removed around it. */
#include "modules/roster_block.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char GROUPS[] = "Friends\0Verona";      /* the literal's own NUL ends the last */

static struct contact full(const char *jid)
{
	return (struct contact){ .jid = jid, .name = "J", .groups = GROUPS, .groups_size = sizeof GROUPS,
		.subscription = SUB_BOTH, .is_listed = true };
}

static void assert_same(const struct contact *a, const struct contact *b)
{
	assert_string_equal(a->jid, b->jid);
	if (a->name && b->name)
		assert_string_equal(a->name, b->name);
	else
		assert_ptr_equal(a->name, b->name);
	assert_int_equal(a->groups_size, b->groups_size);
	if (a->groups_size)
		assert_memory_equal(a->groups, b->groups, a->groups_size);
	assert_int_equal(a->subscription, b->subscription);
	assert_int_equal(a->is_approved, b->is_approved);
	assert_int_equal(a->is_listed, b->is_listed);
}

static void an_empty_one_has_nobody(void **state)
{
	(void)state;
	struct contact c;
	size_t at = 0;
	assert_false(roster_block_find(NULL, "juliet@example", &c));
	assert_false(roster_block_next(NULL, &at, &c));
	assert_null(roster_block_remove(NULL, "juliet@example"));
	struct roster_block *b = roster_block_set_version(NULL, 7);
	assert_false(roster_block_find(b, "juliet@example", &c));
	assert_false(roster_block_next(b, &at, &c));
	assert_int_equal(b->version, 7);
	mem_free(b);
}

static void gives_back_what_was_put(void **state)
{
	(void)state;
	struct contact all[] = {
		full("juliet@example"),
		{ .jid = "nurse@example", .subscription = SUB_NONE_IN },
		{ .jid = "n", .name = "Named", .subscription = SUB_TO, .is_approved = true, .is_listed = true },
		{ .jid = "grouped@example", .groups = GROUPS, .groups_size = 8, .subscription = SUB_FROM_OUT, .is_listed = true },
	}, c;
	struct roster_block *b = NULL;
	for (size_t i = 0; i < 4; i++)
		b = roster_block_put(b, &all[i]);
	for (size_t i = 0; i < 4; i++) {
		assert_true(roster_block_find(b, all[i].jid, &c));
		assert_same(&c, &all[i]);
	}
	assert_int_equal(b->count, 4);
	assert_int_equal(b->listed, 3);
	assert_int_equal(b->asking, 1);
	assert_false(roster_block_find(b, "juliet@exampl", &c));
	assert_false(roster_block_find(b, "juliet@example/", &c));
	mem_free(b);
}

static void filled_at_once_it_is_what_puts_make(void **state)
{
	(void)state;
	const struct contact all[] = { full("juliet@example"), full("nurse@example"), { .jid = "n", .subscription = SUB_NONE_IN } };
	struct roster_block *put = NULL, *filled = roster_block_new(roster_block_size(&all[0]) + roster_block_size(&all[1]) + roster_block_size(&all[2]));
	for (size_t i = 0; i < 3; i++) {
		put = roster_block_put(put, &all[i]);
		roster_block_fill(filled, &all[i]);
	}
	assert_int_equal(filled->used, put->used);
	assert_memory_equal(filled, put, sizeof *put + put->used);
	mem_free(put);
	mem_free(filled);
}

static void a_change_replaces_the_whole_record(void **state)
{
	(void)state;
	struct contact one = full("juliet@example"), other = full("nurse@example"), c;
	struct roster_block *b = roster_block_put(roster_block_put(NULL, &one), &other);
	one = (struct contact){ .jid = "juliet@example", .subscription = SUB_TO_IN, .is_listed = true };
	b = roster_block_put(b, &one);
	assert_true(roster_block_find(b, "juliet@example", &c));
	assert_same(&c, &one);
	assert_true(roster_block_find(b, "nurse@example", &c));
	assert_same(&c, &other);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->asking, 1);
	mem_free(b);
}

/* A walk sees each contact once; the counts are those of the walk. */
static void assert_sound(const struct roster_block *b, const bool *is_in, size_t names)
{
	size_t at = 0, count = 0, listed = 0, asking = 0;
	struct contact c;
	while (roster_block_next(b, &at, &c)) {
		size_t i = (size_t)strtoul(c.jid + 1, NULL, 10);
		assert_true(i < names && is_in[i]);
		count++;
		listed += c.is_listed;
		asking += subscription_is_in(c.subscription);
	}
	assert_int_equal(count, b ? b->count : 0);
	assert_int_equal(listed, b ? b->listed : 0);
	assert_int_equal(asking, b ? b->asking : 0);
	for (size_t i = 0; i < names; i++)
		count -= is_in[i];
	assert_int_equal(count, 0);
}

static void stays_sound_through_any_changes(void **state)
{
	(void)state;
	enum { NAMES = 40 };
	bool is_in[NAMES] = { false };
	struct roster_block *b = NULL;
	srandom(6121);
	for (int step = 0; step < 4000; step++) {
		size_t i = (size_t)random() % NAMES;
		char jid[64];
		snprintf(jid, sizeof jid, "u%zu%.*s", i, (int)(i % 30), "@a.rather.long.domain.example.org");
		struct contact c = { .jid = jid, .name = random() % 2 ? "name" : NULL, .subscription = (enum subscription)(random() % SUBSCRIPTIONS),
			.groups = GROUPS, .groups_size = random() % 2 ? sizeof GROUPS : 0, .is_listed = random() % 2 }, found;
		is_in[i] = random() % 3;
		b = is_in[i] ? roster_block_put(b, &c) : roster_block_remove(b, jid);
		assert_int_equal(roster_block_find(b, jid, &found), is_in[i]);
		if (is_in[i])
			assert_same(&found, &c);
		assert_sound(b, is_in, NAMES);
	}
	mem_free(b);
}

static void a_typical_contact_takes_little(void **state)
{
	(void)state;
	struct contact c = { .jid = "william.shakespeare@stratford.example", .name = "William", .groups = "Friends", .groups_size = 8,
		.subscription = SUB_BOTH, .is_listed = true };
	struct roster_block *b = roster_block_put(NULL, &c);
	assert_true(b->used <= 80);
	mem_free(b);
}

static void refuses_what_no_record_can_hold(void **state)
{
	(void)state;
	static char name[CONTACT_LIMIT + 1];
	struct contact c = full("juliet@example"), found;
	memset(name, 'n', sizeof name - 1);
	c.name = name;
	assert_false(roster_block_fits(&c));
	name[CONTACT_LIMIT - 8 - sizeof "juliet@example" - 1 - sizeof GROUPS] = '\0';
	assert_true(roster_block_fits(&c));
	struct roster_block *b = roster_block_put(NULL, &c);
	assert_int_equal(b->used, CONTACT_LIMIT);
	assert_true(roster_block_find(b, "juliet@example", &found));
	assert_same(&found, &c);
	mem_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_nobody),
		cmocka_unit_test(gives_back_what_was_put),
		cmocka_unit_test(filled_at_once_it_is_what_puts_make),
		cmocka_unit_test(a_change_replaces_the_whole_record),
		cmocka_unit_test(stays_sound_through_any_changes),
		cmocka_unit_test(a_typical_contact_takes_little),
		cmocka_unit_test(refuses_what_no_record_can_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A module's place is the number of those before it in src/modules.c that
 * hold something of the kind. Hot paths ask, so places are counted once.
 */
#include "core/slots.h"
#include "base/check.h"
#include "base/mem.h"

enum { KINDS = SLOTS_SESSION + 1 };
#define NOWHERE UINT8_MAX
_Static_assert(MODULES < NOWHERE, "a place is a byte");

typedef void free_function(void *);

static uint8_t places[KINDS][MODULES];
static unsigned counts[KINDS];

static free_function *free_of(const struct module *m, enum slots_kind kind)
{
	switch (kind) {
	case SLOTS_KEPT:
		return m->per_account ? m->per_account->free : NULL;
	case SLOTS_LIVE:
		return m->live_free;
	case SLOTS_SESSION:
		return m->session_free;
	}
	return NULL;
}

void slots_wire(void)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		counts[kind] = 0;
		for (unsigned i = 0; i < modules_count(); i++)
			places[kind][i] = free_of(modules[i], (enum slots_kind)kind) ? (uint8_t)counts[kind]++ : NOWHERE;
	}
}

static unsigned place(enum slots_kind kind, const struct module *m)
{
	unsigned n = places[kind][module_number(m)];
	ASSERT(n != NOWHERE);
	return n;
}

void *slots_get(void *const *slots, enum slots_kind kind, const struct module *m)
{
	return slots ? slots[place(kind, m)] : NULL;
}

void slots_set(void ***slots, enum slots_kind kind, const struct module *m, void *thing)
{
	if (!*slots)
		*slots = mem_new(counts[kind] * sizeof **slots);
	(*slots)[place(kind, m)] = thing;
}

void slots_free(void ***slots, enum slots_kind kind)
{
	void **thing = *slots;
	for (unsigned i = 0; thing && i < modules_count(); i++)
		if (places[kind][i] != NOWHERE && thing[places[kind][i]])
			free_of(modules[i], kind)(thing[places[kind][i]]);
	mem_free(*slots);
	*slots = NULL;
}

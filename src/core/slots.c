/* A module's place is the number of those before it in src/modules.c that have one. */
#include "core/slots.h"
#include "base/check.h"
#include "base/mem.h"

typedef void free_function(void *);

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

static unsigned count(enum slots_kind kind)
{
	unsigned n = 0;
	for (unsigned i = 0; i < modules_count(); i++)
		n += free_of(modules[i], kind) != NULL;
	return n;
}

static unsigned place(enum slots_kind kind, const struct module *m)
{
	unsigned n = 0;
	ASSERT(free_of(m, kind));
	for (unsigned i = 0; modules[i] != m; i++)
		n += free_of(modules[i], kind) != NULL;
	return n;
}

void *slots_get(void *const *slots, enum slots_kind kind, const struct module *m)
{
	return slots ? slots[place(kind, m)] : NULL;
}

void slots_set(void ***slots, enum slots_kind kind, const struct module *m, void *thing)
{
	if (!*slots)
		*slots = mem_new(count(kind) * sizeof **slots);
	(*slots)[place(kind, m)] = thing;
}

void slots_free(void ***slots, enum slots_kind kind)
{
	void **thing = *slots;
	for (unsigned i = 0; thing && i < modules_count(); i++) {
		free_function *fn = free_of(modules[i], kind);
		if (!fn)
			continue;
		if (*thing)
			fn(*thing);
		thing++;
	}
	mem_free(*slots);
	*slots = NULL;
}

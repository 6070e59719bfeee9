/*
 * A wheel in four levels of 64 slots.
 *
 *   level 0: 64 ticks of 50 ms     (3.2 s)
 *   level 1: 64 slots of 3.2 s     (3.4 min)
 *   level 2: 64 slots of 3.4 min   (3.6 h)
 *   level 3: 64 slots of 3.6 h     (9.7 days)
 *
 * A timer lies at the lowest level that reaches it. When the wheel comes to a
 * slot of a higher level, its timers are put again and land lower. One that is
 * further away than all levels waits in the furthest slot and is put again
 * from there. Stopping a timer only unlinks it: its slot's bit stays until
 * somebody looks, so stopping needs no search.
 */
#include "net/wheel.h"

enum { BITS = 6, MASK = WHEEL_SLOTS - 1 };

void wheel_init(struct wheel *w, msec now)
{
	w->tick = now / WHEEL_TICK_MS;
	for (int level = 0; level < WHEEL_LEVELS; level++) {
		w->filled[level] = 0;
		for (int slot = 0; slot < WHEEL_SLOTS; slot++)
			list_init(&w->slots[level][slot]);
	}
}

static void place(struct wheel *w, struct timer *t, int64_t tick)
{
	const int64_t reach = (int64_t)1 << BITS * WHEEL_LEVELS;
	int level = 0;
	if (tick - w->tick >= reach)
		tick = w->tick + reach - 1;
	while ((tick - w->tick) >> BITS * (level + 1))
		level++;

	int slot = tick >> BITS * level & MASK;
	w->filled[level] |= (uint64_t)1 << slot;
	list_append(&w->slots[level][slot], &t->link);
}

void wheel_put(struct wheel *w, struct timer *t)
{
	int64_t tick = (t->at + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;    /* never early */
	place(w, t, tick > w->tick ? tick : w->tick + 1);
}

/* Takes the slot's timers out into `out`, so that what callbacks start doesn't run in the same pass. */
static void empty_slot(struct wheel *w, int level, int slot, struct list *out)
{
	struct list *from = &w->slots[level][slot];
	list_init(out);
	w->filled[level] &= ~((uint64_t)1 << slot);
	if (list_is_empty(from))
		return;
	list_prepend(from, out);
	list_remove(from);
}

static void bring_down(struct wheel *w, int level)
{
	struct list moved;
	empty_slot(w, level, w->tick >> BITS * level & MASK, &moved);
	for (struct list *l; (l = list_first(&moved)); ) {
		struct timer *t = CONTAINER(l, struct timer, link);
		int64_t tick = (t->at + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
		list_remove(l);
		place(w, t, tick > w->tick ? tick : w->tick);    /* due now: the slot that fires next */
	}
}

static void fire(struct wheel *w)
{
	struct list due;
	empty_slot(w, 0, w->tick & MASK, &due);
	for (struct list *l; (l = list_first(&due)); ) {
		struct timer *t = CONTAINER(l, struct timer, link);
		list_remove(l);
		t->fn(t);
	}
}

/* How many slots of this level lie between here and the next one that holds something; 0: none does. */
static int slots_ahead(struct wheel *w, int level)
{
	int here = w->tick >> BITS * level & MASK;
	for (;;) {
		uint64_t filled = w->filled[level];
		if (!filled)
			return 0;
		int turn = (here + 1) & MASK;
		uint64_t ahead = turn ? filled >> turn | filled << (WHEEL_SLOTS - turn) : filled;
		int steps = __builtin_ctzll(ahead) + 1, slot = (here + steps) & MASK;
		if (!list_is_empty(&w->slots[level][slot]))
			return steps;
		w->filled[level] &= ~((uint64_t)1 << slot);
	}
}

static int64_t next_tick(struct wheel *w)        /* -1: nothing waits */
{
	int64_t next = -1;
	for (int level = 0; level < WHEEL_LEVELS; level++) {
		int steps = slots_ahead(w, level);
		int64_t tick = ((w->tick >> BITS * level) + steps) << BITS * level;
		if (steps && (next < 0 || tick < next))
			next = tick;
	}
	return next;
}

msec wheel_next(struct wheel *w)
{
	int64_t tick = next_tick(w);
	return tick < 0 ? -1 : tick * WHEEL_TICK_MS;
}

void wheel_run(struct wheel *w, msec now)
{
	const int64_t until = now / WHEEL_TICK_MS;
	for (int64_t next; (next = next_tick(w)) >= 0 && next <= until; ) {
		w->tick = next;
		for (int level = WHEEL_LEVELS - 1; level > 0; level--)
			if (!(next & (((int64_t)1 << BITS * level) - 1)))
				bring_down(w, level);
		fire(w);
	}
	if (w->tick < until)
		w->tick = until;
}

/*
 * Loops in one thread: net/loop.h where the seed decides whose letter is read
 * next, which timer that is due rings, which loop has its round.
 *
 * Letters keep their order for each pair of sender and receiver, as the real
 * ones do, and no other.
 */
#include "sim.h"
#include "base/check.h"
#include "base/mem.h"
#include "net/loop.h"

struct letter {
	struct list link;
	void (*fn)(void *);
	void *thing;
};

struct loop {
	unsigned    number;
	struct list from[SOURCES];
	struct list timers;
	bool        is_dirty;                /* something happened: a round is due */
	bool      (*on_round)(void *);
	void       *round_with;
	void      (*on_second)(void *);
	void       *second_with;
};

struct work {
	struct list link;
	struct loop *asker;
	void (*work)(void *), (*done)(void *);
	void *thing;
};

static struct loop *loops[LOOPS], *here;
static unsigned count;
static enum poster outside = FROM_WORKER;
static struct list works = { &works, &works };

struct loop *loop_new(unsigned number)
{
	struct loop *l = loops[number] = NEW(struct loop);
	l->number = number;
	list_init(&l->timers);
	for (unsigned i = 0; i < SOURCES; i++)
		list_init(&l->from[i]);
	count = number + 1 > count ? number + 1 : count;
	return l;
}

void loop_free(struct loop *l)
{
	mem_free(l);
}

struct loop *loop_here(void)
{
	return here;
}

unsigned loop_number(const struct loop *l)
{
	return l->number;
}

struct loop *loop_any(void)
{
	return loops[dice_below(count)];
}

void loop_on_round(struct loop *l, bool (*fn)(void *), void *with)
{
	l->on_round = fn;
	l->round_with = with;
}

void loop_on_second(struct loop *l, void (*fn)(void *), void *with)
{
	l->on_second = fn;
	l->second_with = with;
}

void loop_enter(struct loop *l)
{
	ASSERT(!here);
	here = l;
	l->is_dirty = true;
	clock_key_loop(l->number);
}

void loop_leave(void)
{
	here = NULL;
}

void posts_come_from(enum poster source)
{
	outside = source;
}

void post(struct loop *to, void (*fn)(void *), void *thing)
{
	struct letter *p = NEW(struct letter);
	p->fn = fn;
	p->thing = thing;
	list_append(&to->from[here ? here->number : (unsigned)outside], &p->link);
}

/* --- workers --- */

void loop_work(void (*work)(void *), void (*done)(void *), void *thing)
{
	struct work *w = NEW(struct work);
	*w = (struct work){ .asker = here, .work = work, .done = done, .thing = thing };
	list_append(&works, &w->link);
}

static void do_work(void *with)
{
	struct work *w = with;
	trace("worker: works for loop %u", w->asker->number);
	list_remove(&w->link);
	w->work(w->thing);
	posts_come_from(FROM_WORKER);
	post(w->asker, w->done, w->thing);
	mem_free(w);
}

/* --- timers --- */

void timer_start(struct timer *t, msec after, void (*fn)(struct timer *))
{
	ASSERT(here);
	list_remove(&t->link);
	t->at = clock_now() + (after > 0 ? after : 0);
	t->fn = fn;
	list_append(&here->timers, &t->link);
}

void timer_stop(struct timer *t)
{
	list_remove(&t->link);
}

bool timer_is_running(const struct timer *t)
{
	return !list_is_empty(&t->link);
}

static struct loop *loop_of_timer(const struct timer *t)
{
	for (unsigned i = 0; i < count; i++)
		LIST_EACH(&loops[i]->timers, struct timer, link, other)
			if (other == t)
				return loops[i];
	BUG("a timer of no loop");
}

static void ring(void *with)
{
	struct timer *t = with;
	struct loop *l = loop_of_timer(t);
	trace("loop %u: a timer rings", l->number);
	loop_enter(l);
	list_remove(&t->link);
	t->fn(t);
	loop_leave();
}

msec loops_next_timer(void)
{
	msec first = 0;
	for (unsigned i = 0; i < count; i++)
		LIST_EACH(&loops[i]->timers, struct timer, link, t)
			if (!first || t->at < first)
				first = t->at;
	return first;
}

/* --- steps --- */

static void do_round(void *with)
{
	struct loop *l = with;
	loop_enter(l);
	l->is_dirty = l->on_round && l->on_round(l->round_with);
	loop_leave();
}

static void read_letter(struct loop *l, struct list *from)
{
	struct letter *p = CONTAINER(list_first(from), struct letter, link);
	trace("loop %u: reads a letter of %u", l->number, (unsigned)(from - l->from));
	list_remove(&p->link);
	loop_enter(l);
	p->fn(p->thing);
	loop_leave();
	mem_free(p);
}

static void read_inbox(void *with)                   /* `with` is the list of one sender */
{
	struct list *from = with;
	for (unsigned i = 0; i < count; i++)
		if (from >= loops[i]->from && from < loops[i]->from + SOURCES)
			read_letter(loops[i], from);
}

void loops_steps(void)
{
	for (unsigned i = 0; i < count; i++) {
		struct loop *l = loops[i];
		for (unsigned s = 0; s < SOURCES; s++)
			if (!list_is_empty(&l->from[s]))
				step_may(IN_LOOPS, read_inbox, &l->from[s]);
		LIST_EACH(&l->timers, struct timer, link, t)
			if (t->at <= clock_now())
				step_may(IN_LOOPS, ring, t);
		if (l->is_dirty)
			step_may(IN_LOOPS, do_round, l);
	}
	LIST_EACH(&works, struct work, link, w)
		step_may(IN_STORE, do_work, w);
}

void loops_seconds(void)
{
	for (unsigned i = 0; i < count; i++) {
		loop_enter(loops[i]);
		loops[i]->on_second(loops[i]->second_with);
		loop_leave();
	}
}

/*
 * The inbox: what other threads give to a loop.
 *
 * A loop gathers what it has for another one during a round and hands all of
 * it over at once: one lock and one copy for each pair and round, however many
 * letters. Threads that are no loops (workers, the store) push each letter at
 * once. Arrays are swapped and kept, so nothing is allocated once they are
 * large enough; an array that a burst has grown is given back.
 *
 * Only a loop that sleeps is woken, for that costs three system calls and
 * often an interrupt; one that is awake looks into its inbox before it sleeps.
 */
#include "net/inside.h"
#include "base/check.h"
#include "base/mem.h"
#include <string.h>

enum { KEPT_LETTERS = 4096 };

static void add(struct letters *to, const struct letter *from, size_t count)
{
	if (to->size - to->count < count) {
		size_t size = to->size ? to->size : 64;
		while (size - to->count < count)
			size *= 2;
		to->all = mem_resize(to->all, size * sizeof *to->all);
		to->size = size;
	}
	memcpy(to->all + to->count, from, count * sizeof *from);
	to->count += count;
}

static void empty(struct letters *l)
{
	l->count = 0;
	if (l->size <= KEPT_LETTERS)
		return;
	mem_free(l->all);
	memset(l, 0, sizeof *l);
}

void post_init(struct loop *l)
{
	pthread_mutex_init(&l->inbox_lock, NULL);
	l->out = mem_new(LOOP_LIMIT * sizeof *l->out);
}

void post_free(struct loop *l)
{
	for (unsigned i = 0; i < LOOP_LIMIT; i++)
		mem_free(l->out[i].letters.all);
	mem_free(l->out);
	mem_free(l->inbox.all);
	mem_free(l->reading.all);
	pthread_mutex_destroy(&l->inbox_lock);
}

static void push(struct loop *to, const struct letter *letters, size_t count)
{
	pthread_mutex_lock(&to->inbox_lock);
	add(&to->inbox, letters, count);
	pthread_mutex_unlock(&to->inbox_lock);
	if (atomic_load(&to->is_asleep) && atomic_exchange(&to->is_asleep, false))
		uv_async_send(&to->wake);
}

/* It says that it sleeps, then looks: a letter that it doesn't see was pushed by somebody who sees that it sleeps. */
bool post_may_sleep(struct loop *l)
{
	atomic_store(&l->is_asleep, true);
	pthread_mutex_lock(&l->inbox_lock);
	bool is_empty = l->inbox.count == 0;
	pthread_mutex_unlock(&l->inbox_lock);
	if (!is_empty)
		atomic_store(&l->is_asleep, false);
	return is_empty;
}

void post(struct loop *to, void (*fn)(void *), void *thing)
{
	CHECK(to, LOOP_MAGIC);
	struct letter letter = { fn, thing };
	struct loop *here = loop_here();
	if (!here) {
		push(to, &letter, 1);
		return;
	}
	struct outbox *box = &here->out[to->number];
	if (!box->letters.count)
		here->touched[here->touched_count++] = (unsigned char)to->number;
	else
		ASSERT(box->to == to);
	box->to = to;
	add(&box->letters, &letter, 1);
}

bool post_hand_over(struct loop *l)
{
	bool to_ourselves = false;
	for (unsigned i = 0; i < l->touched_count; i++) {
		struct outbox *box = &l->out[l->touched[i]];
		push(box->to, box->letters.all, box->letters.count);
		to_ourselves |= box->to == l;
		empty(&box->letters);
	}
	l->touched_count = 0;
	return to_ourselves;
}

void post_read(struct loop *l)
{
	pthread_mutex_lock(&l->inbox_lock);
	struct letters letters = l->inbox;
	l->inbox = l->reading;
	pthread_mutex_unlock(&l->inbox_lock);

	for (size_t i = 0; i < letters.count; i++)
		letters.all[i].fn(letters.all[i].thing);
	empty(&letters);
	l->reading = letters;
}

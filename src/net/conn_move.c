/*
 * From one loop to another.
 *
 * The connection is taken apart at the moment when nobody of this loop is
 * inside of it: what the owner didn't take lies in `in`, OpenSSL has eaten all
 * that was read, the poll handle is left behind. The rest travels as one
 * letter, so no lock is needed: its thread is whoever holds it.
 */
#include "net/conn_inside.h"
#include "base/check.h"
#include "base/mem.h"

static void arrive(void *thing)
{
	struct conn *c = thing;
	void (*arrived)(void *, struct conn *) = c->arrived;
	c->loop = loop_here();
	c->move_to = NULL;
	c->is_blocked = false;               /* we shall see */
	conn_watch_begin(c);
	conn_touch(c);

	c->busy++;
	arrived(c->with, c);
	c->busy--;
	conn_offer(c);
}

static void forget(uv_handle_t *poll)
{
	mem_free(poll);
}

static void depart(struct conn *c)
{
	struct loop *to = c->move_to;
	list_remove(&c->dirty);
	list_remove(&c->offer);
	conn_watch_end(c, forget);
	c->loop = NULL;
	post(to, arrive, c);
}

void conn_after(struct conn *c)
{
	if (c->is_dead || c->busy || !c->loop)
		return;
	if (c->move_to)
		depart(c);
	else
		conn_watch(c);
}

void conn_move(struct conn *c, struct loop *to, void (*arrived)(void *, struct conn *))
{
	CHECK(c, CONN_MAGIC);
	ASSERT(c->loop == loop_here() && !c->parting && !c->is_dead);
	c->move_to = to;
	c->arrived = arrived;
	conn_after(c);
}

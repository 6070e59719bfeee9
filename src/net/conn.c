/*
 * A connection's life: made, owned, paused, ended.
 *
 * Nothing here calls the owner: what went wrong is noted (conn_doom) and told
 * at the end of the round, so that no call of ours surprises its caller.
 */
#include "net/conn_inside.h"
#include "base/check.h"
#include "base/mem.h"
#include <unistd.h>

/* Now, because nobody can say any more when it is lost. */
static struct short_address peer_of(int fd)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof peer;
	if (getpeername(fd, (struct sockaddr *)&peer, &size))
		peer.ss_family = AF_UNSPEC;
	address_plain(&peer);
	return address_shorten(&peer);
}

struct conn *conn_new(int fd)
{
	struct conn *c = NEW(struct conn);
	c->magic = CONN_MAGIC;
	c->fd = fd;
	c->peer = peer_of(fd);
	c->loop = loop_here();
	ASSERT(c->loop);
	conn_watch_begin(c);
	return c;
}

struct conn *conn_adopt(int fd)
{
	return conn_new(fd);
}

void conn_own(struct conn *c, const struct conn_owner *owner, void *with)
{
	CHECK(c, CONN_MAGIC);
	c->owner = owner;
	c->with = with;
	if (c->is_doomed && !c->is_over)
		conn_touch(c);
	if (buf_length(&c->in) && !c->busy)
		conn_touch_offer(c);
	if (!c->busy)
		conn_watch(c);
}

void conn_touch(struct conn *c)
{
	if (c->loop && !c->move_to && !c->is_dead && list_is_empty(&c->dirty))
		list_append(&c->loop->dirty, &c->dirty);
}

void conn_touch_offer(struct conn *c)
{
	if (c->loop && !c->move_to && !c->is_dead && list_is_empty(&c->offer))
		list_append(&c->loop->offers, &c->offer);
}

void conn_doom(struct conn *c, enum conn_end end, const char *words)
{
	if (c->is_doomed || c->is_dead)
		return;
	c->is_doomed = true;
	c->end = (unsigned char)end;
	c->end_words = words;
	conn_watch_exactly(c);
	conn_touch(c);
}

void conn_pause(struct conn *c)              /* libuv is told only when the socket becomes readable: often we are resumed before */
{
	CHECK(c, CONN_MAGIC);
	c->is_paused = true;
}

void conn_resume(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	if (!c->is_paused)
		return;
	c->is_paused = c->is_probed = false;
	if (buf_length(&c->in) || c->is_half || c->busy)
		conn_touch_offer(c);
	if (!c->busy)
		conn_watch(c);
}

/* What lies in `in` may be what the owner is looking at just now, so the memory stays until libuv calls back. */
static void vanish(uv_handle_t *poll)
{
	struct conn *c = poll->data;
	mem_free(poll);
	conn_tls_free(c);
	buf_clear(&c->in);
	buf_clear(&c->out);
	mem_free(c->parting);
	c->magic = 0;
	mem_free(c);
}

void conn_destroy(struct conn *c)
{
	if (c->is_dead)
		return;
	ASSERT(c->loop && !c->move_to);
	list_remove(&c->dirty);
	list_remove(&c->offer);
	if (c->parting)
		timer_stop(&c->parting->timer);
	c->is_dead = true;
	c->owner = NULL;
	conn_watch_end(c, vanish);
	close(c->fd);
}

void conn_abort(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	conn_destroy(c);
}

void conn_free(struct conn *c)
{
	if (!c)
		return;
	CHECK(c, CONN_MAGIC);
	conn_destroy(c);
}

static void waited_enough(struct timer *t)
{
	conn_destroy(CONTAINER(t, struct parting, timer)->conn);
}

void conn_close(struct conn *c, msec linger)
{
	CHECK(c, CONN_MAGIC);
	if (c->parting || c->is_dead)
		return;
	if ((c->is_doomed && c->end != CONN_CLOSED) || (c->tls && !c->tls->is_ready)) {
		conn_destroy(c);             /* lost; or within a handshake, where nothing can be said */
		return;
	}
	c->is_doomed = c->is_over = false;   /* a peer that sends no more may still read */
	c->owner = NULL;
	c->parting = NEW(struct parting);
	c->parting->conn = c;
	timer_start(&c->parting->timer, linger, waited_enough);
	conn_touch(c);
	if (!c->busy)
		conn_watch(c);
}

/* --- For the loop: the lists are taken first, so what callbacks add waits for the next pass. --- */

static void each_of(struct list *from, struct list *taken)
{
	list_init(taken);
	if (list_is_empty(from))
		return;
	list_prepend(from, taken);
	list_remove(from);
}

void conns_offer(struct loop *l)
{
	struct list offers;
	each_of(&l->offers, &offers);
	for (struct list *link; (link = list_first(&offers)); ) {
		list_remove(link);
		conn_offer(CONTAINER(link, struct conn, offer));
	}
}

void conns_flush(struct loop *l)
{
	struct list dirty;
	each_of(&l->dirty, &dirty);
	for (struct list *link; (link = list_first(&dirty)); ) {
		list_remove(link);
		conn_settle(CONTAINER(link, struct conn, dirty));
	}
}

static void end_one(uv_handle_t *handle, void *unused)
{
	if (handle->type == UV_POLL && !uv_is_closing(handle))
		conn_destroy(handle->data);
}

void conns_end(struct loop *l)
{
	uv_walk(&l->uv, end_one, NULL);
}

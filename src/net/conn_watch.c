/*
 * What a connection waits for, and what happens then.
 *
 * A change of the mask costs system calls, so what is only too much is left
 * until it disturbs: a paused connection stays watched until bytes come, one
 * that was blocked until the socket is writable once more.
 */
#include "net/conn_inside.h"
#include "base/check.h"
#include "base/mem.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int mask_of(const struct conn *c)
{
	int mask = 0;
	if (c->is_dead || c->is_doomed || !c->poll)
		return 0;
	if (!c->is_half && (c->parting || (conn_may_offer(c) && buf_length(&c->in) < CONN_KEPT_MOST)))
		mask |= UV_READABLE;
	else if (!c->is_half && !c->is_probed && c->owner)
		mask |= UV_DISCONNECT;
	if (c->is_blocked)
		mask |= UV_WRITABLE;
	return mask;
}

/* The kernel gave up on it; what came before may still be read. */
static void broke(struct conn *c)
{
	int error = 0;
	socklen_t size = sizeof error;
	c->mask = 0;
	if (conn_may_offer(c))
		conn_read(c);
	if (c->is_dead || c->move_to || !c->loop)
		return;
	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	conn_doom(c, CONN_LOST, error ? strerror(error) : "the connection broke");
}

static void readable(struct conn *c)
{
	if (c->parting)
		conn_discard(c);
	else if (!list_is_empty(&c->offer))
		return;                      /* what is kept comes first, in this same round */
	else if (conn_may_offer(c) && !c->is_half)
		conn_read(c);
	else
		conn_watch_exactly(c);
}

static void writable(struct conn *c)
{
	if (!c->is_blocked) {
		conn_watch_exactly(c);
		return;
	}
	c->is_blocked = false;
	conn_touch(c);
}

static void happened(uv_poll_t *poll, int status, int events)
{
	struct conn *c = poll->data;
	loop_woke(c->loop);
	if (status < 0) {
		broke(c);
		return;
	}
	if (events & UV_WRITABLE)
		writable(c);
	if (events & UV_READABLE)
		readable(c);
	else if (events & UV_DISCONNECT)
		conn_probe(c);
}

void conn_watch_begin(struct conn *c)
{
	c->poll = NEW(uv_poll_t);
	c->poll->data = c;
	c->mask = 0;
	if (uv_poll_init(&c->loop->uv, c->poll, c->fd))
		BUG("a socket that cannot be watched");
}

void conn_watch_end(struct conn *c, uv_close_cb closed)
{
	uv_close((uv_handle_t *)c->poll, closed);
	c->poll = NULL;
	c->mask = 0;
}

static void set(struct conn *c, int mask)
{
	c->mask = (unsigned char)mask;
	if (mask)
		uv_poll_start(c->poll, mask, happened);
	else
		uv_poll_stop(c->poll);
}

void conn_watch_exactly(struct conn *c)
{
	if (!c->poll)
		return;
	int mask = mask_of(c);
	if (mask != c->mask)
		set(c, mask);
}

void conn_watch(struct conn *c)
{
	if (!c->poll)
		return;
	int has = c->mask & UV_READABLE ? c->mask | UV_DISCONNECT : c->mask;    /* a close makes it readable too */
	int mask = mask_of(c);
	if (mask & ~has)
		set(c, mask);
}

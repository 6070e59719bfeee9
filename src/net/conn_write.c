/*
 * Bytes out: gathered in `out`, one system call at the end of the round.
 *
 * We try to send first and ask libuv for writability only when the socket is
 * full. How much may wait is for the owner to say: it asks conn_queued.
 */
#include "net/conn_inside.h"
#include "base/check.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool may_write(const struct conn *c)
{
	return !c->is_doomed && !c->parting && !c->is_dead;
}

size_t conn_queued(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return buf_length(&c->out) + (c->tls ? buf_length(&c->tls->unsent) : 0);
}

uint64_t conn_total(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return c->gone + buf_length(&c->out);
}

void conn_printed(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	if (c->is_doomed)
		buf_clear(&c->out);          /* nobody will read it */
	if (!may_write(c))
		return;
	conn_touch(c);
}

void conn_write(struct conn *c, const void *bytes, size_t size)
{
	CHECK(c, CONN_MAGIC);
	if (!may_write(c))
		return;
	buf_add(&c->out, bytes, size);
	conn_printed(c);
}

struct buf *conn_out(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return &c->out;
}

size_t conn_send(struct conn *c, const char *bytes, size_t size)
{
	ssize_t n;
	do
		n = send(c->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN) {
		conn_doom(c, CONN_LOST, strerror(errno));
		return 0;
	}
	size_t sent = n < 0 ? 0 : (size_t)n;
	c->is_blocked = sent < size;
	return sent;
}

void conn_push(struct conn *c)
{
	if (c->is_blocked || c->is_doomed)
		return;
	if (c->tls) {
		conn_tls_push(c);
	} else if (buf_length(&c->out)) {
		size_t sent = conn_send(c, buf_start(&c->out), buf_length(&c->out));
		c->gone += sent;
		buf_take(&c->out, sent);
	}
}

void conn_flush(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	if (!c->loop || c->move_to || c->is_dead)
		return;
	conn_push(c);
	conn_touch(c);                       /* `written` is told at the end of the round */
}

static void tell_written(struct conn *c)
{
	if (!conn_hears(c) || c->gone == c->told || conn_has_unsent(c))
		return;
	c->told = c->gone;
	if (!c->owner->written)
		return;
	c->busy++;
	c->owner->written(c->with, c->told);
	c->busy--;
}

static void tell_end(struct conn *c)
{
	if (c->parting) {
		conn_destroy(c);
		return;
	}
	if (!c->owner || c->is_over)
		return;
	c->is_over = true;
	c->owner->ended(c->with, (enum conn_end)c->end, c->end_words);
}

/* Everything is written: say goodbye, and wait for the peer's. */
static void part(struct conn *c)
{
	if (buf_length(&c->out) || conn_has_unsent(c))
		return;
	if (c->tls && !c->has_said_bye)
		conn_tls_bye(c);
	c->has_said_bye = true;
	if (conn_has_unsent(c))
		return;
	if (c->is_half)
		conn_destroy(c);
	else
		shutdown(c->fd, SHUT_WR);
}

void conn_settle(struct conn *c)
{
	if (c->is_dead)
		return;
	conn_push(c);
	tell_written(c);
	if (c->is_dead)
		return;
	if (c->is_doomed && !c->move_to) {
		tell_end(c);
		return;
	}
	if (c->parting)
		part(c);
	conn_after(c);
}

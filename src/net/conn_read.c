/*
 * Bytes in: from the socket, through TLS if there is one, to the owner.
 *
 * One recv for each connection and round, so that nobody starves. TLS opens
 * everything that was read at once, also for an owner who pauses in the middle
 * of it: then plain bytes are kept, never sealed ones. Inside `input` nearly
 * everything may happen; so after it we look at the connection anew.
 */
#include "net/conn_inside.h"
#include "base/check.h"
#include "base/clock.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static void take_in(struct conn *c, const char *bytes, size_t size);

/* Returns how many bytes need no keeping. An owner that gave it to another owner has the rest offered to that one. */
static size_t offer(struct conn *c, const char *bytes, size_t size)
{
	size_t taken = 0;
	const bool had_tls = c->tls;
	const struct conn_owner *owner;
	void *with;
	do {
		owner = c->owner;
		with = c->with;
		c->busy++;
		size_t n = owner->input(with, bytes + taken, size - taken);
		c->busy--;
		if (c->is_dead || c->parting)
			return size;
		ASSERT(n <= size - taken);
		taken += n;
		if (c->tls && !had_tls) {
			c->tls->in_is_hello |= taken < size && bytes[taken] == CONN_HANDSHAKE;       /* sent ahead: XEP-0305 §5 */
			return c->tls->in_is_hello ? taken : size;   /* RFC 6120 §5.4.2.3 */
		}
	} while (taken < size && conn_may_offer(c) && (c->owner != owner || c->with != with));
	return taken;
}

static void offer_kept(struct conn *c)
{
	size_t taken = offer(c, buf_start(&c->in), buf_length(&c->in));
	if (!c->is_dead)
		buf_take(&c->in, taken);
}

/* The first byte said TLS: what was kept is the start of a handshake. */
static void feed_hello(struct conn *c)
{
	struct buf hello = c->in;
	memset(&c->in, 0, sizeof c->in);
	c->tls->in_is_hello = false;
	for (size_t at = hello.start, n; at < hello.end && !c->is_dead && !c->is_doomed; at += n) {
		n = hello.end - at < WIRE_SIZE ? hello.end - at : WIRE_SIZE;
		take_in(c, hello.data + at, n);
	}
	buf_clear(&hello);
}

static void tell_secured(struct conn *c)
{
	if (!c->tls || !c->tls->tell_secured || !conn_hears(c))
		return;
	c->tls->tell_secured = false;
	if (!c->owner->secured)
		return;
	c->busy++;
	c->owner->secured(c->with);
	c->busy--;
}

static void deliver(struct conn *c, const char *bytes, size_t size)
{
	tell_secured(c);
	if (!size || c->is_dead || c->parting)
		return;
	if (!conn_may_offer(c)) {
		buf_add(&c->in, bytes, size);
	} else if (buf_length(&c->in)) {
		buf_add(&c->in, bytes, size);
		offer_kept(c);
	} else {
		size_t taken = offer(c, bytes, size);
		if (!c->is_dead)
			buf_add(&c->in, bytes + taken, size - taken);
	}
}

static void take_in(struct conn *c, const char *bytes, size_t size)
{
	if (c->tls) {
		size = conn_tls_open(c, bytes, size);
		bytes = c->loop->plain;
	}
	deliver(c, bytes, size);
	if (!c->is_dead && c->tls && c->tls->in_is_hello && conn_may_offer(c) && buf_length(&c->in))
		feed_hello(c);
}

/* The peer closed: told once nothing is kept that a resumed owner would still take. */
static void end_if_done(struct conn *c)
{
	if (c->is_half && conn_hears(c) && !(c->is_paused && buf_length(&c->in)))
		conn_doom(c, CONN_CLOSED, c->tls && !c->tls->is_ready ? "closed during the TLS handshake" : "closed by the peer");
}

/*
 * A peer that goes on sending and hears nothing is acknowledged by the kernel
 * at each recv, with a packet of its own: a fifth of what its message costs.
 * Asked to wait, the kernel answers every second segment, or after 40 ms. That
 * would slow a peer with Nagle's algorithm, but such a one sends no more than
 * 25 times a second while it waits, so it isn't busy, and is left alone.
 */
static void delay_acknowledgements(struct conn *c)
{
	enum { BUSY_READS = 64, TICK = 16, BUSY_TICKS = 1000 / TICK };
	const int quick = 0;
	if (++c->reads < BUSY_READS)
		return;
	uint16_t now = (uint16_t)(clock_now() / TICK);
	if ((uint16_t)(now - c->reads_since) < BUSY_TICKS)
		setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &quick, sizeof quick);      /* a Unix socket says no, and needs none */
	c->reads = 0;
	c->reads_since = now;
}

/* One recv; false: there was nothing, or the connection is lost. */
static bool read_once(struct conn *c)
{
	ssize_t n = recv(c->fd, c->loop->wire, WIRE_SIZE, MSG_DONTWAIT);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			conn_doom(c, CONN_LOST, strerror(errno));
		return false;
	}
	if (n == 0)
		c->is_half = true;
	else
		delay_acknowledgements(c);
	if (n > 0)
		take_in(c, c->loop->wire, (size_t)n);
	return n > 0;
}

static void look_again(struct conn *c)
{
	if (c->is_dead)
		return;
	end_if_done(c);
	conn_after(c);
	if (c->is_half && !c->is_dead && c->loop)
		conn_watch_exactly(c);       /* a closed socket stays readable */
}

void conn_read(struct conn *c)
{
	read_once(c);
	look_again(c);
}

/*
 * Paused, and the peer has closed. With TLS only reading tells whether bytes
 * or just its goodbye came before that; so we read on, but not endlessly.
 */
void conn_probe(struct conn *c)
{
	const size_t before = buf_length(&c->in);
	while (!c->is_half && buf_length(&c->in) - before < WIRE_SIZE && read_once(c))
		if (c->is_dead || c->is_doomed || !c->is_paused)
			break;
	if (c->is_dead)
		return;
	c->is_probed = c->is_paused;
	look_again(c);
	if (!c->is_dead && c->loop)
		conn_watch_exactly(c);
}

void conn_discard(struct conn *c)
{
	ssize_t n = recv(c->fd, c->loop->wire, WIRE_SIZE, MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (n < 0) {
		conn_destroy(c);
		return;
	}
	c->is_half = true;
	conn_watch_exactly(c);
	conn_touch(c);
}

void conn_offer(struct conn *c)
{
	if (conn_may_offer(c) && buf_length(&c->in)) {
		if (c->tls && c->tls->in_is_hello)
			feed_hello(c);
		else
			offer_kept(c);
		if (!c->is_dead && c->tls && c->tls->in_is_hello && conn_may_offer(c))
			feed_hello(c);
	}
	look_again(c);
}

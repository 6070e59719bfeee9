/*
 * Connections without sockets: net/conn.h over a wire whose other end is a
 * speaker. Bytes come in pieces of every size; what is written leaves at the
 * end of a round, as far as the wire has room; what ended is told then, too.
 *
 * A freed connection stays in memory until the step is over, because whoever is
 * further up the stack may still ask it things.
 */
#include "sim.h"
#include "base/check.h"
#include "base/mem.h"
#include "net/conn.h"
#include "streams/address.h"
#include "streams/c2s.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { CONN_MAGIC = 0x73636f6e };

struct conn {
	unsigned magic;
	struct list link;
	struct loop *loop;                   /* NULL between two loops */
	struct wire *wire;
	const struct conn_owner *owner;
	void *with;
	struct buf in, out;
	uint64_t gone, told;
	struct conn_facts facts;
	struct loop *move_to;
	void (*arrived)(void *, struct conn *);
	enum conn_end end;
	msec parting_until;
	unsigned busy, number;
	bool is_paused, is_dirty, is_offered, is_doomed, is_over, is_dead, is_half, is_parting;
};

static struct list conns = { &conns, &conns };
static unsigned made;

unsigned conns_count(void)
{
	unsigned n = 0;
	LIST_EACH(&conns, struct conn, link, c)
		n += !c->is_dead;
	return n;
}

/* --- wires --- */

static void wire_free_if_left(struct wire *w)
{
	if (w->conn || w->has_client)
		return;
	buf_clear(&w->up);
	buf_clear(&w->down);
	mem_free(w);
}

void wire_leave(struct wire *w)
{
	w->has_client = false;
	wire_free_if_left(w);
}

struct wire *wire_connect(void)
{
	static const size_t rooms[] = { 300, 2000, 65536 };
	struct wire *w = NEW(struct wire);
	struct conn *c = NEW(struct conn);
	enum limit limit;
	c->magic = CONN_MAGIC;
	c->number = ++made;
	c->wire = w;
	c->loop = loop_any();
	c->facts.peer.ss_family = AF_UNIX;
	snprintf(c->facts.peer_name, sizeof c->facts.peer_name, "unix:%u", made);
	w->conn = c;
	w->has_client = true;
	w->room = rooms[dice_below(3)];
	list_append(&conns, &c->link);
	loop_enter(c->loop);
	struct arrival arrival = { .number = c->number };
	c2s_start(c, gate_of_sim(), address_enter(&c->facts.peer, &hosts_of_sim()->limits, &limit), &arrival);
	loop_leave();
	return w;
}

/* --- its end --- */

static void destroy(struct conn *c)
{
	if (c->is_dead)
		return;
	c->is_dead = true;
	c->owner = NULL;
	c->wire->conn = NULL;
	c->wire->down_is_shut = true;
	wire_free_if_left(c->wire);
	c->wire = NULL;
}

static void bury(void)
{
	LIST_EACH(&conns, struct conn, link, c) {
		if (!c->is_dead)
			continue;
		list_remove(&c->link);
		buf_clear(&c->in);
		buf_clear(&c->out);
		c->magic = 0;
		mem_free(c);
	}
}

static void doom(struct conn *c, enum conn_end end)
{
	if (c->is_doomed)
		return;
	c->is_doomed = c->is_dirty = true;
	c->end = end;
}

/* --- net/conn.h --- */

void conn_own(struct conn *c, const struct conn_owner *owner, void *with)
{
	c->owner = owner;
	c->with = with;
	c->is_offered = true;
}

void conn_printed(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	if (c->is_doomed || c->is_parting || c->is_dead) {
		if (c->is_doomed)
			buf_clear(&c->out);
		return;
	}
	c->is_dirty = true;
}

void conn_write(struct conn *c, const void *bytes, size_t size)
{
	CHECK(c, CONN_MAGIC);
	if (c->is_doomed || c->is_parting || c->is_dead)
		return;
	buf_add(&c->out, bytes, size);
	conn_printed(c);
}

struct buf *conn_out(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return &c->out;
}

uint64_t conn_total(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return c->gone + buf_length(&c->out);
}

size_t conn_queued(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return buf_length(&c->out);
}

static void push(struct conn *c)
{
	struct wire *w = c->wire;
	size_t used = buf_length(&w->down), room = w->room > used ? w->room - used : 0, size = buf_length(&c->out);
	if (c->is_doomed)
		return;
	if (w->is_cut && !w->has_client)
		room = 0;
	if (size > room)
		size = room;
	if (!size)
		return;
	buf_add(&w->down, buf_start(&c->out), size);
	buf_take(&c->out, size);
	c->gone += size;
}

void conn_flush(struct conn *c)
{
	if (c->loop && !c->move_to && !c->is_dead)
		push(c);
	c->is_dirty = true;
}

void conn_pause(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	c->is_paused = true;
}

void conn_resume(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	c->is_paused = false;
	c->is_offered = true;
}

void conn_close(struct conn *c, msec linger)
{
	CHECK(c, CONN_MAGIC);
	if (c->is_parting || c->is_dead)
		return;
	if (c->is_doomed && c->end != CONN_CLOSED) {
		destroy(c);
		return;
	}
	c->is_doomed = c->is_over = false;
	c->owner = NULL;
	c->is_parting = c->is_dirty = true;
	c->parting_until = clock_now() + linger;
}

void conn_abort(struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	destroy(c);
}

void conn_free(struct conn *c)
{
	if (c)
		conn_abort(c);
}

void conn_tls(struct conn *c, tls_chooser choose, void *with)
{
	BUG("TLS isn't offered here");
}

struct sockaddr_storage conn_peer(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return c->facts.peer;
}

struct conn_facts conn_facts(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return c->facts;
}

bool conn_is_tls(const struct conn *c)
{
	return false;
}

bool conn_has_binding(struct conn *c)
{
	return false;
}

bool conn_binding_unique(struct conn *c, unsigned char out[64], size_t *size)
{
	return false;
}

unsigned conn_tls_number(const struct conn *c)
{
	return 0;
}

bool conn_binding_exporter(struct conn *c, unsigned char out[32])
{
	return false;
}

bool conn_binding_end_point(struct conn *c, unsigned char out[64], size_t *size)
{
	return false;
}

msec conn_peer_chain_expires(const struct conn *c)
{
	return 0;
}

const X509 *conn_peer_certificate(const struct conn *c, bool *is_trusted)
{
	return NULL;
}

/* --- from loop to loop --- */

static void offer(struct conn *c);

static void arrive(void *thing)
{
	struct conn *c = thing;
	c->loop = loop_here();
	c->move_to = NULL;
	c->is_dirty = true;
	trace("conn %u: arrives at loop %u with %zu bytes", c->number, loop_number(c->loop), buf_length(&c->in));
	c->busy++;
	c->arrived(c->with, c);
	c->busy--;
	offer(c);
}

static void depart_if_free(struct conn *c)
{
	if (c->is_dead || c->busy || !c->loop || !c->move_to)
		return;
	struct loop *to = c->move_to;
	c->loop = NULL;
	post(to, arrive, c);
}

void conn_move(struct conn *c, struct loop *to, void (*arrived)(void *, struct conn *))
{
	CHECK(c, CONN_MAGIC);
	ASSERT(c->loop == loop_here() && !c->is_parting && !c->is_dead);
	c->move_to = to;
	c->arrived = arrived;
	depart_if_free(c);
}

/* --- steps --- */

static bool hears(const struct conn *c)
{
	return c->owner && c->loop && !c->is_dead && !c->is_doomed && !c->is_parting && !c->move_to;
}

static void end_if_done(struct conn *c)
{
	if (c->is_half && hears(c) && !(c->is_paused && buf_length(&c->in)))
		doom(c, CONN_CLOSED);
}

/* Kept bytes to the owner, in memory of their own so that reading beyond them is seen. */
static void offer(struct conn *c)
{
	c->is_offered = false;
	if (hears(c) && !c->is_paused && buf_length(&c->in)) {
		size_t size = buf_length(&c->in);
		char *bytes = mem_copy(buf_start(&c->in), size);
		c->busy++;
		size_t taken = c->owner->input(c->with, bytes, size);
		c->busy--;
		mem_free(bytes);
		if (!c->is_dead && !c->is_parting) {
			ASSERT(taken <= size);
			buf_take(&c->in, taken);
		}
	}
	if (!c->is_dead)
		end_if_done(c);
	depart_if_free(c);
}

static void begin(struct conn *c)
{
	loop_enter(c->loop);
}

static void over(void)
{
	loop_leave();
	bury();
}

static void receive(void *with)
{
	struct conn *c = with;
	struct buf *up = &c->wire->up;
	size_t size = dice_piece(buf_length(up));
	trace("conn %u: %zu bytes in", c->number, size);
	begin(c);
	buf_add(&c->in, buf_start(up), size);
	buf_take(up, size);
	offer(c);
	over();
}

static void offer_again(void *with)
{
	struct conn *c = with;
	begin(c);
	offer(c);
	over();
}

static void find_end(void *with)
{
	struct conn *c = with;
	trace("conn %u: finds its peer gone", c->number);
	begin(c);
	if (c->is_parting)
		destroy(c);
	else if (c->wire->is_cut)
		doom(c, CONN_LOST);
	else {
		c->is_half = true;
		end_if_done(c);
	}
	over();
}

static void tell_written(struct conn *c)
{
	if (!hears(c) || c->gone == c->told)
		return;
	c->told = c->gone;
	c->busy++;
	c->owner->written(c->with, c->told);
	c->busy--;
}

static void part(struct conn *c)
{
	if (c->wire->is_cut)
		destroy(c);
	else if (!buf_length(&c->out))
		destroy(c);
}

/* The end of a round, for one connection. */
static void settle(void *with)
{
	struct conn *c = with;
	begin(c);
	c->is_dirty = false;
	push(c);
	tell_written(c);
	if (c->is_dead)
		goto out;
	if (c->is_doomed && !c->move_to) {
		if (c->owner && !c->is_over) {
			c->is_over = true;
			c->owner->ended(c->with, c->end, "the simulation");
		}
		goto out;
	}
	if (c->is_parting)
		part(c);
	depart_if_free(c);
out:
	over();
}

static void give_up_parting(void *with)
{
	begin(with);
	destroy(with);
	over();
}

static void steps_of(struct conn *c)
{
	struct wire *w = c->wire;
	bool reads = hears(c) && !c->is_paused && !c->is_half;
	bool has_room = buf_length(&w->down) < w->room;
	if (reads && buf_length(&w->up) && !w->is_cut)
		step_may(IN_NET, receive, c);
	if (c->is_offered && hears(c))
		step_may(IN_LOOPS, offer_again, c);
	if (c->is_dirty || (buf_length(&c->out) && has_room && !(w->is_cut && !w->has_client)))
		step_may(IN_LOOPS, settle, c);
	bool is_shut = w->up_is_shut && !buf_length(&w->up) && ((hears(c) && !c->is_half) || c->is_parting);
	if ((w->is_cut && !c->is_doomed) || is_shut)
		step_may(IN_NET, find_end, c);
	else if (c->is_parting && (c->parting_until <= clock_now()))
		step_may(IN_LOOPS, give_up_parting, c);
}

void conns_steps(void)
{
	LIST_EACH(&conns, struct conn, link, c)
		if (c->loop && !c->is_dead)
			steps_of(c);
}

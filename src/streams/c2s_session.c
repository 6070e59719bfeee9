/*
 * A client's stream as the transport of its session: stanzas out, receipts,
 * the doors that bound what is read, silence, and goodbyes.
 */
#include "streams/c2s_inside.h"
#include "streams/sasl2.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/home.h"
#include "streams/acks.h"
#include "streams/legacy.h"
#include "streams/login.h"
#include "streams/management.h"
#include <string.h>

enum { PING_WAIT = 30000 };          /* ms for an answer to our question */

/* --- idleness --- */

static void idle(struct timer *timer);

void c2s_watch_idleness(struct c2s *c, msec after)
{
	if (c2s_terms(c)->idle_time)
		timer_start(&c->timer, after, idle);
	else
		timer_stop(&c->timer);
}

static void ask_for_life(struct c2s *c)
{
	c->is_asked = true;
	if (c->acks) {
		acks_request(c->acks, c->conn);
		return;
	}
	struct arena *a = arena_new();
	char id[9];
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "get"), ATTR(a, "from", c->host), ATTR(a, "to", c->session->jid->full),
		ATTR(a, "id", random_text(id, 8)), EL(a, NS_PING, "ping")));
	arena_free(a);
}

/* Silent for idle_time: asked once (XEP-0199 §4.2, XEP-0198 §4); silent still: over (XEP-0190, RFC 6120 §4.9.3.4). */
static void idle(struct timer *timer)
{
	struct c2s *c = CONTAINER(timer, struct c2s, timer);
	msec limit = c2s_terms(c)->idle_time, silent = clock_now() - c->heard_at;
	msec wait = limit < PING_WAIT ? limit : PING_WAIT;
	if (c->state != C2S_BOUND || !limit)
		return;
	if (silent < limit) {
		c2s_watch_idleness(c, limit - silent);
	} else if (!c->is_asked) {
		ask_for_life(c);
		c2s_watch_idleness(c, wait);
	} else if (silent >= limit + wait) {
		limit_reached(LIMIT_IDLE);
		c2s_error(c, STREAM_CONNECTION_TIMEOUT, "Nothing was heard for too long");
	} else {
		c2s_watch_idleness(c, limit + wait - silent);
	}
}
/* --- the transport of a session --- */

static bool doesnt_read(struct c2s *c)
{
	return conn_queued(c->conn) > limits(c)->write_hard;
}

/* Who doesn't acknowledge has had its session. Who doesn't read has lost its connection: nothing that we said would get through. */
static void overflowed(struct timer *timer)
{
	struct c2s *c = CONTAINER(timer, struct c2s, timer);
	bool by_bytes;
	if (c->acks && acks_are_over(c->acks, &by_bytes)) {
		limit_reached(by_bytes ? LIMIT_ACKS_BYTES : LIMIT_ACKS_STANZAS);
		c2s_error(c, STREAM_RESOURCE_CONSTRAINT, "The client doesn't acknowledge");
		return;
	}
	limit_reached(LIMIT_WRITE_QUEUE);
	management_hibernate(c, "it doesn't read");
	if (c->session)
		c2s_error(c, STREAM_RESOURCE_CONSTRAINT, "The client doesn't read");
	else
		c2s_lose(c, "it doesn't read");
}

static uint64_t send_stanza(void *stream, const struct xml *stanza)
{
	struct c2s *c = stream;
	struct buf *out = conn_out(c->conn);
	size_t before = buf_length(out);
	bool by_bytes;
	xml_print(out, stanza, NS_CLIENT);
	c->sent++;
	c->stanzas_out++;
	C2S_LOG_XML(c, "sent", stanza);
	if (c->acks)
		acks_sent(c->acks, c->conn, buf_start(out) + before, buf_length(out) - before);
	conn_printed(c->conn);
	if (doesnt_read(c) || (c->acks && acks_are_over(c->acks, &by_bytes)))
		timer_start(&c->timer, 0, overflowed);           /* not here: whoever sends isn't done with this session */
	return c->sent;
}

static void end_stream(void *stream, enum stream_error error, const char *text)
{
	if (error == STREAM_NONE)
		c2s_close(stream, text ? text : "closed by the server");
	else
		c2s_error(stream, error, text);
}

static bool is_over(struct c2s *c, unsigned unsettled, size_t bytes)
{
	return unsettled > limits(c)->unsettled || bytes > limits(c)->unsettled_bytes;
}

void c2s_read_again(struct c2s *c)
{
	if (!c->is_full && !c->is_slowed && !c->is_starved)
		conn_resume(c->conn);
}
static void go_on_reading(struct timer *timer)
{
	struct c2s *c = CONTAINER(timer, struct c2s, timer);
	c2s_watch_idleness(c, c2s_terms(c)->idle_time);
	c->is_slowed = false;
	c2s_read_again(c);
}

/* A pause for what went too fast: the idle timer does both. */
void c2s_slow_down(struct c2s *c, size_t bytes)
{
	msec now = clock_now(), for_stanzas = meter_take(&c->stanzas, 1, now), for_bytes = meter_take(&c->bytes, (int64_t)bytes, now);
	msec pause = for_bytes > for_stanzas ? for_bytes : for_stanzas;
	if (!pause || !c->conn || c->state != C2S_BOUND || !limits(c)->enabled)
		return;
	limit_reached(pause == for_stanzas ? LIMIT_STANZAS : LIMIT_BYTES);
	conn_pause(c->conn);
	c->is_slowed = true;
	timer_start(&c->timer, pause, go_on_reading);
}
void c2s_check_doors(struct c2s *c)
{
	struct session *s = c->session;
	if (!c->conn)
		return;
	c->is_full = s && is_over(c, s->received - s->settled, s->unsettled_bytes);
	if (c->is_full)
		limit_reached(s->unsettled_bytes > limits(c)->unsettled_bytes ? LIMIT_UNSETTLED_BYTES : LIMIT_UNSETTLED);
	c->is_starved = home_here()->is_over_memory;
	if (c->is_full || c->is_starved)
		conn_pause(c->conn);
}
/* The client said goodbye, and all that it sent is settled: that is the last it hears (XEP-0198 §4). */
static void say_goodbye(struct c2s *c)
{
	if (c->acks)
		acks_answer(c->acks, c->conn, c->session->settled, c->session->settled);
	c2s_close(c, "closed by the client");
	c2s_finish(c, "closed by the client");
}

static void goodbye_timed_out(struct timer *timer)
{
	say_goodbye(CONTAINER(timer, struct c2s, timer));
}

void c2s_client_closes(struct c2s *c)
{
	if (!c->session || c->session->settled == c->session->received) {
		say_goodbye(c);
		return;
	}
	c->state = C2S_LEAVING;
	conn_pause(c->conn);
	timer_start(&c->timer, limits(c)->close_wait, goodbye_timed_out);
}

static void settled(void *stream, uint32_t count, unsigned unsettled, size_t bytes)
{
	struct c2s *c = stream;
	if (c->acks)
		acks_settled(c->acks, c->conn, count);
	if (c->state == C2S_LEAVING && !unsettled) {
		say_goodbye(c);
		return;
	}
	if (c->is_full && !is_over(c, unsettled * 2, bytes * 2)) {
		c->is_full = false;
		c2s_read_again(c);
	}
}

static struct session_facts facts(void *stream)
{
	struct c2s *c = stream;
	const struct login *l = c->login;
	struct session_facts f = { .mechanism = c->mechanism, .queued = c->acks ? acks_count(c->acks) : 0 };
	if (l && l->has_certificate) {
		f.certificate = l->certificate;
		f.is_own = l->is_own;
		f.is_restricted = l->is_restricted;
	}
	stream_tag(f.tag, c->kind, c->number);
	if (!c->conn)
		return f;
	const struct conn_facts of_conn = conn_facts(c->conn);
	memcpy(f.peer, of_conn.peer_name, sizeof f.peer);
	f.tls = of_conn.tls_version;
	f.cipher = of_conn.cipher;
	return f;
}

static bool is_slow(void *stream)
{
	struct c2s *c = stream;
	return conn_queued(c->conn) > limits(c)->write_soft;
}

/* May end the stream, and it with it. */
void c2s_bind_refused(struct c2s *c, const char *id, enum stanza_error error)
{
	struct arena *a = arena_new();
	struct xml *why = error == RESOURCE_CONSTRAINT ? EL(a, NS_ERRORS, "resource-limit-exceeded") : NULL;         /* XEP-0205 §4.4 */
	c2s_write_error(c, a, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "error"), ATTR(a, "id", id),
		c->is_legacy ? legacy_error(a, error) : stanza_error_element(a, error, NULL, why)));
	arena_free(a);
	if (++c->tries > limits(c)->login_tries)                  /* RFC 6120 §7.7.3 */
		c2s_error(c, STREAM_POLICY_VIOLATION, "Too many failed binds");
	else
		c2s_go_on(c);
}

void c2s_bound(struct c2s *c)
{
	c2s_go_on(c);
	c->state = C2S_BOUND;
	c->heard_at = clock_now();
	c2s_watch_idleness(c, c2s_terms(c)->idle_time);
}

void c2s_begin_session(struct c2s *c, struct session *s)
{
	c->session = s;
	c2s_log(c, LOG_LOW, "bound");
}

static void become_bound(struct c2s *c, const char *id, struct session *s)
{
	struct arena *a = arena_new();
	c2s_begin_session(c, s);
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "result"), ATTR(a, "id", id),
		c->is_legacy ? NULL : EL(a, NS_BIND, "bind", EL(a, NS_BIND, "jid", TEXT(a, s->jid->full)))));
	arena_free(a);
	c2s_bound(c);
}

static void bound(void *stream, struct session *s, enum stanza_error error)
{
	struct c2s *c = stream;
	char *id = c->bind_id;
	c->bind_id = NULL;
	c->is_binding = false;
	if (c->sasl2)
		sasl2_bound(c, s, error);
	else if (s)
		become_bound(c, id, s);
	else
		c2s_bind_refused(c, id, error);
	mem_free(id);
}

/* Into debt, if need be: then the next stanza waits. */
static void cost(void *stream, unsigned stanzas)
{
	struct c2s *c = stream;
	meter_take(&c->stanzas, stanzas, clock_now());
}

static msec heard(void *stream)
{
	const struct c2s *c = stream;
	return c->heard_at;
}

const struct session_stream c2s_transport = { send_stanza, end_stream, settled, facts, is_slow, bound, cost, .heard = heard };

void c2s_written(void *owner, uint64_t total)
{
	struct c2s *c = owner;
	if (c->session && !c->acks && c->session->flights && conn_total(c->conn) == total)
		session_taken(c->session, c->sent);
}

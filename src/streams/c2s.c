/*
 * The client's stream as a state machine.
 *
 * Every element at depth one comes to `element`, which knows by the state what
 * may come. Nothing is parsed behind an element that must be waited for (an
 * authentication, a bind), so a client may send everything in one write.
 */
#include "streams/c2s.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/home.h"
#include "streams/acks.h"
#include "streams/address.h"
#include "streams/auth.h"
#include "streams/header.h"
#include "streams/listen.h"
#include "streams/signup.h"
#include "core/call.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LINGER = 5000, PING_WAIT = 30000 };

static _Thread_local struct list streams;
static _Thread_local size_t stream_count;
static atomic_uint_fast64_t connections;

static const struct core_limits *limits(void)
{
	return &hosts_here()->limits;
}

size_t c2s_count(void)
{
	return stream_count;
}

/* --- writing --- */

void c2s_write(struct c2s *c, const struct xml *el)
{
	if (!c->conn)
		return;
	xml_print(conn_out(c->conn), el, NS_CLIENT);
	conn_printed(c->conn);
}

static void write_header(struct c2s *c)
{
	header_write(conn_out(c->conn), c->host ? c->host : host_first()->name, c->caller, c->id);
	conn_printed(c->conn);
	c->has_header = true;
}

/* --- its end --- */

static void destroy(struct c2s *c)
{
	c->magic = 0;
	xml_parser_free(c->parser);
	acks_free(c->acks);
	mem_free(c->host);
	mem_free(c->lang);
	mem_free(c->caller);
	mem_free(c->account);
	mem_free(c->bind_id);
	mem_free(c);
}

/* The session hears of it, with what its client may not have. */
static void leave_session(struct c2s *c, const char *why)
{
	struct session *s = c->session;
	if (!s)
		return;
	struct arena *a = arena_new();
	uint64_t first = 0;
	const struct xml *const *untaken = c->acks ? acks_untaken(c->acks, a, &first) : NULL;
	c->session = NULL;
	session_ended(s, untaken, first, why);
	arena_free(a);
}

static void forget(struct c2s *c)
{
	timer_stop(&c->timer);
	list_remove(&c->in_loop);
	stream_count--;
	listen_left(c->rules);
	address_leave(c->address);
	auth_free(c->auth);
	c->auth = NULL;
	if (c->is_binding)
		session_bind_cancel(c->account, c);
	call_cancel(c);
	c->is_over = true;
	if (!c->is_inside)
		destroy(c);
}

static void gone(struct c2s *c, const char *why)
{
	log_low(c->tag, "%s ended: %s", c->account ? c->account : "stream", why);
	leave_session(c, why);
	forget(c);
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	struct c2s *c = owner;
	conn_free(c->conn);
	c->conn = NULL;
	gone(c, words ? words : end == CONN_CLOSED ? "the peer closed the connection" : "the connection was lost");
}

/* What is written goes out; the connection is closed behind it. */
static void finish(struct c2s *c, const char *why)
{
	conn_close(c->conn, LINGER);
	c->conn = NULL;
	gone(c, why);
}

static void close_timed_out(struct timer *timer)
{
	finish(CONTAINER(timer, struct c2s, timer), "the peer didn't close its stream");
}

/* RFC 6120 §4.9.1.1: an error ends the stream and the connection at once. */
void c2s_error(struct c2s *c, enum stream_error error, const char *text)
{
	if (!c->conn)
		return;
	log_low(c->tag, "%s: stream error %s%s%s", c->account ? c->account : conn_facts(c->conn)->peer_name, stream_error_name(error),
		text ? ": " : "", text ? text : "");
	if (c->state != C2S_CLOSING) {
		if (!c->has_header)
			write_header(c);
		header_write_error(conn_out(c->conn), error, text, NULL);
		conn_printed(c->conn);
	}
	finish(c, stream_error_name(error));
}

/* Our closing tag is out, so the session is over; the peer has a moment to send its own (RFC 6120 §4.4). */
void c2s_close(struct c2s *c, const char *why)
{
	static const char end[] = "</stream:stream>";
	if (!c->conn || c->state == C2S_CLOSING)
		return;
	if (!c->has_header)
		write_header(c);
	conn_write(c->conn, end, sizeof end - 1);
	leave_session(c, why);
	c->state = C2S_CLOSING;
	c->is_full = c->is_slowed = c->is_starved = false;
	conn_resume(c->conn);
	timer_start(&c->timer, limits()->close_wait, close_timed_out);
}

/* --- waiting and going on --- */

void c2s_wait(struct c2s *c)
{
	c->state = C2S_WAITING;
	conn_pause(c->conn);
}

void c2s_go_on(struct c2s *c)
{
	c->state = C2S_NEGOTIATING;
	conn_resume(c->conn);
}

void c2s_restart(struct c2s *c)
{
	c->state = C2S_HEADER;
	c->has_header = false;
	xml_parser_restart(c->parser);
}

const struct host *c2s_host(const struct c2s *c)
{
	return c->host ? host_find(c->host) : NULL;
}

bool c2s_is_secure(const struct c2s *c)
{
	return conn_is_tls(c->conn);
}

bool c2s_may_plain(const struct c2s *c)
{
	const struct host *host = c2s_host(c);
	return c2s_is_secure(c) || (host && host->plain_without_tls);
}

/* --- idleness and time-outs --- */

static void idle(struct timer *timer);

static void watch_idleness(struct c2s *c, msec after)
{
	if (c->rules->idle_ms)
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
	msec limit = c->rules->idle_ms, silent = clock_now() - c->heard_at;
	msec wait = limit < PING_WAIT ? limit : PING_WAIT;
	if (c->state != C2S_BOUND || !limit)
		return;
	if (silent < limit) {
		watch_idleness(c, limit - silent);
	} else if (!c->is_asked) {
		ask_for_life(c);
		watch_idleness(c, wait);
	} else if (silent >= limit + wait) {
		c2s_error(c, STREAM_CONNECTION_TIMEOUT, "Nothing was heard for too long");
	} else {
		watch_idleness(c, limit + wait - silent);
	}
}

static void negotiation_timed_out(struct timer *timer)
{
	c2s_error(CONTAINER(timer, struct c2s, timer), STREAM_CONNECTION_TIMEOUT, "Not logged in in time");
}

/* --- the transport of a session --- */

static void overflowed(struct timer *timer)
{
	c2s_error(CONTAINER(timer, struct c2s, timer), STREAM_RESOURCE_CONSTRAINT, "The client doesn't read, or doesn't acknowledge");
}

static uint64_t send_stanza(void *stream, const struct xml *stanza)
{
	struct c2s *c = stream;
	struct buf *out = conn_out(c->conn);
	size_t before = buf_length(out);
	xml_print(out, stanza, NS_CLIENT);
	c->sent++;
	LOG_AT(LOG_ALL, c->tag, "sent %.*s", (int)(buf_length(out) - before), buf_start(out) + before);
	if (c->acks)
		acks_sent(c->acks, c->conn, buf_start(out) + before, buf_length(out) - before);
	conn_printed(c->conn);
	if (conn_queued(c->conn) > limits()->write_hard || (c->acks && acks_held(c->acks) > limits()->write_hard))
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

static bool is_over(unsigned unsettled, size_t bytes)
{
	return unsettled > limits()->unsettled || bytes > limits()->unsettled_bytes;
}

static void read_again(struct c2s *c)
{
	if (!c->is_full && !c->is_slowed && !c->is_starved)
		conn_resume(c->conn);
}

void c2s_second(void)
{
	if (!streams.next || home_here()->is_over_memory)
		return;
	LIST_EACH(&streams, struct c2s, in_loop, c) {
		if (c->is_starved) {
			c->is_starved = false;
			read_again(c);
		}
	}
}

/* The client said goodbye, and all that it sent is settled: that is the last it hears (XEP-0198 §4). */
static void say_goodbye(struct c2s *c)
{
	if (c->acks)
		acks_answer(c->acks, c->conn, c->session->settled, c->session->settled);
	c2s_close(c, "closed by the client");
	finish(c, "closed by the client");
}

static void goodbye_timed_out(struct timer *timer)
{
	say_goodbye(CONTAINER(timer, struct c2s, timer));
}

static void client_closes(struct c2s *c)
{
	if (!c->session || c->session->settled == c->session->received) {
		say_goodbye(c);
		return;
	}
	c->state = C2S_LEAVING;
	conn_pause(c->conn);
	timer_start(&c->timer, limits()->close_wait, goodbye_timed_out);
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
	if (c->is_full && !is_over(unsettled * 2, bytes * 2)) {
		c->is_full = false;
		read_again(c);
	}
}

static struct session_facts facts(void *stream)
{
	struct c2s *c = stream;
	const struct conn_facts *f = c->conn ? conn_facts(c->conn) : NULL;
	return (struct session_facts){ c->tag, f ? f->peer_name : NULL, f ? f->tls_version : NULL, f ? f->cipher : NULL, c->mechanism };
}

static bool is_slow(void *stream)
{
	struct c2s *c = stream;
	return conn_is_slow(c->conn);
}

/* May end the stream, and it with it. */
static void bind_refused(struct c2s *c, const char *id, enum stanza_error error)
{
	struct arena *a = arena_new();
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "error"), ATTR(a, "id", id), stanza_error_element(a, error, NULL, NULL)));
	arena_free(a);
	if (++c->tries > limits()->login_tries)                  /* RFC 6120 §7.7.3 */
		c2s_error(c, STREAM_POLICY_VIOLATION, "Too many failed binds");
	else
		c2s_go_on(c);
}

static void become_bound(struct c2s *c, const char *id, struct session *s)
{
	struct arena *a = arena_new();
	c->session = s;
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "result"), ATTR(a, "id", id),
		EL(a, NS_BIND, "bind", EL(a, NS_BIND, "jid", TEXT(a, s->jid->full)))));
	arena_free(a);
	c2s_go_on(c);
	c->state = C2S_BOUND;
	log_low(c->tag, "%s bound from %s", s->jid->full, conn_facts(c->conn)->peer_name);
	c->heard_at = clock_now();
	watch_idleness(c, c->rules->idle_ms);
}

static void bound(void *stream, struct session *s, enum stanza_error error)
{
	struct c2s *c = stream;
	char *id = c->bind_id;
	c->bind_id = NULL;
	c->is_binding = false;
	if (s)
		become_bound(c, id, s);
	else
		bind_refused(c, id, error);
	mem_free(id);
}

static const struct session_stream transport = { send_stanza, end_stream, settled, facts, is_slow, bound };

static void written(void *owner, uint64_t total)
{
	struct c2s *c = owner;
	if (c->session && !c->acks && c->session->flights && conn_total(c->conn) == total)
		session_taken(c->session, c->sent);
}

/* --- elements before a session --- */

static void starttls(struct c2s *c)
{
	struct arena *a = arena_new();
	const struct host *host = c2s_host(c);
	bool can = host && host->tls && host->tls_mode != HOST_TLS_OFF && !c2s_is_secure(c);
	c2s_write(c, EL(a, NS_TLS, can ? "proceed" : "failure"));
	arena_free(a);
	if (!can) {
		c2s_close(c, "STARTTLS is not to be had");
		return;
	}
	c2s_restart(c);
	conn_tls(c->conn, listen_tls, c->host);
}

static void bind_asked(struct c2s *c, const struct xml *iq)
{
	const struct xml *bind = xml_child(iq, NS_BIND, "bind");
	struct arena *a = arena_new();
	const char *asked = xml_child_text(bind, NS_BIND, "resource", a), *id = xml_get(iq, "id");
	const char *resource = asked && *asked ? jid_resource(a, asked) : NULL;
	if (!id || (asked && *asked && !resource)) {
		bind_refused(c, id, BAD_REQUEST);
	} else if (home_here()->is_degraded || home_here()->is_stopping) {
		bind_refused(c, id, RESOURCE_CONSTRAINT);
	} else {
		c->bind_id = mem_string(id);
		c->is_binding = true;
		c2s_wait(c);
		session_bind(c->account, resource, &transport, c);
	}
	arena_free(a);
}

static bool is_named_like_a_stanza(const struct xml *el)
{
	return strcmp(el->name, "message") == 0 || strcmp(el->name, "iq") == 0 || strcmp(el->name, "presence") == 0;
}

/* What is no element of this stream: RFC 6120 §4.8.3, §4.9.3.10, §4.9.3.24. A peer's own error just ends it. */
static void refuse_element(struct c2s *c, const struct xml *el)
{
	if (xml_is(el, NS_STREAMS, "error"))
		c2s_close(c, stream_error_name(stream_error_read(el)));
	else
		c2s_error(c, is_named_like_a_stanza(el) ? STREAM_INVALID_NAMESPACE : STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/* What comes before its time: RFC 6120 §4.9.3.12, §7.1. */
static void too_early(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	if (xml_is(el, NS_SM, "enable") || xml_is(el, NS_SM, "resume") || xml_is(el, NS_SM, "r") || xml_is(el, NS_SM, "a"))
		c2s_write(c, EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, "unexpected-request")));
	else if (el->ns == NS_CLIENT || el->ns == NS_SASL)
		c2s_error(c, STREAM_NOT_AUTHORIZED, c->account ? "Bind a resource first" : "Authenticate first");
	else
		refuse_element(c, el);
	arena_free(a);
}

static bool is_iq_set(const struct xml *el, const char *ns, const char *name)
{
	if (!xml_is(el, NS_CLIENT, "iq"))
		return false;                /* nearly all: messages */
	const char *type = xml_get(el, "type");
	return type && strcmp(type, "set") == 0 && xml_child(el, ns, name);
}

static void negotiate(struct c2s *c, const struct xml *el)
{
	if (xml_is(el, NS_TLS, "starttls"))
		starttls(c);
	else if (!c->account && el->ns == NS_SASL)
		auth_element(c, el);
	else if (!c->account && signup_is_asked(c, el))
		signup_element(c, el);
	else if (c->account && is_iq_set(el, NS_BIND, "bind"))
		bind_asked(c, el);
	else
		too_early(c, el);
}

/* --- elements of a session --- */

static void enable_acks(struct c2s *c)
{
	struct arena *a = arena_new();
	if (c->acks) {
		c2s_write(c, EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, "unexpected-request")));
	} else {
		session_taken(c->session, c->sent);
		c->sent = 0;
		c->acks = acks_new();
		session_use_acks(c->session);
		c2s_write(c, EL(a, NS_SM, "enabled"));
	}
	arena_free(a);
}

/* XEP-0198 §4: more acknowledged than was sent ends the stream. */
static void too_many_acknowledged(struct c2s *c, uint32_t h, uint32_t sent)
{
	struct arena *a = arena_new();
	struct xml *why = EL(a, NS_SM, "handled-count-too-high", ATTR(a, "h", arena_printf(a, "%u", h)), ATTR(a, "send-count", arena_printf(a, "%u", sent)));
	header_write_error(conn_out(c->conn), STREAM_UNDEFINED_CONDITION, NULL, why);
	conn_printed(c->conn);
	log_low(c->tag, "%s: acknowledged %u stanzas of %u", c->account, h, sent);
	arena_free(a);
	finish(c, "handled-count-too-high");
}

static bool read_h(const struct xml *el, uint32_t *h)
{
	const char *text = xml_get(el, "h");
	uint64_t n = 0;
	if (!text || !*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || (n = n * 10 + (uint64_t)(*text - '0')) > UINT32_MAX)
			return false;
	}
	*h = (uint32_t)n;
	return true;
}

static void acknowledged(struct c2s *c, const struct xml *el)
{
	uint32_t h, sent;
	uint64_t taken;
	if (!read_h(el, &h))
		c2s_error(c, STREAM_BAD_FORMAT, "h must be a number");
	else if (!acks_taken(c->acks, c->conn, h, &taken, &sent))
		too_many_acknowledged(c, h, sent);
	else
		session_taken(c->session, taken);
}

static void stream_management(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	if (strcmp(el->name, "enable") == 0)
		enable_acks(c);
	else if (c->acks && strcmp(el->name, "r") == 0)
		acks_answer(c->acks, c->conn, c->session->settled, c->session->received);
	else if (c->acks && strcmp(el->name, "a") == 0)
		acknowledged(c, el);
	else if (strcmp(el->name, "resume") == 0)
		c2s_write(c, EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, "feature-not-implemented")));
	else
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	arena_free(a);
}

static bool is_stanza(const struct xml *el)
{
	return el->ns == NS_CLIENT && is_named_like_a_stanza(el);
}

/* RFC 6120 §8.1.2.1: a `from` must be the session's own, full or bare. */
static bool is_own_from(const struct c2s *c, struct arena *a, const char *from)
{
	if (!from || strcmp(from, c->session->jid->full) == 0)
		return true;
	const struct jid *jid = jid_parse(a, from);
	return jid && (jid_same(jid, c->session->jid) || (jid_is_bare(jid) && jid_same_bare(jid, c->session->jid)));
}

/* RFC 3921's session, asked for by old clients, is an empty success. */
static bool is_legacy_session(struct c2s *c, const struct xml *el)
{
	struct arena *a;
	if (!is_iq_set(el, NS_SESSION, "session"))
		return false;
	a = arena_new();
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "result"), ATTR(a, "id", xml_get(el, "id"))));
	arena_free(a);
	return true;
}

/* Takes the arena. */
static void stanza(struct c2s *c, struct arena *a, struct xml *el, size_t bytes)
{
	LOG_AT(LOG_ALL, c->tag, "received %s", xml_child(el, NS_REGISTER, "query") ? "a registration" : xml_string(a, el, NS_CLIENT));     /* no passwords in logs */
	if (!is_own_from(c, a, xml_get(el, "from"))) {
		c2s_error(c, STREAM_INVALID_FROM, NULL);
	} else if (!is_legacy_session(c, el)) {
		if (c->lang && !xml_lang(el))
			xml_set_lang(a, el, arena_string(a, c->lang));
		session_receive(c->session, a, el, bytes);
		return;
	}
	arena_free(a);
}

/* Takes the arena. */
static void element(struct c2s *c, struct arena *a, struct xml *el, size_t bytes)
{
	if (c->state == C2S_BOUND && is_stanza(el) && !(c->account && is_iq_set(el, NS_BIND, "bind"))) {
		stanza(c, a, el, bytes);
		return;
	}
	if (c->state == C2S_BOUND && el->ns == NS_SM)
		stream_management(c, el);
	else if (c->state == C2S_BOUND && is_stanza(el))
		c2s_write(c, stanza_error_reply(a, el, NOT_ALLOWED, "One resource for each stream", NULL));
	else if (c->state == C2S_BOUND)
		refuse_element(c, el);
	else if (c->state == C2S_NEGOTIATING)
		negotiate(c, el);
	arena_free(a);
}

/* --- headers --- */

static void take_names(struct c2s *c, struct arena *a, const struct xml *el)
{
	const char *to = xml_get(el, "to"), *from = xml_get(el, "from"), *lang = xml_lang(el);
	const char *name = to ? jid_domain(a, to) : NULL;
	const struct jid *caller = from ? jid_parse(a, from) : NULL;
	if (!c->host && name && host_find(name))
		c->host = mem_string(name);
	mem_free(c->lang);
	c->lang = mem_string(lang && header_is_language(lang) ? lang : NULL);
	mem_free(c->caller);
	c->caller = mem_string(caller ? caller->bare : NULL);                    /* §4.7.2 */
	random_text(c->id, 20);
}

static enum stream_error check_names(const struct c2s *c, struct arena *a, const struct xml *el)
{
	const char *to = xml_get(el, "to"), *from = xml_get(el, "from");
	const char *name = to ? jid_domain(a, to) : NULL;
	if (!to)
		return STREAM_IMPROPER_ADDRESSING;
	if (!name || !c->host || strcmp(c->host, name) != 0)
		return STREAM_HOST_UNKNOWN;
	const struct jid *sender = from ? jid_parse(a, from) : NULL;
	if (c->account && from && (!sender || strcmp(sender->bare, c->account) != 0))
		return STREAM_INVALID_FROM;
	return STREAM_NONE;
}

static void header(struct c2s *c, const struct xml_found *open)
{
	struct arena *a = open->arena;
	take_names(c, a, open->element);
	enum stream_error wrong = header_check(open);
	if (wrong == STREAM_NONE)
		wrong = check_names(c, a, open->element);
	write_header(c);
	if (wrong != STREAM_NONE) {
		c2s_error(c, wrong, NULL);
	} else {
		c2s_write(c, c2s_features(c, a));
		c->state = C2S_NEGOTIATING;
	}
}

/* --- bytes --- */

static bool may_read(const struct c2s *c)
{
	return c->conn && (c->state == C2S_HEADER || c->state == C2S_NEGOTIATING || c->state == C2S_BOUND)
	    && !c->is_full && !c->is_slowed && !c->is_starved;
}

static void go_on_reading(struct timer *timer)
{
	struct c2s *c = CONTAINER(timer, struct c2s, timer);
	watch_idleness(c, c->rules->idle_ms);
	c->is_slowed = false;
	read_again(c);
}

/* A pause for what went too fast: the idle timer does both. */
static void slow_down(struct c2s *c, size_t bytes)
{
	msec now = clock_now(), pause = meter_take(&c->stanzas, 1, now), other = meter_take(&c->bytes, (int64_t)bytes, now);
	if (other > pause)
		pause = other;
	if (!pause || !c->conn || c->state != C2S_BOUND || !limits()->enabled)
		return;
	conn_pause(c->conn);
	c->is_slowed = true;
	timer_start(&c->timer, pause, go_on_reading);
}

static void found_one(struct c2s *c, enum xml_event event, struct xml_found *found)
{
	switch (event) {
	case XML_OPEN:
		header(c, found);
		arena_free(found->arena);
		break;
	case XML_STANZA:
		element(c, found->arena, found->element, found->bytes);
		slow_down(c, found->bytes);
		break;
	case XML_CLOSE:
		client_closes(c);
		break;
	case XML_WRONG:
		c2s_error(c, header_fault(found->fault), NULL);
		break;
	case XML_MORE:
		break;
	}
}

static void check_doors(struct c2s *c)
{
	struct session *s = c->session;
	if (!c->conn)
		return;
	c->is_full = s && is_over(s->received - s->settled, s->unsettled_bytes);
	c->is_starved = home_here()->is_over_memory;
	if (c->is_full || c->is_starved)
		conn_pause(c->conn);
}

static size_t parse(struct c2s *c, const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size;
	while (at < end && may_read(c)) {
		struct xml_found found;
		enum xml_event event = xml_parser_next(c->parser, &at, end, &found);
		if (event == XML_MORE)
			break;
		found_one(c, event, &found);
		check_doors(c);
	}
	return (size_t)(at - bytes);
}

/* While closing, only the peer's closing tag matters; all else is read away. */
static void read_away(struct c2s *c, const char *at, const char *end)
{
	struct xml_found found;
	enum xml_event event;
	while ((event = xml_parser_next(c->parser, &at, end, &found)) == XML_STANZA || event == XML_OPEN)
		arena_free(found.arena);
	if (event != XML_MORE)
		finish(c, "closed");
}

static size_t input(void *owner, const char *bytes, size_t size)
{
	struct c2s *c = owner;
	c->is_inside = true;
	c->heard_at = clock_now();
	c->is_asked = false;
	size_t taken = parse(c, bytes, size);
	if (c->conn && c->state == C2S_CLOSING) {
		read_away(c, bytes + taken, bytes + size);
		taken = size;
	}
	c->is_inside = false;
	if (c->is_over)
		destroy(c);
	return taken;
}

static const struct conn_owner owner = { input, NULL, written, ended };

/* --- its beginning, and its move --- */

static struct xml_limits parser_limits(bool is_known)
{
	const struct core_limits *l = limits();
	return (struct xml_limits){ is_known ? l->stanza : l->stanza_before, l->depth, l->attributes, l->name };
}

static void enter_loop(struct c2s *c)
{
	if (!streams.next)
		list_init(&streams);
	list_append(&streams, &c->in_loop);
	stream_count++;
}

void c2s_start(struct conn *conn, struct listener_rules *rules, struct address *address)
{
	struct c2s *c = NEW(struct c2s);
	struct xml_limits l = parser_limits(false);
	c->magic = C2S_MAGIC;
	c->conn = conn;
	c->rules = rules;
	c->address = address;
	c->parser = xml_parser_new(&l);
	c->heard_at = clock_now();
	snprintf(c->tag, sizeof c->tag, "XMPPS-%llu", (unsigned long long)atomic_fetch_add(&connections, 1) + 1);
	random_text(c->id, 20);
	meter_init(&c->stanzas, limits()->stanza_rate, limits()->stanza_burst, c->heard_at);
	meter_init(&c->bytes, limits()->byte_rate, limits()->byte_burst, c->heard_at);
	enter_loop(c);
	timer_start(&c->timer, limits()->negotiation, negotiation_timed_out);
	conn_own(conn, &owner, c);
}

struct welcome {                     /* what is said where the account lives */
	struct arena *arena;
	struct xml   *success;
	msec          deadline;
};

static void welcome(struct c2s *c, struct welcome *w)
{
	struct xml_limits l = parser_limits(true);
	c2s_write(c, w->success);
	xml_parser_limit(c->parser, &l);
	timer_start(&c->timer, w->deadline, negotiation_timed_out);
	c2s_restart(c);
	arena_free(w->arena);
	conn_resume(c->conn);
}

static void arrived(void *thing, struct conn *conn)
{
	struct c2s *c = thing;
	struct welcome *w = c->welcome;
	c->conn = conn;
	c->welcome = NULL;
	enter_loop(c);
	welcome(c, w);
}

void c2s_authenticated(struct c2s *c, const char *bare, const char *mechanism, struct arena *a, struct xml *success)
{
	struct home *home = home_of(bare);
	struct welcome *w = ARENA_NEW(a, struct welcome);
	*w = (struct welcome){ a, success, limits()->negotiation };
	c->account = mem_string(bare);
	c->mechanism = mechanism;
	home_here()->counts.logins++;
	log_low(c->tag, "%s authenticated by %s from %s", bare, mechanism, conn_facts(c->conn)->peer_name);
	if (home == home_here()) {
		welcome(c, w);
		return;
	}
	c->welcome = w;
	timer_stop(&c->timer);
	list_remove(&c->in_loop);
	stream_count--;
	conn_move(c->conn, home->loop, arrived);
}

void c2s_stop_all(void)
{
	if (!streams.next)
		return;
	LIST_EACH(&streams, struct c2s, in_loop, c)
		if (!c->session)
			c2s_error(c, STREAM_SYSTEM_SHUTDOWN, NULL);
}

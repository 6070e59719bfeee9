/*
 * The client's stream as a state machine.
 *
 * Every element at depth one comes to `element`, which knows by the state what
 * may come. Nothing is parsed behind an element that must be waited for (an
 * authentication, a bind), so a client may send everything in one write.
 */
#include "streams/c2s_inside.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/home.h"
#include "streams/acks.h"
#include "streams/address.h"
#include "streams/component.h"
#include "streams/exchange.h"
#include "streams/sasl2.h"
#include "streams/header.h"
#include "streams/guest.h"
#include "streams/hibernate.h"
#include "streams/management.h"
#include "streams/legacy.h"
#include "streams/login.h"
#include "streams/signup.h"
#include "core/call.h"
#include "xmpp/redact.h"
#include "xmpp/sasl_failure.h"
#include <stdio.h>
#include <string.h>

enum { LINGER = 5000 };              /* ms for the last words of a connection */

static _Thread_local struct list streams;
static _Thread_local size_t stream_count;
static _Thread_local bool memory_was_over;           /* a second ago: some streams may be starved */

size_t c2s_count(void)
{
	return stream_count;
}

/* --- the log --- */

struct log_who c2s_who(const struct c2s *c)
{
	struct log_who who = { .jid = c->session ? c->session->jid->full : c->account };
	stream_tag(who.tag, c->kind, c->number);
	if (c->conn)
		memcpy(who.peer, conn_facts(c->conn).peer_name, sizeof who.peer);
	return who;
}

void c2s_log_xml(const struct c2s *c, const char *done, const struct xml *el)
{
	struct arena *a = arena_new();
	c2s_log(c, LOG_ALL, "%s %s", done, redact_print(a, el, NS_CLIENT));
	arena_free(a);
}

/* A stanza in a session that the stream itself says or answers: the session's own pass by session_receive and session_put. */
void c2s_show(const struct c2s *c, enum tap_way way, const struct xml *stanza)
{
	if (tap_is_open(home_here()))
		tap_show_session(way, c->session, stanza);
}

/* --- writing --- */

void c2s_write(struct c2s *c, const struct xml *el)
{
	if (!c->conn)
		return;
	C2S_LOG_XML(c, "sent", el);
	if (c->state == C2S_BOUND && el->ns == NS_CLIENT)
		c2s_show(c, TAP_OUT, el);
	xml_print(conn_out(c->conn), el, NS_CLIENT);
	conn_printed(c->conn);
}

void c2s_write_error(struct c2s *c, struct arena *a, struct xml *stanza)
{
	const struct host *host = c2s_host(c);
	if (host && host->legacy_codes)
		stanza_error_add_code(a, stanza);
	c2s_write(c, stanza);
}

static void write_header(struct c2s *c)
{
	const char *host = c->host ? c->host : host_first()->name;
	header_write(conn_out(c->conn), host, c->caller, c->id);
	c2s_log(c, LOG_ALL, "sent a stream header of %s, id %s", host, c->id);
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
	const struct untaken *untaken = c->acks ? acks_untaken(c->acks, a, &first) : NULL;
	c->session = NULL;
	if (c->acks && acks_id(c->acks))
		hibernation_remember(s, acks_id(c->acks));
	session_ended(s, untaken, first, why);
	arena_free(a);
}

static void leave_loop(struct c2s *c)
{
	timer_stop(&c->timer);
	list_remove(&c->in_loop);
	stream_count--;
}

static void forget(struct c2s *c)
{
	leave_loop(c);
	guest_left(c->gate);
	address_leave(c->address);
	exchange_free(c->auth);
	c->auth = NULL;
	sasl2_free(c->sasl2);
	c->sasl2 = NULL;
	if (c->is_binding)
		session_bind_cancel(c->account, c);
	if (c->is_resuming)
		management_leave(c);
	call_cancel(c);
	login_ends(c->login, c->account);
	c->login = NULL;
	c->is_over = true;
	if (!c->is_inside)
		destroy(c);
}

/* What becomes of it when its connection is gone, or is let go. */
static void gone(struct c2s *c, const char *why)
{
	leave_session(c, why);
	forget(c);
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	struct c2s *c = owner;
	const char *why = words ? words : end == CONN_CLOSED ? "the peer closed the connection" : "the connection was lost";
	c2s_log(c, LOG_LOW, "ended: %s", why);
	management_hibernate(c, why);
	conn_free(c->conn);
	c->conn = NULL;
	gone(c, why);
}

void c2s_lose(struct c2s *c, const char *why)
{
	c2s_log(c, LOG_LOW, "ended: %s", why);
	conn_abort(c->conn);
	c->conn = NULL;
	gone(c, why);
}

/* What is written goes out; the connection is closed behind it. */
void c2s_finish(struct c2s *c, const char *why)
{
	c2s_log(c, LOG_LOW, "ended: %s", why);
	conn_close(c->conn, LINGER);
	c->conn = NULL;
	gone(c, why);
}

static void close_timed_out(struct timer *timer)
{
	c2s_finish(CONTAINER(timer, struct c2s, timer), "the peer didn't close its stream");
}

/* These say nothing of the session: who comes back finds it (XEP-0198 §5). */
static bool is_about_connection(enum stream_error error)
{
	return error == STREAM_CONNECTION_TIMEOUT || error == STREAM_SYSTEM_SHUTDOWN;
}

/* RFC 6120 §4.9.1.1: an error ends the stream and the connection at once. */
void c2s_error(struct c2s *c, enum stream_error error, const char *text)
{
	if (!c->conn)
		return;
	c2s_log(c, LOG_LOW, "stream error %s%s%s", stream_error_name(error), text ? ": " : "", text ? text : "");
	home_here()->counts.stream_errors++;
	if (c->state != C2S_CLOSING) {
		if (!c->has_header)
			write_header(c);
		header_write_error(conn_out(c->conn), error, text, NULL);
		conn_printed(c->conn);
	}
	if (is_about_connection(error))
		management_hibernate(c, stream_error_name(error));
	c2s_finish(c, stream_error_name(error));
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
	timer_start(&c->timer, limits(c)->close_wait, close_timed_out);
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

int64_t c2s_limit(struct c2s *c, enum client_limit which)
{
	return terms_limit(c2s_terms(c), c2s_host(c), which);
}

const struct terms *c2s_terms(struct c2s *c)
{
	const struct hosts *hosts = hosts_here();
	const struct entrance *e = hosts->entrances->at[c->gate->number];
	if (!e || !c->conn)
		return &hosts->entrances->outside;
	if (c->generation != hosts->generation) {
		const struct sockaddr_storage peer = conn_peer(c->conn);
		c->place = (uint16_t)entrance_place(e, &peer);
		c->generation = hosts->generation;
	}
	return entrance_terms(e, c->place);
}

struct source *c2s_source(struct c2s *c, enum source_use use)
{
	return source_for(c2s_terms(c)->sources, c2s_host(c), use);
}

bool c2s_needs_tls(struct c2s *c)
{
	const struct host *host = c2s_host(c);
	return !host || host->tls_mode == HOST_TLS_REQUIRED || c2s_terms(c)->tls_mode == TLS_REQUIRED;
}

bool c2s_offers_tls(struct c2s *c)
{
	const struct host *host = c2s_host(c);
	const struct terms *t = c2s_terms(c);
	return host && !c2s_is_secure(c) && (host->tls || t->tls) && host->tls_mode != HOST_TLS_OFF && t->tls_mode != TLS_OFF;
}

struct auth_terms c2s_auth_terms(struct c2s *c)
{
	const struct host *host = c2s_host(c);
	return auth_terms_both(&hosts_here()->auth, host ? &host->auth : NULL, &c2s_terms(c)->auth);
}

bool c2s_may_plain(struct c2s *c)
{
	return c2s_is_secure(c) || (c2s_host(c) && c2s_terms(c)->tls_mode != TLS_REQUIRED && c2s_auth_terms(c).plain_without_tls);
}

static void negotiation_timed_out(struct timer *timer)
{
	limit_reached(LIMIT_NEGOTIATION);
	c2s_error(CONTAINER(timer, struct c2s, timer), STREAM_CONNECTION_TIMEOUT, "Not logged in in time");
}

void c2s_second(void)
{
	const bool was_over = memory_was_over;
	memory_was_over = home_here()->is_over_memory;
	if (!was_over || memory_was_over || !streams.next)
		return;
	LIST_EACH(&streams, struct c2s, in_loop, c) {
		if (c->is_starved) {
			c->is_starved = false;
			c2s_read_again(c);
		}
	}
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
	random_text(c->id, sizeof c->id - 1);
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

/* Whether this kind of stream comes in here at all: `streams` of the listener. */
static bool is_taken(struct c2s *c, enum stream_kind kind)
{
	static const unsigned takes[] = { [STREAM_CLIENT] = TAKES_CLIENTS, [STREAM_SERVER] = TAKES_SERVERS, [STREAM_COMPONENT] = TAKES_COMPONENTS };
	return kind == STREAM_STRANGE || (c2s_terms(c)->streams & takes[kind]);
}

/* The rest of its life is told in component.c. */
static void become_component(struct c2s *c, const struct xml_found *open)
{
	component_start(c->conn, c->gate, c->address, &(struct arrival){ c->number, (msec)c->since * 1000 }, c->parser, open);
	c->conn = NULL;
	c->parser = NULL;
	leave_loop(c);
	c->is_over = true;
}

static void header(struct c2s *c, const struct xml_found *open)
{
	struct arena *a = open->arena;
	enum stream_kind kind = header_kind(open);
	if (kind == STREAM_COMPONENT && is_taken(c, kind)) {
		become_component(c, open);
		return;
	}
	if (kind == STREAM_CLIENT)
		c->kind = 'S';
	take_names(c, a, open->element);
	c2s_log(c, LOG_LOW, "stream header to %s", xml_get(open->element, "to") ? xml_get(open->element, "to") : "nobody");
	C2S_LOG_XML(c, "received", open->element);
	const bool is_old = !xml_get(open->element, "version") && legacy_is_on(c);       /* from before there were features */
	enum stream_error wrong = is_taken(c, kind) ? header_check(open, is_old) : STREAM_POLICY_VIOLATION;
	if (wrong == STREAM_NONE)
		wrong = check_names(c, a, open->element);
	write_header(c);
	if (wrong != STREAM_NONE) {
		c2s_error(c, wrong, wrong == STREAM_POLICY_VIOLATION ? "This kind of stream is not taken here" : NULL);
	} else {
		if (!is_old)
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
static void count_fault(const struct c2s *c, enum xml_fault fault)
{
	if (fault == XML_TOO_LONG)
		limit_reached(c->account ? LIMIT_STANZA_SIZE : LIMIT_STANZA_SIZE_BEFORE_AUTH);
	else if (fault == XML_TOO_DEEP)
		limit_reached(LIMIT_STANZA_DEPTH);
	else if (fault == XML_TOO_MANY)
		limit_reached(LIMIT_STANZA_ATTRIBUTES);
}

static void found_one(struct c2s *c, enum xml_event event, struct xml_found *found)
{
	switch (event) {
	case XML_OPEN:
		header(c, found);
		arena_free(found->arena);
		break;
	case XML_STANZA:
		c2s_element(c, found->arena, found->element, found->bytes);
		c2s_slow_down(c, found->bytes);
		break;
	case XML_CLOSE:
		c2s_client_closes(c);
		break;
	case XML_WRONG:
		count_fault(c, found->fault);
		c2s_error(c, header_fault(found->fault), NULL);
		break;
	case XML_MORE:
		break;
	}
}
/* `events_per_iter`: the rest is offered in the next round, when others have had their turn. */
static void let_others(struct c2s *c)
{
	conn_pause(c->conn);
	conn_resume(c->conn);
}

static size_t parse(struct c2s *c, const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size;
	const unsigned most = c2s_terms(c)->events;
	unsigned events = 0;
	while (at < end && may_read(c)) {
		struct xml_found found;
		enum xml_event event = xml_parser_next(c->parser, &at, end, &found);
		if (event == XML_MORE)
			break;
		found_one(c, event, &found);
		c2s_check_doors(c);
		if (++events == most && at < end && may_read(c)) {
			let_others(c);
			break;
		}
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
		c2s_finish(c, "closed");
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
	c->bytes_in += taken;
	home_here()->counts.bytes_in += taken;
	c->is_inside = false;
	if (c->is_over)
		destroy(c);
	return taken;
}

static void secured(void *owner)
{
	struct c2s *c = owner;
	if (c->state == C2S_SECURING)
		c->state = C2S_HEADER;
}

static const struct conn_owner owner = { input, secured, c2s_written, ended };

/* --- its beginning, and its move --- */

static struct xml_limits parser_limits(struct c2s *c, bool is_known)
{
	const struct core_limits *l = limits(c);
	return (struct xml_limits){ is_known ? (size_t)c2s_limit(c, CLIENT_STANZA) : l->stanza_before, l->depth, l->attributes, l->name };
}

static void start_meters(struct c2s *c)
{
	meter_init(&c->stanzas, c2s_limit(c, CLIENT_STANZA_RATE), c2s_limit(c, CLIENT_STANZA_BURST), c->heard_at);
	meter_init(&c->bytes, c2s_limit(c, CLIENT_BYTE_RATE), c2s_limit(c, CLIENT_BYTE_BURST), c->heard_at);
}

static void enter_loop(struct c2s *c)
{
	if (!streams.next)
		list_init(&streams);
	list_append(&streams, &c->in_loop);
	stream_count++;
}

void c2s_start(struct conn *conn, struct gate *gate, struct address *address, const struct arrival *arrival)
{
	struct c2s *c = NEW(struct c2s);
	c->magic = C2S_MAGIC;
	c->conn = conn;
	c->gate = gate;
	c->address = address;
	struct xml_limits l = parser_limits(c, false);
	c->parser = xml_parser_new(&l);
	c->heard_at = clock_now();
	c->number = arrival->number;
	c->since = (uint32_t)(arrival->since / 1000);
	c->kind = 'I';
	random_text(c->id, sizeof c->id - 1);
	enter_loop(c);
	home_here()->counts.streams++;
	timer_start(&c->timer, limits(c)->negotiation, negotiation_timed_out);
	conn_own(conn, &owner, c);
}

struct welcome {                     /* what is said where the account lives */
	struct arena *arena;
	struct xml   *success;       /* NULL: there is a resource to bind instead */
	const char   *resource;
	msec          deadline;
	struct login *login;
	const struct exchange_wire *wire;
};

void c2s_bind_at_once(struct c2s *c, const char *resource)
{
	c->is_legacy = c->is_binding = true;
	c2s_wait(c);
	session_bind(c->account, resource, &c2s_transport, c);
}

/*
 * RFC 6120 §6.5.1: who has shown to be the account's owner, in whichever way, is told, and nobody else. An account that isn't in
 * memory any more is looked at by its bind.
 */
static bool is_disabled(const struct c2s *c)
{
	const struct account *account = account_find(c->account);
	return account && account->is_disabled;
}

static void refuse_disabled(struct c2s *c, struct welcome *w)
{
	c->login = NULL;
	login_free(w->login);
	c2s_log(c, LOG_LOW, "the account is disabled");
	home_here()->counts.logins_refused++;
	mem_free(c->account);
	c->account = NULL;
	c->mechanism = NULL;
	w->wire->failed(c, SASL_ACCOUNT_DISABLED);
	timer_start(&c->timer, w->deadline, negotiation_timed_out);
	arena_free(w->arena);
	if (++c->tries > c2s_terms(c)->limits.login_tries)
		c2s_error(c, STREAM_POLICY_VIOLATION, "Too many failed authentications");
	else
		c2s_go_on(c);
}

static void welcome(struct c2s *c, struct welcome *w)
{
	if (is_disabled(c)) {
		refuse_disabled(c, w);
		return;
	}
	struct xml_limits l = parser_limits(c, true);
	c->login = w->login;
	login_begins(c->login, c);
	xml_parser_limit(c->parser, &l);
	start_meters(c);
	timer_start(&c->timer, w->deadline, negotiation_timed_out);
	if (w->success) {
		c2s_write(c, w->success);
		c2s_restart(c);
		conn_resume(c->conn);
	} else if (c->sasl2) {
		sasl2_arrived(c);
	} else {
		c2s_bind_at_once(c, w->resource);
	}
	arena_free(w->arena);
}

static void arrived(void *thing, struct conn *conn)
{
	struct c2s *c = thing;
	struct welcome *w = c->welcome;
	c->conn = conn;
	enter_loop(c);
	welcome(c, w);
}

static void go_home(struct c2s *c, const char *bare, const char *mechanism, const struct welcome *said)
{
	struct home *home = home_of(bare);
	struct welcome *w = ARENA_NEW(said->arena, struct welcome);
	*w = *said;
	w->deadline = limits(c)->negotiation;
	w->login = c->login;
	c->account = mem_string(bare);
	c->mechanism = mechanism;
	home_here()->counts.logins++;
	c2s_log(c, LOG_LOW, "authenticated by %s", mechanism);
	if (home == home_here()) {
		welcome(c, w);
		return;
	}
	c->welcome = w;
	c2s_wait(c);                                 /* what stands behind its last response is for over there */
	leave_loop(c);
	conn_move(c->conn, home->loop, arrived);
}

void c2s_authenticated(struct c2s *c, const struct exchange_wire *wire, const char *bare, const char *mechanism, struct arena *a, struct xml *success)
{
	go_home(c, bare, mechanism, &(struct welcome){ .arena = a, .wire = wire, .success = success });
}

void c2s_authenticated_to_bind(struct c2s *c, const struct exchange_wire *wire, const char *bare, const char *mechanism, struct arena *a, const char *resource)
{
	go_home(c, bare, mechanism, &(struct welcome){ .arena = a, .wire = wire, .resource = resource });
}

void c2s_stop_all(void)
{
	if (!streams.next)
		return;
	LIST_EACH(&streams, struct c2s, in_loop, c)
		if (c->state != C2S_CLOSING && c->state != C2S_LEAVING)
			c2s_error(c, STREAM_SYSTEM_SHUTDOWN, NULL);
}

void c2s_each(stream_seen *fn, void *with)
{
	if (!streams.next)
		return;
	LIST_EACH(&streams, struct c2s, in_loop, c) {
		struct conn_facts facts;
		struct stream_row row = c2s_row(c, &facts);
		fn(with, &row);
	}
}

bool c2s_end(uint64_t number, const char *why)
{
	if (!streams.next)
		return false;
	LIST_EACH(&streams, struct c2s, in_loop, c) {
		if (c->number != number)
			continue;
		if (c->state == C2S_CLOSING)
			c2s_finish(c, why);
		else
			c2s_error(c, STREAM_POLICY_VIOLATION, why);
		return true;
	}
	return false;
}

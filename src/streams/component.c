/*
 * From the header to the end. What it sends and gets is in component_stream.c.
 */
#include "streams/component_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/host.h"
#include "streams/address.h"
#include "streams/guest.h"
#include "streams/header.h"
#include "xmpp/handshake.h"
#include "xmpp/jid.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { LINGER = 5000 };              /* ms for the last words of a connection */

static _Thread_local struct list streams;
static _Thread_local size_t stream_count;

size_t component_count(void)
{
	return stream_count;
}

struct log_who component_who(const struct component_stream *c)
{
	struct log_who who = { .jid = c->name };
	stream_tag(who.tag, 'C', c->arrival.number);
	if (c->conn)
		memcpy(who.peer, conn_facts(c->conn).peer_name, sizeof who.peer);
	return who;
}

const struct component *component_terms(const struct component_stream *c)
{
	const struct component *terms = c->name && !host_find(c->name) ? component_of(c->name) : NULL;
	bool is_its_own = terms && strcmp(component_name(terms, c->name), c->name) == 0;
	return is_its_own && terms->secret ? terms : NULL;
}

/* --- its end --- */

void component_free_if_settled(struct component_stream *c)
{
	if (!c->is_over || c->is_inside || c->debtor.unsettled)
		return;
	xml_parser_free(c->parser);
	mem_free(c->name);
	mem_free(c->secret);
	mem_free(c);
}

static void leave_loop(struct component_stream *c)
{
	timer_stop(&c->timer);
	list_remove(&c->in_loop);
	stream_count--;
}

static void gone(struct component_stream *c, const char *why)
{
	component_log(c, c->carrier.link ? LOG_MAJOR : LOG_LOW, "component ended: %s", why);
	c->conn = NULL;
	link_leave(&c->carrier);
	timer_stop(&c->pause);
	timer_stop(&c->overflow);
	leave_loop(c);
	guest_left(c->gate);
	address_leave(c->address);
	c->is_over = true;
	component_free_if_settled(c);
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	struct component_stream *c = owner;
	struct conn *conn = c->conn;
	gone(c, words ? words : end == CONN_CLOSED ? "closed by the peer" : "the connection was lost");
	conn_free(conn);
}

/* What is written goes out; the connection is closed behind it. */
void component_finish(struct component_stream *c, const char *why)
{
	struct conn *conn = c->conn;
	gone(c, why);
	conn_close(conn, LINGER);
}

void component_error(struct component_stream *c, enum stream_error error, const char *text)
{
	if (!c->conn)
		return;
	home_here()->counts.stream_errors++;
	header_write_error(conn_out(c->conn), error, text, NULL);
	conn_printed(c->conn);
	component_log(c, LOG_LOW, "stream error %s%s%s", stream_error_name(error), text ? ": " : "", text ? text : "");
	component_finish(c, stream_error_name(error));
}

static void close_stream(struct component_stream *c, const char *why)
{
	static const char end[] = "</stream:stream>";
	conn_write(c->conn, end, sizeof end - 1);
	component_finish(c, why);
}

static void took_too_long(struct timer *timer)
{
	limit_reached(LIMIT_NEGOTIATION);
	component_error(CONTAINER(timer, struct component_stream, timer), STREAM_CONNECTION_TIMEOUT, "No handshake in time");
}

/* --- the handshake --- */

static void enter_loop(struct component_stream *c)
{
	if (!streams.next)
		list_init(&streams);
	list_append(&streams, &c->in_loop);
	stream_count++;
}

/* On its domain's home: only here is known whether its place is free. */
static void come_in(struct component_stream *c)
{
	static const char handshake[] = "<handshake/>";
	const struct component *terms = component_terms(c);
	c->state = COMPONENT_OPEN;
	if (!terms || strcmp(terms->secret, c->secret) != 0) {
		component_error(c, STREAM_NOT_AUTHORIZED, "The configuration has changed");
		return;
	}
	if (!link_join(&c->carrier, c->name)) {
		component_log(c, LOG_PROBLEM, "%s is connected already", c->name);
		component_error(c, STREAM_CONFLICT, "It is connected already");
		return;
	}
	conn_write(c->conn, handshake, sizeof handshake - 1);
	const struct core_limits *l = &hosts_here()->limits;
	xml_parser_limit(c->parser, &(struct xml_limits){ terms->stanza, l->depth, l->attributes, l->name });
	meter_init(&c->stanzas, terms->stanza_rate, terms->stanza_rate * 10, clock_now());
	meter_init(&c->bytes, terms->byte_rate, terms->byte_rate * 10, clock_now());
	component_log(c, LOG_MAJOR, "component connected");
	component_watch(c);
	link_open(&c->carrier);
	component_read_again(c);
}

static void arrived(void *thing, struct conn *conn)
{
	struct component_stream *c = thing;
	c->conn = conn;
	enter_loop(c);
	come_in(c);
}

static void move(struct component_stream *c)
{
	struct home *home = home_of(c->name);
	c->secret = mem_string(component_terms(c)->secret);
	c->carrier.secret = c->secret;
	c->state = COMPONENT_MOVING;
	home_here()->counts.logins++;
	if (home == home_here()) {
		come_in(c);
		return;
	}
	conn_pause(c->conn);
	leave_loop(c);
	conn_move(c->conn, home->loop, arrived);
}

static void refuse(struct component_stream *c)
{
	address_wrong_login(c->address);
	home_here()->counts.logins_refused++;
	component_log(c, LOG_PROBLEM, "wrong handshake for %s", c->name);
	component_error(c, STREAM_NOT_AUTHORIZED, NULL);
}

static void handshake(struct component_stream *c, struct arena *a, const struct xml *el)
{
	const struct component *terms = component_terms(c);
	if (!xml_is(el, NS_COMPONENT, "handshake")) {
		component_error(c, STREAM_NOT_AUTHORIZED, "The handshake comes first");
	} else if (!address_may_login(c->address)) {
		limit_reached(LIMIT_LOGINS_PER_ADDRESS);
		component_error(c, STREAM_POLICY_VIOLATION, "Too many failed logins from this address");
	} else if (terms && handshake_is(xml_text(el, a), c->id, terms->secret)) {
		move(c);
	} else {
		refuse(c);
	}
}

/* --- bytes --- */

static bool may_read(const struct component_stream *c)
{
	return c->conn && c->state != COMPONENT_MOVING && !c->is_full && !c->is_slowed && !c->is_starved;
}

void component_read_again(struct component_stream *c)
{
	if (may_read(c))
		conn_resume(c->conn);
}

/* Takes the arena. */
static void element(struct component_stream *c, const struct xml_found *found)
{
	if (c->state == COMPONENT_OPEN) {
		component_stanza(c, found->arena, found->element, found->bytes);
		component_slow_down(c, found->bytes);
		return;
	}
	handshake(c, found->arena, found->element);
	arena_free(found->arena);
}

static void found_one(struct component_stream *c, enum xml_event event, struct xml_found *found)
{
	switch (event) {
	case XML_STANZA:
		element(c, found);
		break;
	case XML_CLOSE:
		close_stream(c, "closed by the component");
		break;
	case XML_WRONG:
		if (found->fault == XML_TOO_LONG)
			limit_reached(c->state == COMPONENT_OPEN ? LIMIT_COMPONENT_STANZA_SIZE : LIMIT_STANZA_SIZE_BEFORE_AUTH);
		component_error(c, header_fault(found->fault), NULL);
		break;
	case XML_OPEN:
	case XML_MORE:
		break;
	}
}

/* `events_per_iter`: the rest is offered in the next round, when others have had their turn. */
static void let_others(struct component_stream *c)
{
	conn_pause(c->conn);
	conn_resume(c->conn);
}

static size_t parse(struct component_stream *c, const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size;
	unsigned events = 0;
	while (at < end && may_read(c)) {
		struct xml_found found;
		enum xml_event event = xml_parser_next(c->parser, &at, end, &found);
		if (event == XML_MORE)
			break;
		found_one(c, event, &found);
		component_check_doors(c);
		if (++events == c->events && at < end && may_read(c)) {
			let_others(c);
			break;
		}
	}
	return (size_t)(at - bytes);
}

static size_t input(void *owner, const char *bytes, size_t size)
{
	struct component_stream *c = owner;
	c->is_inside = true;
	c->heard_at = clock_now();
	c->asked_at = 0;
	size_t taken = parse(c, bytes, size);
	c->bytes_in += taken;
	home_here()->counts.bytes_in += taken;
	c->is_inside = false;
	component_free_if_settled(c);
	return taken;
}

static const struct conn_owner owner = { input, NULL, component_written, ended };

/* --- its header --- */

static bool is_from_here(const struct conn *conn)
{
	const struct sockaddr_storage peer = conn_peer(conn);
	const struct sockaddr_in *four = (const void *)&peer;
	const struct sockaddr_in6 *six = (const void *)&peer;
	if (peer.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) || (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == 127);
	return peer.ss_family != AF_INET || ntohl(four->sin_addr.s_addr) >> 24 == 127;
}

static const struct terms *terms_of(const struct component_stream *c)
{
	const struct entrance *e = hosts_here()->entrances->at[c->gate->number];
	const struct sockaddr_storage peer = conn_peer(c->conn);
	return e ? entrance_terms(e, entrance_place(e, &peer)) : &hosts_here()->entrances->outside;
}

static bool may_be_in_clear(const struct component_stream *c, const struct component *terms)
{
	return conn_is_tls(c->conn) || (terms_of(c)->tls_mode != TLS_REQUIRED
		&& (terms->tls == COMPONENT_ANY || (terms->tls == COMPONENT_LOCAL && is_from_here(c->conn))));
}

static enum stream_error check(struct component_stream *c, const struct xml_found *open, const char **words)
{
	const struct component *terms = component_terms(c);
	if (open->element->ns != NS_STREAMS)
		return STREAM_INVALID_NAMESPACE;
	if (strcmp(open->element->name, "stream") != 0)
		return STREAM_BAD_FORMAT;
	if (!xml_get(open->element, "to"))
		return STREAM_IMPROPER_ADDRESSING;
	if (!terms)
		return STREAM_HOST_UNKNOWN;
	*words = "A component connects with TLS, or from this machine";
	return may_be_in_clear(c, terms) ? STREAM_NONE : STREAM_POLICY_VIOLATION;
}

void component_start(struct conn *conn, struct gate *gate, struct address *address, const struct arrival *arrival,
		     struct xml_parser *parser, const struct xml_found *open)
{
	struct component_stream *c = NEW(struct component_stream);
	const char *to = xml_get(open->element, "to"), *words = NULL;
	*c = (struct component_stream){ .carrier.kind = &component_carrier, .debtor.settled = component_settled, .conn = conn,
		.parser = parser, .gate = gate, .address = address, .arrival = *arrival };
	c->name = mem_string(to ? jid_domain(open->arena, to) : NULL);
	c->heard_at = clock_now();
	c->events = terms_of(c)->events;
	random_text(c->id, sizeof c->id - 1);
	enter_loop(c);
	component_log(c, LOG_LOW, "a component's stream header to %s", to ? to : "nobody");
	timer_start(&c->timer, terms_of(c)->limits.negotiation, took_too_long);
	conn_own(conn, &owner, c);
	header_write_component(conn_out(conn), c->name ? c->name : host_first()->name, c->id);
	conn_printed(conn);
	enum stream_error wrong = check(c, open, &words);
	if (wrong != STREAM_NONE)
		component_error(c, wrong, wrong == STREAM_POLICY_VIOLATION ? words : NULL);
}

/* --- the table of streams --- */

void component_each(stream_seen *fn, void *with)
{
	if (!streams.next)
		return;
	LIST_EACH(&streams, struct component_stream, in_loop, c)
		component_tell(c, fn, with);
}

bool component_end(uint64_t number, const char *why)
{
	if (!streams.next)
		return false;
	LIST_EACH(&streams, struct component_stream, in_loop, c) {
		if (c->arrival.number != number)
			continue;
		component_error(c, STREAM_POLICY_VIOLATION, why);
		return true;
	}
	return false;
}

void component_stop_all(void)
{
	if (!streams.next)
		return;
	LIST_EACH(&streams, struct component_stream, in_loop, c)
		component_error(c, STREAM_SYSTEM_SHUTDOWN, NULL);
}

void component_second(void)
{
	if (!streams.next)
		return;
	LIST_EACH(&streams, struct component_stream, in_loop, c) {
		component_ask_for_receipts(c);
		if (c->is_starved && !home_here()->is_over_memory) {
			c->is_starved = false;
			component_read_again(c);
		}
	}
}

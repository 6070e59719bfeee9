/*
 * What may be refused is refused as early as it is known: a denied peer when
 * it is accepted or when its proxy has named it, a surplus one next, and only
 * then is anything read.
 */
#include "streams/guest.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "net/proxy.h"
#include "streams/address.h"
#include "streams/c2s.h"
#include "streams/component.h"
#include "streams/header.h"
#include "streams/listen.h"
#include <string.h>

enum { SAY_GOODBYE = 2000 };

struct guest {
	struct list     in_loop;
	struct arrival  arrival;
	struct conn    *conn;
	struct gate    *gate;
	struct address *address;
	struct timer    timer;
	bool            awaits_proxy;        /* its first bytes are a PROXY header */
};

static const struct entrance *entrance_of(const struct gate *gate)
{
	return hosts_here()->entrances->at[gate->number];
}

static const struct terms *terms_of(const struct guest *g)
{
	const struct entrance *e = entrance_of(g->gate);
	const struct sockaddr_storage peer = conn_peer(g->conn);
	return e ? entrance_terms(e, entrance_place(e, &peer)) : &hosts_here()->entrances->outside;
}

static _Thread_local struct list guests;
static atomic_uint connected;                /* by all gates */

/* Of a connection that never got a number. */
static struct log_who nobody(const struct conn *conn)
{
	struct log_who who = { .tag = "XMPPI" };
	memcpy(who.peer, conn_facts(conn).peer_name, sizeof who.peer);
	return who;
}

static struct log_who who(const struct guest *g)
{
	struct log_who who = nobody(g->conn);
	stream_tag(who.tag, 'I', g->arrival.number);
	return who;
}

/* --- its end --- */

static bool too_many_wait(struct gate *gate)
{
	const struct entrance *e = entrance_of(gate);
	return e && e->accept_queue && atomic_load(&gate->waiting) >= e->accept_queue;
}

/* Looked at again when the loop is noted as paused: the last one that waited may just have left. */
static void wait_at(struct gate *gate)
{
	atomic_fetch_add(&gate->waiting, 1);
	if (!too_many_wait(gate))
		return;
	listen_pause(gate);
	if (!too_many_wait(gate))
		listen_wake(gate);
}

static void wait_no_more(struct gate *gate)
{
	atomic_fetch_sub(&gate->waiting, 1);
	listen_wake(gate);
}

static void forget(struct guest *g)
{
	timer_stop(&g->timer);
	list_remove(&g->in_loop);
	wait_no_more(g->gate);
	mem_free(g);
}

void guest_left(struct gate *gate)
{
	atomic_fetch_sub_explicit(&connected, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&gate->connected, 1, memory_order_relaxed);
}

static void leave(struct guest *g)
{
	address_leave(g->address);
	guest_left(g->gate);
	forget(g);
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	struct guest *g = owner;
	LOG_OF(LOG_LOW, who(g), "left before it said who it is: %s", words ? words : "closed");
	conn_free(g->conn);
	leave(g);
}

static void took_too_long(struct timer *timer)
{
	struct guest *g = CONTAINER(timer, struct guest, timer);
	LOG_OF(LOG_LOW, who(g), "said nothing for too long");
	limit_reached(LIMIT_NEGOTIATION);
	conn_abort(g->conn);
	leave(g);
}

static void refuse(struct guest *g, const char *why)
{
	LOG_OF(LOG_LOW, who(g), "%s", why);
	conn_abort(g->conn);
	leave(g);
}

/* --- TLS --- */

static const struct host *host_named(const char *sni)
{
	const struct host *host = host_find(sni);
	if (host)
		return host;
	struct arena *a = arena_new();
	const char *name = jid_domain(a, sni);       /* in other letters, or of other scripts */
	host = name ? host_find(name) : NULL;
	arena_free(a);
	return host;
}

struct tls_choice guest_choose(const struct terms *t, const char *sni, const char *to)
{
	const char *name = sni ? sni : to;
	const struct host *host = sni ? host_named(sni) : NULL;
	if (t->tls && (!name || tls_names(t->tls, name)))
		return (struct tls_choice){ t->tls, t->policy };
	if (!host || !host->tls)
		host = to ? host_find(to) : NULL;
	if (host && host->tls)
		return (struct tls_choice){ host->tls, t->policy };
	return (struct tls_choice){ t->tls ? t->tls : host_first()->tls, t->policy };
}

static struct tls_choice choose(const char *sni, void *guest)
{
	return guest_choose(terms_of(guest), sni, NULL);
}

/* --- may it come in? --- */

static void count_refused(struct gate *gate)
{
	home_here()->counts.refused++;
	atomic_fetch_add_explicit(&gate->refused, 1, memory_order_relaxed);
}

/* Before TLS, and without a word: whoever is denied learns nothing. */
static bool is_denied(struct gate *gate, const struct terms *t, const struct conn *conn)
{
	if (!t->is_denied)
		return false;
	LOG_OF(LOG_LOW, nobody(conn), "denied at %s", gate->address);
	home_here()->counts.denied++;
	atomic_fetch_add_explicit(&gate->denied, 1, memory_order_relaxed);
	return true;
}

/* RFC 6120 §4.9.3.17: one too many is told so, and counted. */
static void refuse_surplus(struct gate *gate, const struct terms *t, struct conn *conn, enum limit limit, const char *why)
{
	limit_reached(limit);
	LOG_OF(LOG_PROBLEM, nobody(conn), "refused at %s: %s", gate->address, why);
	count_refused(gate);
	if (t->tls_mode == TLS_DIRECT) {
		conn_abort(conn);
		return;
	}
	header_write(conn_out(conn), host_first()->name, NULL, "none");
	header_write_error(conn_out(conn), STREAM_RESOURCE_CONSTRAINT, why, NULL);
	conn_printed(conn);
	conn_close(conn, SAY_GOODBYE);
}

/* By its own address now. False: it was refused, and the guest is gone. */
static bool come_in(struct guest *g)
{
	const struct terms *t = terms_of(g);
	const struct entrance *e = entrance_of(g->gate);
	if (is_denied(g->gate, t, g->conn)) {
		conn_abort(g->conn);
		leave(g);
		return false;
	}
	const struct sockaddr_storage peer = conn_peer(g->conn);
	enum limit limit;
	g->address = address_enter(&peer, &t->limits, &limit);
	if (!g->address) {
		refuse_surplus(g->gate, t, g->conn, limit, limit == LIMIT_CONNECTS ? "too many new connections from this address" : "too many connections from this address");
		leave(g);
		return false;
	}
	if (e && t != &e->terms)
		conn_socket(g->conn, &t->socket);
	timer_start(&g->timer, t->limits.negotiation, took_too_long);
	return true;
}

/* --- what it says --- */

static void refuse_http(struct guest *g)
{
	static const char words[] = "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	LOG_OF(LOG_LOW, who(g), "speaks HTTP, which is not served here");
	conn_write(g->conn, words, sizeof words - 1);
	conn_close(g->conn, SAY_GOODBYE);
	leave(g);
}

/* An XMPP stream: c2s reads its header, gives a component away, and refuses what isn't a client's. */
static void become_client(struct guest *g)
{
	c2s_start(g->conn, g->gate, g->address, &g->arrival);
	forget(g);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes nothing: whoever it is reads all. */
static void look(struct guest *g, const char *bytes)
{
	unsigned char first = (unsigned char)*bytes;
	bool is_tls = conn_is_tls(g->conn);
	enum entrance_tls mode = terms_of(g)->tls_mode;
	if (!is_tls && first == 0x16 && (mode == TLS_AUTO || mode == TLS_DIRECT || mode == TLS_REQUIRED))
		conn_tls_detected(g->conn, choose, g);
	else if (mode == TLS_DIRECT && !is_tls)
		refuse(g, "doesn't begin with TLS");
	else if (first == '<' || is_space((char)first) || first == 0xEF)         /* 0xEF: a byte order mark, RFC 6120 §11.6 */
		become_client(g);
	else if (first >= 'A' && first <= 'Z')
		refuse_http(g);
	else
		refuse(g, "speaks no protocol that is served here");
}

static size_t read_proxy(struct guest *g, const char *bytes, size_t size)
{
	struct proxy_header h;
	switch (proxy_read(bytes, size, &h)) {
	case PROXY_MORE:
		return 0;
	case PROXY_WRONG:
		LOG_OF(LOG_PROBLEM, who(g), "closed at %s: it must send a PROXY header, and %s", g->gate->address, h.why);
		count_refused(g->gate);
		conn_abort(g->conn);
		leave(g);
		return size;
	case PROXY_DONE:
		break;
	}
	if (h.has_addresses)
		conn_claim(g->conn, &h.peer);
	g->awaits_proxy = false;
	if (!come_in(g))
		return size;
	if (h.size < size)
		look(g, bytes + h.size);
	return h.size;
}

static size_t input(void *owner, const char *bytes, size_t size)
{
	struct guest *g = owner;
	if (g->awaits_proxy)
		return read_proxy(g, bytes, size);
	look(g, bytes);
	return 0;
}

static const struct conn_owner guest = { input, NULL, NULL, ended };

/* --- accepted --- */

static struct guest *guest_new(struct gate *gate, struct conn *conn)
{
	struct guest *g = NEW(struct guest);
	*g = (struct guest){ .conn = conn, .gate = gate, .arrival = { stream_number_next(), clock_wall() } };
	if (!guests.next)
		list_init(&guests);
	list_append(&guests, &g->in_loop);
	wait_at(gate);
	return g;
}

/* Counts it in any case. */
static bool has_room(struct gate *gate, const struct entrance *e, enum limit *limit)
{
	const unsigned all = hosts_here()->limits.connections, others = atomic_fetch_add_explicit(&connected, 1, memory_order_relaxed);
	*limit = LIMIT_CHANNELS;
	if (atomic_fetch_add_explicit(&gate->connected, 1, memory_order_relaxed) >= e->channels)
		return false;
	*limit = LIMIT_CONNECTIONS;
	return !all || others < all || !hosts_here()->limits.enabled;
}

void guest_accepted(void *with, struct conn *conn)
{
	struct gate *gate = with;
	const struct entrance *e = entrance_of(gate);
	const struct sockaddr_storage peer = conn_peer(conn);
	bool is_proxy = e && entrance_is_proxy(e, &peer);
	atomic_fetch_add_explicit(&gate->accepted, 1, memory_order_relaxed);
	if (!e || (!is_proxy && is_denied(gate, entrance_terms(e, entrance_place(e, &peer)), conn))) {
		conn_abort(conn);
		return;
	}
	enum limit limit;
	if (!has_room(gate, e, &limit)) {
		refuse_surplus(gate, &e->terms, conn, limit, "too many connections");
		guest_left(gate);
		return;
	}
	struct guest *g = guest_new(gate, conn);
	g->awaits_proxy = is_proxy;
	if (is_proxy)
		timer_start(&g->timer, e->terms.limits.negotiation, took_too_long);
	else if (!come_in(g))
		return;
	conn_own(conn, &guest, g);
}

/* --- the table of streams --- */

static void each(stream_seen *fn, void *with)
{
	c2s_each(fn, with);
	component_each(fn, with);
	if (!guests.next)
		return;
	LIST_EACH(&guests, struct guest, in_loop, g) {
		const struct conn_facts f = conn_facts(g->conn);
		struct stream_row row = {
			.number = g->arrival.number, .kind = 'I', .peer = f.peer_name, .gate = g->gate->address, .step = STEP_CONNECTED,
			.doing = g->awaits_proxy ? "its proxy hasn't said whose it is" : "has said nothing yet", .since = g->arrival.since,
			.tls = f.tls_version, .cipher = f.cipher,
		};
		fn(with, &row);
	}
}

static bool end(uint64_t number, const char *why)
{
	if (c2s_end(number, why) || component_end(number, why))
		return true;
	if (!guests.next)
		return false;
	LIST_EACH(&guests, struct guest, in_loop, g) {
		if (g->arrival.number != number)
			continue;
		refuse(g, why);
		return true;
	}
	return false;
}

void guest_table_open(void)
{
	stream_table = (struct stream_table){ each, end };
}

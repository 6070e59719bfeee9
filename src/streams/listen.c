/*
 * Each loop has a socket of its own for each address (SO_REUSEPORT), so
 * connections are spread by the kernel; a Unix socket is served by the first
 * loop. A connection belongs to a `guest` until it is known who is there.
 */
#include "streams/listen.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/config.h"
#include "core/home.h"
#include "streams/address.h"
#include "streams/c2s.h"
#include "streams/header.h"
#include <stdio.h>
#include <string.h>

enum { ADDRESSES = 64, SAY_GOODBYE = 2000 };

struct socket {
	struct listener_rules rules;
	struct listener *listeners[HOMES_LIMIT];
};

static atomic_uint connected;                /* of all listeners */
static struct socket *sockets[ADDRESSES];
static unsigned socket_count;

/* --- a connection before it is known who is there --- */

struct guest {
	struct conn           *conn;
	struct listener_rules *rules;
	struct address        *address;
	struct timer           timer;
};

static void forget(struct guest *g)
{
	timer_stop(&g->timer);
	mem_free(g);
}

static void leave(struct guest *g)
{
	address_leave(g->address);
	listen_left(g->rules);
	forget(g);
}

static void guest_ended(void *owner, enum conn_end end, const char *words)
{
	struct guest *g = owner;
	log_low("XMPPI", "%s left before it said who it is: %s", conn_facts(g->conn).peer_name, words ? words : "closed");
	conn_free(g->conn);
	leave(g);
}

static void took_too_long(struct timer *timer)
{
	struct guest *g = CONTAINER(timer, struct guest, timer);
	log_low("XMPPI", "%s said nothing for too long", conn_facts(g->conn).peer_name);
	limit_reached(LIMIT_NEGOTIATION);
	conn_abort(g->conn);
	leave(g);
}

struct tls *listen_tls(const char *sni, void *with)
{
	const char *name = with;
	const struct host *host = sni ? host_find(sni) : NULL;
	if (!host || !host->tls)
		host = name ? host_find(name) : host_first();
	return host ? host->tls : NULL;
}

static void refuse_http(struct guest *g)
{
	static const char words[] = "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	log_low("XMPPI", "%s speaks HTTP, which is not served here", conn_facts(g->conn).peer_name);
	conn_write(g->conn, words, sizeof words - 1);
	conn_close(g->conn, SAY_GOODBYE);
	leave(g);
}

static void refuse_strange(struct guest *g)
{
	log_low("XMPPI", "%s speaks no protocol that is served here", conn_facts(g->conn).peer_name);
	conn_abort(g->conn);
	leave(g);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* An XMPP stream: c2s reads its header, and refuses what isn't a client's. */
static void become_client(struct guest *g)
{
	c2s_start(g->conn, g->rules, g->address);
	forget(g);
}

static size_t guest_input(void *owner, const char *bytes, size_t size)
{
	struct guest *g = owner;
	unsigned char first = (unsigned char)*bytes;
	bool is_tls = conn_is_tls(g->conn);
	if (!is_tls && first == 0x16 && (g->rules->looks || g->rules->is_direct_tls)) {
		conn_tls_detected(g->conn, listen_tls, NULL);
		return 0;
	}
	if (g->rules->is_direct_tls && !is_tls) {
		refuse_strange(g);
		return size;
	}
	if (first == '<' || is_space((char)first) || first == 0xEF)       /* 0xEF: a byte order mark, RFC 6120 §11.6 */
		become_client(g);
	else if ((first >= 'A' && first <= 'Z'))
		refuse_http(g);
	else
		refuse_strange(g);
	return 0;
}

static const struct conn_owner guest = { guest_input, NULL, NULL, guest_ended };

/* --- accepting --- */

/* RFC 6120 §4.9.3.17, STR-05: one too many is told so, and counted. */
static void refuse_surplus(struct listener_rules *rules, struct conn *conn, enum limit limit, const char *why)
{
	limit_reached(limit);
	log_problem("XMPPI", "%s refused at %s: %s", conn_facts(conn).peer_name, rules->address, why);
	home_here()->counts.refused++;
	if (!rules->is_direct_tls) {
		header_write(conn_out(conn), host_first()->name, NULL, "none");
		header_write_error(conn_out(conn), STREAM_RESOURCE_CONSTRAINT, why, NULL);
		conn_printed(conn);
		conn_close(conn, SAY_GOODBYE);
	} else {
		conn_abort(conn);
	}
	listen_left(rules);
}

static void accepted(void *with, struct conn *conn)
{
	struct listener_rules *rules = with;
	unsigned channels = atomic_load_explicit(&rules->channels, memory_order_relaxed), all = hosts_here()->limits.connections;
	unsigned others = atomic_fetch_add_explicit(&connected, 1, memory_order_relaxed);
	if (atomic_fetch_add_explicit(&rules->connected, 1, memory_order_relaxed) >= channels) {
		refuse_surplus(rules, conn, LIMIT_CHANNELS, "too many connections");
		return;
	}
	if (all && others >= all && hosts_here()->limits.enabled) {
		refuse_surplus(rules, conn, LIMIT_CONNECTIONS, "too many connections");
		return;
	}
	const struct conn_facts facts = conn_facts(conn);
	enum limit limit;
	struct address *address = address_enter(&facts, &limit);
	if (!address) {
		refuse_surplus(rules, conn, limit, limit == LIMIT_CONNECTS ? "too many new connections from this address" : "too many connections from this address");
		return;
	}
	struct guest *g = NEW(struct guest);
	*g = (struct guest){ .conn = conn, .rules = rules, .address = address };
	timer_start(&g->timer, hosts_here()->limits.negotiation, took_too_long);
	conn_own(conn, &guest, g);
}

void listen_left(struct listener_rules *rules)
{
	atomic_fetch_sub_explicit(&connected, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&rules->connected, 1, memory_order_relaxed);
}

/* --- opening --- */

/* What a reload may change while connections are there. */
static void take_changes(struct listener_rules *r, const struct config_scope *s)
{
	atomic_store(&r->channels, config_bool(s, "enable") ? (unsigned)config_int(s, "channels") : 0);
	atomic_store(&r->idle_ms, (int)config_duration(s, "idle_time"));
}

/* Port 0 became a number: the other loops take the same. */
static const char *with_port(const char *address, int port, char *to, size_t size)
{
	const char *colon = strrchr(address, ':');
	snprintf(to, size, "%.*s:%d", (int)(colon - address), address, port);
	return port ? to : address;
}

static void read_rules(struct listener_rules *r, const struct config_scope *s)
{
	enum { AUTO, DIRECT, STARTTLS, OFF } tls = (int)config_enum(s, "tls");
	r->is_direct_tls = tls == DIRECT;
	r->looks = tls == AUTO;
	take_changes(r, s);
}

static bool open_one(const struct config_scope *s, unsigned loops, struct fail *why)
{
	struct socket *k = NEW(struct socket);
	struct listen_options o = {
		.address = s->name, .backlog = (int)config_int(s, "listen_backlog"), .file_mode = (int)config_int(s, "file_mode"),
		.no_delay = config_bool(s, "disable_nagle_algorithm"),
		.receive_buffer = (int)config_int(s, "tcp_recv_buffer_size"), .send_buffer = (int)config_int(s, "tcp_send_buffer_size"),
	};
	k->rules.address = mem_string(s->name);
	read_rules(&k->rules, s);
	sockets[socket_count++] = k;
	if (!atomic_load(&k->rules.channels))
		return true;
	unsigned wanted = strncmp(s->name, "unix:", 5) == 0 ? 1 : loops;
	char exact[80];
	for (unsigned i = 0; i < wanted; i++) {
		k->listeners[i] = listener_open(&o, why);
		if (!k->listeners[i])
			return false;
		o.address = with_port(s->name, listener_port(k->listeners[i]), exact, sizeof exact);
	}
	return true;
}

typedef bool address_function(const struct config_scope *, void *);

static bool each_address(const struct config *config, address_function *fn, void *with)
{
	const struct config_scope *g = config_global(config);
	for (const struct config_scope *l = config_first(g, CONFIG_LISTENER); l; l = config_next(l))
		for (const struct config_scope *s = config_first(l, CONFIG_LISTEN); s; s = config_next(s))
			if (!fn(s, with))
				return false;
	return true;
}

struct opening { unsigned loops; struct fail *why; };

static bool open_next(const struct config_scope *s, void *with)
{
	struct opening *o = with;
	if (socket_count == ADDRESSES)
		return fail(o->why, "more than %d addresses to listen on", ADDRESSES);
	return open_one(s, o->loops, o->why);
}

bool listen_open(const struct config *config, unsigned loops, struct fail *why)
{
	struct opening o = { loops, why };
	return each_address(config, open_next, &o);
}

static bool reload_next(const struct config_scope *s, void *with)
{
	for (unsigned i = 0; i < socket_count; i++) {
		if (strcmp(sockets[i]->rules.address, s->name) != 0)
			continue;
		bool was_open = sockets[i]->listeners[0] != NULL;
		take_changes(&sockets[i]->rules, s);
		return was_open || !atomic_load(&sockets[i]->rules.channels);
	}
	return false;
}

bool listen_reload(const struct config *config)
{
	return each_address(config, reload_next, NULL);
}

void listen_start(unsigned loop)
{
	for (unsigned i = 0; i < socket_count; i++)
		if (sockets[i]->listeners[loop])
			listener_start(sockets[i]->listeners[loop], accepted, &sockets[i]->rules);
}

void listen_stop(unsigned loop)
{
	for (unsigned i = 0; i < socket_count; i++) {
		if (sockets[i]->listeners[loop])
			listener_close(sockets[i]->listeners[loop]);
		sockets[i]->listeners[loop] = NULL;
	}
}

unsigned listen_count(void)
{
	return socket_count;
}

int listen_port(unsigned nth)
{
	return nth < socket_count && sockets[nth]->listeners[0] ? listener_port(sockets[nth]->listeners[0]) : 0;
}

/* Each address is read once into plain numbers, its peers sorted so that the first that matches is the nearest. */
#include "core/entrance.h"
#include "base/mem.h"
#include "core/config.h"
#include "core/pool.h"
#include "core/source.h"
#include <stdlib.h>
#include <string.h>

struct reading {
	struct entrances   *to;
	struct certificates  *certificates;
	struct sources       *sources;
	const struct core_limits *base;
	struct fail        *why;
};

/* --- terms --- */

static unsigned read_streams(const struct config_scope *s)
{
	return (config_list_has(s, "streams", "client") ? TAKES_CLIENTS : 0u)
		| (config_list_has(s, "streams", "server") ? TAKES_SERVERS : 0u)
		| (config_list_has(s, "streams", "component") ? TAKES_COMPONENTS : 0u);
}

/* That of its threadpool, if it says none itself. */
static unsigned read_events(const struct config_scope *s)
{
	const struct config_scope *g = s, *pool;
	const char *name = NULL;
	for (; g->parent; g = g->parent)
		if (g->kind == CONFIG_LISTEN)
			name = config_text(g, "pool_name");
	for (pool = config_first(g, CONFIG_THREADPOOL); pool && !(name && strcmp(pool->name, name) == 0); pool = config_next(pool))
		continue;
	return (unsigned)config_int(pool && !config_said(s, "events_per_iter") ? pool : s, "events_per_iter");
}

static struct socket_options read_socket(const struct config_scope *s)
{
	return (struct socket_options){ config_bool(s, "disable_nagle_algorithm"), (int)config_int(s, "tcp_recv_buffer_size"),
		(int)config_int(s, "tcp_send_buffer_size") };
}

static const char *text_said(const struct config_scope *s, const char *name)
{
	const struct config_value *v = config_said(s, name);
	return v ? v->text : NULL;
}

static bool read_policy(const struct reading *r, struct terms *t, const struct config_scope *s)
{
	static const int minimum[] = { 12, 13 };
	const struct config_value *verify = config_said(s, "tls_verify_mode"), *oldest = config_said(s, "tls_minimum");
	struct tls_wishes w = {
		.client_ca = text_said(s, "tls_client_ca"), .verify = verify ? (enum tls_verify)verify->number : TLS_VERIFY_UNSAID,
		.ciphers = text_said(s, "tls_ciphers"), .suites = text_said(s, "tls_suites"), .minimum = oldest ? minimum[oldest->number] : 0,
	};
	if (!w.client_ca && !verify && !w.ciphers && !w.suites && !oldest)
		return true;
	certificates_note_file(r->certificates, w.client_ca);
	t->policy = tls_policy_new(&w, r->why);
	return t->policy != NULL;
}

static bool read_sources(const struct reading *r, struct terms *t, const struct config_scope *s)
{
	return sources_get(r->sources, text_said(s, "auth.plain.uri"), &t->sources[SOURCE_FOR_PLAIN], r->why)
	    && sources_get(r->sources, text_said(s, "auth.digest_md5.uri"), &t->sources[SOURCE_FOR_DIGEST_MD5], r->why);
}

static bool read_terms(const struct reading *r, struct terms *t, const struct config_scope *s)
{
	t->is_denied = config_enum(s, "access") == 1;
	t->tls_mode = (enum entrance_tls)config_enum(s, "tls");
	t->streams = read_streams(s);
	t->events = read_events(s);
	t->idle_time = config_duration(s, "idle_time");
	t->socket = read_socket(s);
	t->limits = *r->base;
	host_read_limits(&t->limits, s);
	auth_terms_read(&t->auth, s);
	const char *whose = arena_string(r->certificates->arena, s->kind == CONFIG_PEER ? s->parent->name : s->name);
	return read_sources(r, t, s) && (!config_said(s, "tls_certificate") || certificates_get(r->certificates, s, whose, &t->tls, r->why)) && read_policy(r, t, s);
}

static void read_outside(const struct reading *r, const struct config_scope *g)
{
	struct terms *t = &r->to->outside;
	*t = (struct terms){ .streams = TAKES_CLIENTS | TAKES_SERVERS | TAKES_COMPONENTS, .limits = *r->base };
	auth_terms_read(&t->auth, g);
	t->idle_time = config_duration(g, "idle_time");
	t->events = (unsigned)config_int(g, "events_per_iter");
}

/* --- networks --- */

static unsigned length_of(const char *const *list)
{
	unsigned n = 0;
	while (list[n])
		n++;
	return n;
}

static bool read_proxies(struct entrance *e, const struct config_scope *s, struct fail *why)
{
	const char *const *list = config_list(s, "proxy_protocol");
	bool ok = true;
	e->proxies = mem_new((length_of(list) + 1) * sizeof *e->proxies);
	for (; *list && ok; list++)
		ok = cidr_read(*list, &e->proxies[e->proxy_count++], why);
	return ok;
}

static int longest_first(const void *a, const void *b)
{
	const struct terms *one = a, *other = b;
	return other->from.bits - one->from.bits;
}

static bool read_peers(const struct reading *r, struct entrance *e, const struct config_scope *s)
{
	unsigned n = 0;
	bool ok = true;
	for (const struct config_scope *p = config_first(s, CONFIG_PEER); p; p = config_next(p))
		n++;
	if (n > PEERS)
		return fail(r->why, "listen \"%s\" has more than %d peers", s->name, PEERS);
	e->peers = mem_new((n + 1) * sizeof *e->peers);
	for (const struct config_scope *p = config_first(s, CONFIG_PEER); p && ok; p = config_next(p)) {
		const struct config_value *enable = config_set_here(p, config_table_find("enable", CONFIG_PEER));
		struct terms *t = &e->peers[e->peer_count];
		if (enable && !enable->number)       /* the socket's own `enable` is another question */
			continue;
		e->peer_count++;
		ok = cidr_read(p->name, &t->from, r->why) && read_terms(r, t, p);
	}
	qsort(e->peers, e->peer_count, sizeof *e->peers, longest_first);
	return ok;
}

/* --- entrances --- */

void entrance_read_socket(struct entrance *e, const struct config_scope *s)
{
	e->address = s->name;
	e->channels = (unsigned)config_int(s, "channels");
	e->is_open = config_bool(s, "enable") && e->channels;
	e->terms.events = read_events(s);
	e->terms.socket = read_socket(s);
	e->pool = pool_of(s);
	e->options = (struct listen_options){ .address = s->name, .backlog = (int)config_int(s, "listen_backlog"),
		.file_mode = (int)config_int(s, "file_mode"), .socket = e->terms.socket };
}

static bool read_one(const struct reading *r, struct entrance *e, const struct config_scope *s)
{
	entrance_read_socket(e, s);
	e->accept_queue = (unsigned)config_int(s, "accept_queue_backlog");
	return read_terms(r, &e->terms, s) && read_peers(r, e, s) && read_proxies(e, s, r->why);
}

static bool place(struct entrances *to, const struct entrance *e, struct fail *why)
{
	const struct gate *gate = gate_get(e->address);
	if (!gate)
		return fail(why, "more than %d addresses to listen on, with those of earlier reloads", GATES);
	to->at[gate->number] = e;
	return true;
}

bool entrances_read(struct entrances *to, struct certificates *certificates, struct sources *sources, const struct config *config,
		    const struct core_limits *base, struct fail *why)
{
	const struct config_scope *g = config_global(config);
	struct reading r = { to, certificates, sources, base, why };
	bool ok = true;
	*to = (struct entrances){ .all = mem_new(GATES * sizeof *to->all) };
	read_outside(&r, g);
	for (const struct config_scope *l = config_first(g, CONFIG_LISTENER); l && ok; l = config_next(l))
		for (const struct config_scope *s = config_first(l, CONFIG_LISTEN); s && ok; s = config_next(s)) {
			if (to->count == GATES)
				return fail(why, "more than %d addresses to listen on", GATES);
			if (entrance_find(to, s->name))
				return fail(why, "listen \"%s\" is there twice", s->name);
			ok = read_one(&r, &to->all[to->count++], s) && place(to, &to->all[to->count - 1], why);
		}
	return ok;
}

static void clear_one(struct entrance *e)
{
	for (unsigned i = 0; i < e->peer_count; i++)
		tls_policy_free(e->peers[i].policy);
	tls_policy_free(e->terms.policy);
	mem_free(e->peers);
	mem_free(e->proxies);
}

void entrances_clear(struct entrances *all)
{
	for (unsigned i = 0; i < all->count; i++)
		clear_one(&all->all[i]);
	mem_free(all->all);
	*all = (struct entrances){ 0 };
}

const struct entrance *entrance_find(const struct entrances *all, const char *address)
{
	for (unsigned i = 0; i < all->count; i++)
		if (strcmp(all->all[i].address, address) == 0)
			return &all->all[i];
	return NULL;
}

unsigned entrance_place(const struct entrance *e, const struct sockaddr_storage *peer)
{
	for (unsigned i = 0; i < e->peer_count; i++)
		if (cidr_has(&e->peers[i].from, peer))
			return i + 1;
	return 0;
}

const struct terms *entrance_terms(const struct entrance *e, unsigned place)
{
	return place ? &e->peers[place - 1] : &e->terms;
}

int64_t terms_limit(const struct terms *t, const struct host *host, enum client_limit which)
{
	const struct client_limits *ours = &t->limits.clients;
	bool is_domains = host && host->clients.said >> which & 1 && !(ours->said >> which & 1);
	return is_domains ? host->clients.is[which] : ours->is[which];
}

bool entrance_is_proxy(const struct entrance *e, const struct sockaddr_storage *peer)
{
	for (unsigned i = 0; i < e->proxy_count; i++)
		if (cidr_has(&e->proxies[i], peer))
			return true;
	return false;
}

/* --- gates --- */

static struct gate *gates[GATES];
static atomic_uint count;

struct gate *gate_get(const char *address)
{
	unsigned n = atomic_load(&count);
	for (unsigned i = 0; i < n; i++)
		if (strcmp(gates[i]->address, address) == 0)
			return gates[i];
	if (n == GATES)
		return NULL;
	gates[n] = NEW(struct gate);
	gates[n]->address = mem_string(address);
	gates[n]->number = n;
	atomic_store(&count, n + 1);
	return gates[n];
}

unsigned gates_count(void)
{
	return atomic_load(&count);
}

struct gate *gate_number(unsigned n)
{
	return gates[n];
}

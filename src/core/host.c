/*
 * From settings to what hot paths ask: each snapshot of the configuration is
 * read once into plain numbers.
 */
#include "core/host.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/component.h"
#include "core/config.h"
#include "core/entrance.h"
#include "core/home.h"
#include "core/module.h"
#include "core/oauth.h"
#include "core/source.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MISNAMED_TOLD = 10 };

struct whole {                       /* a snapshot, counted */
	struct hosts hosts;
	atomic_uint  shares;
	struct arena *arena;
	struct host *first;
	unsigned misnamed;           /* domains whose certificate is for another name */
	bool     has_told_external;  /* of one domain, for all that are like it */
	struct entrances entrances;
	struct certificates certificates;
	struct components components;
	struct sources sources;
	struct oauth_keys *oauth_keys;
};

static struct whole *whole_of(struct hosts *h)
{
	return CONTAINER(h, struct whole, hosts);
}

/* --- limits --- */

/* Half of what the machine has, unless something was said. */
static size_t memory_limit(int64_t said)
{
	if (said)
		return (size_t)said;
	return (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
}

static void read_client_limits(struct client_limits *l, const struct config_scope *s)
{
	static const char *const names[CLIENT_LIMITS] = {
		"limits.stanza_size", "limits.stanzas_per_second", "limits.stanzas_burst", "limits.bytes_per_second", "limits.bytes_burst",
	};
	l->said = 0;
	for (unsigned i = 0; i < CLIENT_LIMITS; i++) {
		l->is[i] = config_int(s, names[i]);
		l->said |= config_said(s, names[i]) ? 1u << i : 0;
	}
}

void host_read_limits(struct core_limits *l, const struct config_scope *s)
{
	read_client_limits(&l->clients, s);
	l->stanza_before = (size_t)config_int(s, "limits.stanza_size_before_auth");
	l->depth = (unsigned)config_int(s, "limits.stanza_depth");
	l->attributes = (unsigned)config_int(s, "limits.stanza_attributes");
	l->write_soft = (size_t)config_int(s, "limits.write_queue_soft");
	l->write_hard = (size_t)config_int(s, "limits.write_queue_hard");
	l->unsettled = (unsigned)config_int(s, "limits.unsettled_stanzas");
	l->unsettled_bytes = (size_t)config_int(s, "limits.unsettled_bytes");
	l->acks_stanzas = (unsigned)config_int(s, "acks.queue_stanzas");
	l->acks_bytes = (size_t)config_int(s, "acks.queue_bytes");
	l->acks_answer = config_duration(s, "acks.answer_time");
	l->resume_time = config_duration(s, "acks.resume_time");
	l->resume_location = config_text(s, "acks.location");
	l->negotiation = config_duration(s, "limits.unauthenticated_timeout");
	l->login_tries = (unsigned)config_int(s, "limits.login_attempts");
	l->wrong_logins = (unsigned)config_int(s, "limits.logins_per_minute");
	l->per_address = (unsigned)config_int(s, "limits.connections_per_address");
	l->connects = (unsigned)config_int(s, "limits.connects_per_minute");
}

static unsigned turns_per_round(int64_t events)
{
	return events && events < 32 ? (unsigned)events : 32;
}

static void read_limits(struct core_limits *l, const struct config_scope *g)
{
	l->enabled = config_bool(g, "limits.enabled");
	l->mailbox = (unsigned)config_int(g, "limits.mailbox");
	l->turns_per_round = turns_per_round(config_int(g, "events_per_iter"));
	l->loads = 1000;
	l->idle_account = 60000;
	l->append_patience = config_duration(g, "limits.store_patience");
	l->slow_store = config_duration(g, "limits.store_patience");
	l->wrong_password_pause = 60000;
	l->source_timeout = config_duration(g, "auth.source_timeout");
	l->source_workers = (unsigned)config_int(g, "auth.source_workers");
	l->name = 1024;
	l->memory = memory_limit(config_int(g, "limits.memory"));
	l->close_wait = 5000;
	l->anonymous = (unsigned)config_int(g, "limits.anonymous");
	l->connections = (unsigned)config_int(g, "limits.connections");
	host_read_limits(l, g);
}

/* --- hosts --- */

/* A wrong file is easily named. Domains in other writing systems are left out: a certificate spells them otherwise. */
static void look_at_names(struct whole *w, const struct host *h)
{
	for (const char *p = h->name; *p; p++)
		if ((unsigned char)*p >= 0x80)
			return;
	if (h->tls && !tls_names(h->tls, h->name) && ++w->misnamed <= MISNAMED_TOLD)
		log_problem("TLS", "a certificate of domain \"%s\" is not for that name", h->name);
}

static bool is_built(const char *mechanism)
{
	static const char *const built[] = { "SCRAM-SHA-512-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
		"SCRAM-SHA-1", "GSSAPI", "OAUTHBEARER", "DIGEST-MD5", "CRAM-MD5", "PLAIN", "LOGIN",
		"HT-SHA-256-EXPR", "HT-SHA-256-UNIQ", "HT-SHA-256-ENDP", "HT-SHA-256-NONE" };
	for (size_t i = 0; i < sizeof built / sizeof *built; i++)
		if (strcmp(built[i], mechanism) == 0)
			return true;
	return false;
}

/* DIGEST-MD5 is always among them: a listener may name a source of passwords for it. */
static void read_mechanisms(struct host *h, struct arena *a, const struct config_scope *s)
{
	const char *const *list = config_list(s, "auth.mechanisms");
	size_t n = 0, kept = 0;
	while (list[n])
		n++;
	const char **built = arena_alloc(a, (n + 3) * sizeof *built);         /* DIGEST-MD5 and ANONYMOUS besides, and the end */
	if (config_list_has(s, "auth.mechanisms", "EXTERNAL"))
		built[kept++] = "EXTERNAL";                      /* RFC 6120 §6.3.4: first, wherever it was named */
	for (size_t i = 0; i < n; i++)
		if (is_built(list[i]))
			built[kept++] = list[i];
	h->digest_by_uri = !config_list_has(s, "auth.mechanisms", "DIGEST-MD5");
	if (h->digest_by_uri)
		built[kept++] = "DIGEST-MD5";
	if (config_bool(s, "auth.anonymous"))
		built[kept++] = "ANONYMOUS";
	h->mechanisms = built;
}

static bool read_modules(struct host *h, const struct config_scope *s, struct fail *why)
{
	char path[96];
	for (unsigned i = 0; i < modules_count(); i++) {
		snprintf(path, sizeof path, "%s.enabled", modules[i]->name);
		if (config_bool(s, path))
			continue;
		if (modules[i]->is_needed)
			return fail(why, "domain \"%s\": the module %s can't be switched off", h->name, modules[i]->name);
		h->off |= UINT64_C(1) << i;
	}
	return true;
}

static bool read_sources(struct whole *w, struct host *h, const struct config_scope *s, struct fail *why)
{
	return sources_get(&w->sources, config_text(s, "auth.plain.uri"), &h->sources[SOURCE_FOR_PLAIN], why)
	    && sources_get(&w->sources, config_text(s, "auth.digest_md5.uri"), &h->sources[SOURCE_FOR_DIGEST_MD5], why);
}

static bool has_module(const struct host *h, const char *name)
{
	for (unsigned i = 0; i < modules_count(); i++)
		if (strcmp(modules[i]->name, name) == 0)
			return host_runs(h, i);
	return false;
}

/* The scope, or one below it. */
static bool asks_for_certificates(const struct config_scope *s)
{
	static const enum config_kind kinds[] = { CONFIG_LISTENER, CONFIG_LISTEN, CONFIG_PEER };
	if (config_enum(s, "tls_verify_mode"))
		return true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (const struct config_scope *below = config_first(s, kinds[i]); below; below = config_next(below))
			if (asks_for_certificates(below))
				return true;
	return false;
}

static void look_at_external(struct whole *w, const struct host *h, const struct config_scope *s)
{
	if (w->has_told_external || !config_list_has(s, "auth.mechanisms", "EXTERNAL") || config_enum(s, "tls_verify_mode")
	    || asks_for_certificates(config_global(w->hosts.config)))
		return;
	w->has_told_external = true;
	log_problem("AUTH", "domain \"%s\" has EXTERNAL among its mechanisms, and no client is asked for a certificate: see tls_verify_mode", h->name);
}

struct host_data {
	const struct host_data *next;
	const struct module    *module;
	const void             *data;
};

/* Few have any, so a list will do. */
static void load_modules(struct host *h, struct arena *a)
{
	for (unsigned i = 0; i < modules_count(); i++) {
		if (!modules[i]->host_load || !host_runs(h, i))
			continue;
		const void *data = modules[i]->host_load(h, a);
		if (!data) {
			h->off |= UINT64_C(1) << i;
			continue;
		}
		struct host_data *d = ARENA_NEW(a, struct host_data);
		*d = (struct host_data){ h->data, modules[i], data };
		h->data = d;
	}
}

static bool add_host(struct whole *w, const struct config_scope *s, struct fail *why)
{
	struct host *h = ARENA_NEW(w->arena, struct host);
	h->name = jid_domain(w->arena, s->name);
	if (!h->name)
		return fail(why, "domain \"%s\" is no domain name", s->name);
	if (hash_find(&w->hosts.by_name, h->name))
		return fail(why, "domain \"%s\" is there twice", s->name);
	h->hosts = &w->hosts;
	h->config = w->hosts.config;
	h->scope = s;
	h->tls_mode = (enum host_tls)config_enum(s, "tls");
	h->is_suspended = config_bool(s, "suspended");
	h->plain_without_tls = config_bool(s, "auth.allow_plain_without_tls");
	auth_terms_read(&h->auth, s);
	password_terms_read(&h->passwords, s);
	h->legacy_codes = config_bool(s, "legacy.error_codes");
	h->legacy_stamps = config_bool(s, "legacy.delay_stamps");
	h->resources = (unsigned)config_int(s, "limits.resources");
	read_client_limits(&h->clients, s);
	h->wrong_passwords = (unsigned)config_int(s, "limits.logins_per_account");
	h->registrations = (unsigned)config_int(s, "limits.registrations_per_hour");
	h->strangers = (unsigned)config_int(s, "limits.strangers_per_hour");
	h->subscriptions = (unsigned)config_int(s, "limits.subscriptions_per_hour");
	h->conflict = (enum conflict)config_enum(s, "session.conflict");
	read_mechanisms(h, w->arena, s);
	if (!read_modules(h, s, why) || !read_sources(w, h, s, why) || !certificates_get(&w->certificates, s, h->name, &h->tls, why)
	    || !oauth_read(&h->oauth, &w->oauth_keys, &w->certificates, s, h->name, why))
		return false;
	h->has_own_certificates = has_module(h, "certificates");
	load_modules(h, w->arena);
	look_at_names(w, h);
	look_at_external(w, h, s);
	hash_put(&w->hosts.by_name, &h->by_name, h->name);
	w->hosts.count++;
	if (!w->first)
		w->first = h;
	if (!h->tls && h->tls_mode == HOST_TLS_REQUIRED)
		return fail(why, "domain \"%s\": tls is required, and there is no tls_certificate", h->name);
	return true;
}

struct hosts *hosts_new(const struct config *config, unsigned generation, struct fail *why)
{
	const struct config_scope *g = config_global(config);
	struct whole *w = NEW(struct whole);
	w->arena = arena_new();
	atomic_init(&w->shares, 1);
	w->hosts.generation = generation;
	w->hosts.config = config_share((struct config *)(uintptr_t)config);
	read_limits(&w->hosts.limits, g);
	auth_terms_read_global(&w->hosts.auth, g);
	certificates_init(&w->certificates, w->arena);
	w->hosts.entrances = &w->entrances;
	w->hosts.certificates = &w->certificates;
	w->hosts.components = &w->components;
	w->hosts.sources = &w->sources;
	w->hosts.source_trusted = config_text(g, "auth.https_trusted");
	bool ok = true;
	for (const struct config_scope *s = config_first(g, CONFIG_DOMAIN); s && ok; s = config_next(s))
		if (!s->protocol)
			ok = add_host(w, s, why);
	if (w->misnamed > MISNAMED_TOLD)
		log_problem("TLS", "and so it is for %u further domains", w->misnamed - MISNAMED_TOLD);
	if (ok && !w->first)
		ok = fail(why, "no domain is configured: add domain \"example.com\" { }");
	ok = ok && components_read(&w->components, w->arena, config, &w->hosts.by_name, why);
	ok = ok && entrances_read(&w->entrances, &w->certificates, &w->sources, config, &w->hosts.limits, why);
	if (!ok) {
		hosts_drop(&w->hosts);
		return NULL;
	}
	return &w->hosts;
}

struct hosts *hosts_share(struct hosts *h)
{
	atomic_fetch_add_explicit(&whole_of(h)->shares, 1, memory_order_relaxed);
	return h;
}

void hosts_drop(struct hosts *h)
{
	if (!h || atomic_fetch_sub_explicit(&whole_of(h)->shares, 1, memory_order_acq_rel) != 1)
		return;
	struct whole *w = whole_of(h);
	entrances_clear(&w->entrances);
	certificates_clear(&w->certificates);
	components_clear(&w->components);
	sources_clear(&w->sources);
	oauth_clear(w->oauth_keys);
	hash_clear(&h->by_name);
	config_drop((struct config *)(uintptr_t)h->config);
	arena_free(w->arena);
	mem_free(w);
}

/* --- asking --- */

struct hosts *hosts_here(void)
{
	return home_here()->hosts;
}

const struct host *host_find(const char *name)
{
	struct hash_node *n = hash_find(&hosts_here()->by_name, name);
	return n ? CONTAINER(n, struct host, by_name) : NULL;
}

const struct host *host_first(void)
{
	return whole_of(hosts_here())->first;
}

static const struct config_value *option(const struct host *h, const struct module *m, const char *name)
{
	char path[96];
	snprintf(path, sizeof path, "%s.%s", m->name, name);
	return config_value(h->scope, path);
}

const void *host_data(const struct host *h, const struct module *m)
{
	const struct host_data *d = h->data;
	while (d && d->module != m)
		d = d->next;
	return d ? d->data : NULL;
}

bool host_has(const struct host *h, const struct module *m)
{
	for (unsigned i = 0; modules[i]; i++)
		if (modules[i] == m)
			return host_runs(h, i);
	return false;
}

bool host_bool(const struct host *h, const struct module *m, const char *name)
{
	return option(h, m, name)->number != 0;
}

int64_t host_int(const struct host *h, const struct module *m, const char *name)
{
	return option(h, m, name)->number;
}

const char *host_text(const struct host *h, const struct module *m, const char *name)
{
	return option(h, m, name)->text;
}

const char *const *host_list(const struct host *h, const struct module *m, const char *name)
{
	static const char *const none[] = { NULL };
	const char *const *list = option(h, m, name)->list;
	return list ? list : none;
}

static const char *const *list_said(const struct config_scope *s, const struct module *m, const char *name)
{
	static const char *const none[] = { NULL };
	char path[96];
	snprintf(path, sizeof path, "%s.%s", m->name, name);
	const struct config_value *v = config_set_here(s, config_table_find(path, s->kind));
	return v && v->list ? v->list : none;
}

const char *const *host_list_of_all(const struct host *h, const struct module *m, const char *name)
{
	return list_said(config_global(h->config), m, name);
}

const char *const *host_list_of_its_own(const struct host *h, const struct module *m, const char *name)
{
	return list_said(h->scope, m, name);
}

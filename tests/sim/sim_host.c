/*
 * One host, made by hand: core/host.h where limits are drawn anew in each life
 * and modules' settings are what their tables say without a configuration.
 */
#include "sim.h"
#include "base/check.h"
#include "core/home.h"
#include "core/module.h"
#include "record.h"
#include "streams/listen.h"
#include <stdlib.h>
#include <string.h>

static struct host host;
static struct hosts hosts;
static struct listener_rules rules;
static const char *const mechanisms[] = { "SCRAM-SHA-256", "PLAIN", NULL };

static void draw_limits(struct core_limits *l)
{
	*l = (struct core_limits){
		.mailbox = 10000, .resources = 20, .turns_per_round = dice_between(1, 8), .loads = dice_between(1, 4),
		.idle_account = 60000, .append_patience = 3600000, .wrong_passwords = 10, .wrong_password_pause = 60000,
		.verifier_cache = dice_chance(50) ? 3600000 : 0,
		.stanza_before = 10000, .stanza = 65536, .depth = 30, .attributes = 50, .name = 256,
		.write_soft = 4000, .write_hard = 300000,
		.unsettled = dice_chance(50) ? 2 : 50, .unsettled_bytes = 100000, .memory = 100 << 20,
		.negotiation = 600000, .close_wait = 5000, .login_tries = 5,
		.registrations = 10, .wrong_logins = 100,
	};
}

void hosts_begin(void)
{
	host.name = HOST;
	host.hosts = &hosts;
	host.tls_mode = HOST_TLS_OFF;
	host.plain_without_tls = true;
	host.mechanisms = mechanisms;
	hosts.count = hosts.generation = 1;
	hosts.conflict = dice_chance(70) ? CONFLICT_REPLACE : dice_chance(50) ? CONFLICT_REFUSE : CONFLICT_RENAME;
	hash_put(&hosts.by_name, &host.by_name, host.name);
	draw_limits(&hosts.limits);
	rules.clients = true;
}

struct hosts *hosts_of_sim(void)
{
	return &hosts;
}

struct listener_rules *rules_of_sim(void)
{
	return &rules;
}

/* --- core/host.h --- */

struct hosts *hosts_share(struct hosts *h)
{
	return h;
}

void hosts_drop(struct hosts *h)
{
}

const struct host *host_find(const char *name)
{
	return strcmp(name, host.name) == 0 ? &host : NULL;
}

const struct host *host_first(void)
{
	return &host;
}

struct hosts *hosts_here(void)
{
	return &hosts;
}

static const struct option *find(const struct module *m, const char *name)
{
	for (const struct option *o = m->options; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	BUG("a setting that is in no table");
}

bool host_bool(const struct host *h, const struct module *m, const char *name)
{
	return strcmp(find(m, name)->fallback, "yes") == 0;
}

int64_t host_int(const struct host *h, const struct module *m, const char *name)
{
	static const struct { const char *unit; int64_t times; } units[] = {
		{ "", 1 }, { "k", 1024 }, { "M", 1 << 20 }, { "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};
	const struct option *o = find(m, name);
	char *end;
	int64_t n = strtoll(o->fallback, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(units[i].unit, end) == 0)
			return n * units[i].times;
	BUG("a fallback that isn't understood");
}

const char *host_text(const struct host *h, const struct module *m, const char *name)
{
	return find(m, name)->fallback;
}

/* --- streams/listen.h --- */

void listen_left(struct listener_rules *r)
{
}

struct tls *listen_tls(const char *sni, void *with)
{
	return NULL;
}

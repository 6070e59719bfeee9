/* Two tables: of names, and of what is behind the star of a pattern. */
#include "core/component.h"
#include "core/config.h"
#include "core/home.h"
#include "xmpp/jid.h"
#include <string.h>

struct served {
	struct hash_node by_name;
	const struct component *component;
};

struct reading {
	struct components *to;
	struct arena      *arena;
	const struct hash *hosts;
	unsigned           mailbox;
	struct fail       *why;
};

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* An empty one would be everybody's. */
static const char *secret_of(const struct config_scope *s)
{
	const char *secret = config_text(s, "component.secret");
	return secret && *secret ? secret : NULL;
}

static struct component *read_one(const struct reading *r, const struct config_scope *s, const char *name)
{
	struct component *c = ARENA_NEW(r->arena, struct component);
	c->name = name;
	c->secret = secret_of(s);
	c->tls = (enum component_tls)config_enum(s, "component.tls");
	c->conflict = (enum component_conflict)config_enum(s, "component.conflict");
	c->is_listed = config_bool(s, "component.listed");
	c->queue = (unsigned)config_int(s, "component.queue");
	c->queue_bytes = (size_t)config_int(s, "component.queue_bytes");
	c->queue_time = config_duration(s, "component.queue_time");
	c->idle_time = config_duration(s, "component.idle_time");
	c->stanza = (size_t)config_int(s, "component.stanza_size");
	c->write_most = (size_t)config_int(s, "component.write_queue");
	c->stanza_rate = config_int(s, "component.stanzas_per_second");
	c->byte_rate = config_int(s, "component.bytes_per_second");
	c->unsettled = smaller((unsigned)config_int(s, "component.unsettled_stanzas"), r->mailbox / 2);
	c->unsettled_bytes = (size_t)config_int(s, "component.unsettled_bytes");
	return c;
}

static bool serve(struct reading *r, struct hash *table, const char *name, const struct component *c, const char *as_written)
{
	if (hash_find(table, name))
		return fail(r->why, "%s is named for two components", as_written);
	struct served *served = ARENA_NEW(r->arena, struct served);
	served->component = c;
	hash_put(table, &served->by_name, name);
	return true;
}

/* "irc.example.com", "*.example.com", "*" */
static bool serve_pattern(struct reading *r, const char *pattern, const struct component *c)
{
	bool is_pattern = *pattern == '*';
	const char *rest = is_pattern && pattern[1] == '.' ? pattern + 2 : is_pattern ? pattern + 1 : pattern;
	const char *name = is_pattern && !*rest ? "" : jid_domain(r->arena, rest);
	if (!name || (is_pattern && pattern[1] && pattern[1] != '.') || (is_pattern && pattern[1] && !*name))
		return fail(r->why, "\"%s\" is neither a domain nor a pattern as *.example.com", pattern);
	if (!is_pattern && hash_find(r->hosts, name))
		return fail(r->why, "%s is a domain { } already, so it can't be a component's", pattern);
	return serve(r, is_pattern ? &r->to->below : &r->to->exact, name, c, pattern);
}

static bool serve_patterns(struct reading *r, const char *const *list, const struct component *c)
{
	for (; *list; list++)
		if (!serve_pattern(r, *list, c))
			return false;
	return true;
}

static bool read_section(struct reading *r, const struct config_scope *s)
{
	const char *name = jid_domain(r->arena, s->name);
	struct component *c = name ? read_one(r, s, name) : NULL;
	if (!c)
		return fail(r->why, "component \"%s\" is no domain name", s->name);
	return serve_pattern(r, s->name, c) && serve_patterns(r, config_list(s, "component.domains"), c);
}

static const struct config_value *allowed_here(const struct config_scope *s)
{
	return config_set_here(s, config_table_find("component.allowed", s->kind));
}

/* Names below a served domain, if neither it nor the global scope says more. */
static bool read_domain(struct reading *r, const struct config_scope *s, bool is_said)
{
	const char *name = jid_domain(r->arena, s->name);
	if (!name || !secret_of(s) || (is_said && !allowed_here(s)))
		return true;
	if (allowed_here(s))
		return serve_patterns(r, config_list(s, "component.allowed"), read_one(r, s, NULL));
	return hash_find(&r->to->below, name) || serve(r, &r->to->below, name, read_one(r, s, NULL), s->name);
}

bool components_read(struct components *to, struct arena *a, const struct config *config, const struct hash *hosts,
		     struct fail *why)
{
	const struct config_scope *g = config_global(config);
	struct reading r = { to, a, hosts, (unsigned)config_int(g, "limits.mailbox"), why };
	bool is_said = allowed_here(g);
	for (const struct config_scope *s = config_first(g, CONFIG_COMPONENT); s; s = config_next(s))
		if (!read_section(&r, s))
			return false;
	for (const struct config_scope *s = config_first(g, CONFIG_DOMAIN); s; s = config_next(s))
		if (!s->protocol && !read_domain(&r, s, is_said))
			return false;
	return !secret_of(g) || !is_said || serve_patterns(&r, config_list(g, "component.allowed"), read_one(&r, g, NULL));
}

void components_clear(struct components *c)
{
	hash_clear(&c->exact);
	hash_clear(&c->below);
}

static const struct component *found(struct hash_node *n)
{
	return n ? CONTAINER(n, struct served, by_name)->component : NULL;
}

const struct component *components_find(const struct components *all, const char *domain)
{
	const struct component *c = all->exact.count ? found(hash_find(&all->exact, domain)) : NULL;
	if (!all->below.count)
		return c;
	for (const char *dot = domain; !c && (dot = strchr(dot, '.'));)
		c = found(hash_find(&all->below, ++dot));
	return c ? c : found(hash_find(&all->below, ""));
}

const struct component *component_of(const char *domain)
{
	return components_find(hosts_here()->components, domain);
}

const char *component_name(const struct component *c, const char *domain)
{
	return c->name ? c->name : domain;
}

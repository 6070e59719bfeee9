/*
 * What one setting cannot know about another, and names that are more than
 * text: found without opening a file, so that `config check` finds it too.
 */
#include "core/config_load.h"
#include "core/module.h"
#include "net/cidr.h"
#include "xmpp/jid.h"
#include <string.h>
#include <strings.h>

static unsigned length_of(const char *const *list)
{
	unsigned n = 0;
	while (list[n])
		n++;
	return n;
}

static void check_network(const char *text, struct config_place place, struct config_report *report)
{
	struct cidr network;
	struct fail why;
	if (!cidr_read(text, &network, &why))
		config_error(report, place, "%s", why.text);
}

static void check_pool(const struct config_scope *s, const struct config_scope *g, struct config_report *report)
{
	const struct config_value *v = config_value(s, "pool_name");
	const struct config_scope *pool = config_first(g, CONFIG_THREADPOOL);
	while (pool && v->text && strcmp(pool->name, v->text) != 0)
		pool = config_next(pool);
	if (v->text && !pool)
		config_error(report, v->place, "there is no threadpool \"%s\" { }", v->text);
}

static void check_queues(const struct config_scope *s, struct config_report *report)
{
	const struct config_value *soft = config_value(s, "limits.write_queue_soft"), *hard = config_value(s, "limits.write_queue_hard");
	if (soft->number > hard->number)
		config_error(report, soft->place.line ? soft->place : hard->place, "limits.write_queue_soft is above limits.write_queue_hard");
}

static void check_pairs(const struct config_scope *s, struct config_report *report)
{
	const struct config_value *key = config_value(s, "tls_key");
	unsigned keys = length_of(config_list(s, "tls_key")), certificates = length_of(config_list(s, "tls_certificate"));
	if (keys && !certificates)
		config_error(report, key->place, "tls_key without tls_certificate%s%s%s", s->kind == CONFIG_DOMAIN ? " in domain \"" : "",
			s->kind == CONFIG_DOMAIN ? s->name : "", s->kind == CONFIG_DOMAIN ? "\"" : "");
	else if (keys && keys != certificates)
		config_error(report, key->place, "there are %u tls_key for %u tls_certificate: each certificate needs its key, or none is named and each "
			"certificate's file has its key", keys, certificates);
}

/* One with a slip of the pen would be no administrator, and nobody would say so. */
static void check_admins(const struct config_scope *s, struct config_report *report)
{
	const struct config_value *v = config_set_here(s, config_table_find("admins", s->kind));
	struct arena *a = v ? arena_new() : NULL;
	for (const char *const *item = v ? v->list : NULL; item && *item; item++) {
		const struct jid *jid = jid_parse(a, *item);
		if (!jid || !jid->local)
			config_error(report, v->place, "admins holds addresses, as you@example.com, and not \"%s\"", *item);
	}
	arena_free(a);
}

/* The module reads what is before the first blank. */
static void check_extra_items(const struct config_scope *s, struct config_report *report)
{
	const struct config_entry *e = config_table_find("disco.extra_items", s->kind);
	const struct config_value *v = e ? config_set_here(s, e) : NULL;
	struct arena *a = v ? arena_new() : NULL;
	for (const char *const *item = v ? v->list : NULL; item && *item; item++)
		if (!jid_parse(a, arena_copy(a, *item, strcspn(*item, " "))))
			config_error(report, v->place, "disco.extra_items holds addresses, each perhaps with a blank and a name behind it, and not \"%s\"", *item);
	arena_free(a);
}

/* Names that are known, so that nobody takes them for a slip of the pen. */
static void check_source(const struct config_scope *s, const char *name, struct config_report *report)
{
	static const char *const later[] = { "odbc:", "pgsql:", "mysql:", "ldap:" };
	const struct config_value *v = config_set_here(s, config_table_find(name, s->kind));
	for (size_t i = 0; v && v->text && i < sizeof later / sizeof *later; i++)
		if (strncasecmp(v->text, later[i], strlen(later[i])) == 0)
			config_error(report, v->place, "%s: passwords can't be at %s yet; there are sqlite:, file:, exec:, pam:, http: and https:", name, later[i]);
}

static void check_sources(const struct config_scope *s, struct config_report *report)
{
	check_source(s, "auth.plain.uri", report);
	check_source(s, "auth.digest_md5.uri", report);
}

static void check_scope(const struct config_scope *s, const struct config_scope *g, struct config_report *report)
{
	check_queues(s, report);
	check_sources(s, report);
	if (s->kind != CONFIG_GLOBAL)
		check_pairs(s, report);
	if (s->kind == CONFIG_PEER)
		check_network(s->name, s->place, report);
	if (s->kind == CONFIG_LISTEN) {
		check_pool(s, g, report);
		for (const char *const *p = config_list(s, "proxy_protocol"); *p; p++)
			check_network(*p, config_value(s, "proxy_protocol")->place, report);
	}
	for (const struct config_scope *child = s->children; child; child = child->next)
		if (!child->is_derived && (child->kind == CONFIG_LISTEN || child->kind == CONFIG_PEER))
			check_scope(child, g, report);
}

/* Its users' addresses would have two homes. */
static void check_component(const struct config *config, const struct config_scope *s, struct config_report *report)
{
	struct arena *a = arena_new();
	const char *name = jid_domain(a, s->name), *secret = config_text(s, "component.secret");
	if (!name)
		config_error(report, s->place, "\"%s\" is not a domain's name", s->name);
	else if (config_domain(config, s->name, NULL))
		config_error(report, s->place, "%s is a domain { } already, so it can't be a component's", s->name);
	else if (!secret || !*secret)
		config_error(report, s->place, "component \"%s\" has no secret, neither here nor in component { }", s->name);
	arena_free(a);
}

void config_check_together(const struct config *config, struct config_report *report)
{
	const struct config_scope *g = config_global(config);
	check_queues(g, report);
	check_admins(g, report);
	check_extra_items(g, report);
	check_sources(g, report);
	for (const struct config_scope *l = config_first(g, CONFIG_LISTENER); l; l = config_next(l))
		check_scope(l, g, report);
	for (const struct config_scope *s = config_first(g, CONFIG_DOMAIN); s; s = config_next(s)) {
		check_pairs(s, report);
		check_admins(s, report);
		check_extra_items(s, report);
		check_sources(s, report);
	}
	for (unsigned i = 0; modules[i]; i++)
		if (modules[i]->check)
			modules[i]->check(config, report);
	for (const struct config_scope *s = config_first(g, CONFIG_COMPONENT); s; s = config_next(s))
		check_component(config, s, report);
}

/*
 * The tree of a file is laid over the scopes, setting by setting. A section
 * whose key names a kind of scope opens that scope, any other only prefixes
 * the paths of what is in it. Reading another file over the same scopes
 * replaces values, so the last one wins.
 */
#include "core/config_load.h"
#include "base/mem.h"
#include "core/config_parse.h"
#include "core/config_value.h"
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct load {
	struct config *config;
	struct config_report *report;
	bool is_overlay;                     /* not the main file */
};

/* --- Scopes --- */

static struct config_scope *scope_new(struct config *c, struct config_scope *parent, enum config_kind kind, const char *name,
				      const char *protocol, struct config_place place, const char *text)
{
	struct config_scope *s = ARENA_NEW(c->arena, struct config_scope);
	s->kind = kind;
	s->name = name;
	s->protocol = protocol;
	s->place = place;
	s->parent = parent;
	s->last_child = &s->children;
	if (parent) {
		*parent->last_child = s;
		parent->last_child = &s->next;
	}
	hash_put(&c->scopes, &s->node, text);
	return s;
}

static struct config_scope *scope_get(struct config *c, struct config_scope *parent, enum config_kind kind, const char *name,
				      const char *protocol, struct config_place place)
{
	const char *text = config_scope_key(c->arena, parent, kind, name, protocol);
	struct hash_node *found = hash_find(&c->scopes, text);
	if (found)
		return CONTAINER(found, struct config_scope, node);
	return scope_new(c, parent, kind, name, protocol, place, text);
}

static const char *lower(struct arena *a, const char *name)
{
	char *copy = arena_string(a, name);
	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	size_t n = strlen(copy);
	if (n > 1 && copy[n - 1] == '.')
		copy[n - 1] = '\0';
	return copy;
}

static bool is_domain_name(const char *name)
{
	return *name && *name != '.' && strlen(name) <= 253 && !strpbrk(name, "/\\@\"' \t\n\r#");
}

/* "#xmpp#example.com" is for one protocol. */
static bool split_domain(struct arena *a, const char *title, const char **name, const char **protocol)
{
	const char *second = *title == '#' ? strchr(title + 1, '#') : NULL;
	*protocol = second ? lower(a, arena_copy(a, title + 1, (size_t)(second - title - 1))) : NULL;
	*name = lower(a, second ? second + 1 : title);
	return is_domain_name(*name) && (!second || second > title + 1);
}

/* "*:5222", "[::1]:5222", "unix:/path" */
static bool is_listen_address(const char *name)
{
	const char *colon = strrchr(name, ':');
	if (strncmp(name, "unix:/", 6) == 0)
		return true;
	if (!colon || colon == name || !isdigit((unsigned char)colon[1]))
		return false;
	char *end;
	long port = strtol(colon + 1, &end, 10);
	bool bracketed = *name == '[' && colon[-1] == ']';
	return !*end && port <= 65535 && (bracketed || memchr(name, ':', (size_t)(colon - name)) == NULL);
}

/* --- Values --- */

static void put_value(struct config *c, struct config_scope *s, const struct config_value *v)
{
	struct config_value **at = &s->values;
	while (*at && (*at)->entry != v->entry)
		at = &(*at)->next;
	struct config_value *next = *at ? (*at)->next : NULL;
	if (!*at)
		*at = ARENA_NEW(c->arena, struct config_value);
	**at = *v;
	(*at)->next = next;
}

static const char *where(struct arena *a, const struct config_scope *s, const char *prefix)
{
	if (!*prefix && s->kind == CONFIG_GLOBAL)
		return "at the top level";
	return arena_printf(a, "in %s", *prefix ? prefix : config_kind_keyword(s->kind));
}

static enum config_kind first_kind(const struct config_entry *e)
{
	int kind = CONFIG_GLOBAL;
	while (kind < CONFIG_KINDS - 1 && !(e->setting.scopes & 1u << kind))
		kind++;
	return (enum config_kind)kind;
}

/* The nearest name that would be valid here, else where the name, or one near it, would be. */
static const char *advice(struct arena *a, const struct config_scope *s, const char *path, const struct config_node *n)
{
	enum config_kind kind;
	const struct config_entry *other = config_table_find_any(path);
	const char *nearest = config_table_nearest(path, s->kind);
	if (n->shape != CONFIG_SECTION && config_table_has_section(path, s->kind))
		return "; it is a section: { }";
	if (config_kind_named(n->key, &kind))
		return config_kind_may_hold(CONFIG_GLOBAL, kind) ? "; it is a section of the top level" : "; it is a section of xmpp_listener";
	if (other)
		return first_kind(other) == CONFIG_GLOBAL ? "; it stands at the top level" :
			arena_printf(a, "; it stands in %s", config_kind_keyword(first_kind(other)));
	if (nearest)
		return arena_printf(a, "; did you mean \"%s\"?", nearest);
	for (kind = CONFIG_GLOBAL; kind < CONFIG_KINDS; kind++)
		if ((nearest = config_table_nearest(path, kind)))
			return arena_printf(a, "; there is \"%s\" in %s", nearest, config_kind_keyword(kind));
	return "";
}

static void unknown(struct load *l, struct config_scope *s, const char *prefix, const char *path, const struct config_node *n)
{
	struct arena *a = l->config->arena;
	const char *hint = l->report->error_count < CONFIG_NOTES ? advice(a, s, path, n) : "";       /* the others are only counted */
	config_error(l->report, n->place, "unknown %s \"%s\" %s%s", n->shape == CONFIG_SECTION ? "section" : "key", n->key,
		where(a, s, prefix), hint);
}

static void warn_later(struct load *l, const char *name, const struct config_node *n)
{
	size_t length = strlen(name);
	for (int i = 0; i < l->report->warning_count && i < CONFIG_NOTES; i++)
		if (strncmp(l->report->warnings[i].text, name, length) == 0 && l->report->warnings[i].text[length] == ' ')
			return;                      /* once is enough */
	config_warn(l->report, n->place, "%s is accepted and has no effect yet", name);
}

static void set(struct load *l, struct config_scope *s, const struct config_entry *e, const struct config_node *n)
{
	struct config_value v;
	const struct config_value *old = config_set_here(s, e);
	if (old && strcmp(old->place.file, n->place.file) == 0)
		config_error(l->report, n->place, "\"%s\" was set already at line %d", n->key, old->place.line);
	else if (l->is_overlay && strcmp(e->path, "data_dir") == 0)
		config_error(l->report, n->place, "data_dir belongs in the main file");
	else if (config_value_read(l->config->arena, e, n, &v, l->report))
		put_value(l->config, s, &v);
	if (e->setting.later)
		warn_later(l, e->path, n);
}

static void lay(struct load *, struct config_scope *, const char *prefix, const struct config_node *);

static void open_scope(struct load *l, struct config_scope *parent, enum config_kind kind, const struct config_node *n)
{
	const char *name = n->title ? arena_string(l->config->arena, n->title) : "", *protocol = NULL;
	if (config_kind_is_later(kind))
		warn_later(l, config_kind_keyword(kind), n);
	bool named = kind == CONFIG_LISTEN || kind == CONFIG_PEER || kind == CONFIG_DOMAIN || kind == CONFIG_COMPONENT;
	if (named && !n->title)
		config_error(l->report, n->place, "%s needs a name: %s \"…\" { }", n->key, n->key);
	else if (kind == CONFIG_DOMAIN && !split_domain(l->config->arena, name, &name, &protocol))
		config_error(l->report, n->place, "\"%s\" is not a domain's name", n->title);
	else if (kind == CONFIG_COMPONENT && !is_domain_name(name = lower(l->config->arena, name)))
		config_error(l->report, n->place, "\"%s\" is not a domain's name", n->title);
	else if (kind == CONFIG_LISTEN && !is_listen_address(name))
		config_error(l->report, n->place, "listen needs an address and a port, as \"*:5222\", \"[::1]:5222\" or \"unix:/path\", not \"%s\"", name);
	else
		lay(l, scope_get(l->config, parent, kind, name, protocol, n->place), "", n->children);
}

/* The parser has read what it names. */
static bool is_include(struct load *l, const struct config_node *n)
{
	if (n->shape != CONFIG_SETTING || strcasecmp(n->key, "include") != 0)
		return false;
	struct config_include *i = ARENA_NEW(l->config->arena, struct config_include);
	*i = (struct config_include){ n->words->text, l->config->includes };
	l->config->includes = i;
	return true;
}

/* A module's section may have a title, as xmpp_logger "xmpp_logger1" { } in Momentum's files; it means nothing. */
static bool is_module(struct load *l, const char *path, enum config_kind kind)
{
	return config_table_find(arena_printf(l->config->arena, "%s.debug_level", path), kind) != NULL;
}

/* component "gw.example" { } is a scope; component { } are the settings of that name. */
static bool opens_scope(const struct config_scope *s, const char *prefix, const char *key, const struct config_node *n, enum config_kind *kind)
{
	return n->shape == CONFIG_SECTION && !*prefix && config_kind_named(key, kind) && config_kind_may_hold(s->kind, *kind)
	    && (n->title || !config_table_has_section(key, s->kind));
}

/* In a component's own section its settings need no prefix. */
static const char *path_of(struct arena *a, const struct config_scope *s, const char *prefix, const char *key)
{
	if (*prefix)
		return arena_printf(a, "%s.%s", prefix, key);
	bool is_whole = s->kind != CONFIG_COMPONENT || config_table_find(key, s->kind) || config_table_has_section(key, s->kind);
	return is_whole ? key : arena_printf(a, "component.%s", key);
}

static void lay_one(struct load *l, struct config_scope *s, const char *prefix, const struct config_node *n)
{
	if (is_include(l, n))
		return;
	enum config_kind kind;
	const char *key = config_table_alias(n->key);
	const char *path = path_of(l->config->arena, s, prefix, key);
	const struct config_entry *e = config_table_find(path, s->kind);
	if (e)
		set(l, s, e, n);
	else if (opens_scope(s, prefix, key, n, &kind))
		open_scope(l, s, kind, n);
	else if (n->shape == CONFIG_SECTION && config_table_has_section(path, s->kind) && (!n->title || is_module(l, path, s->kind)))
		lay(l, s, path, n->children);
	else
		unknown(l, s, prefix, path, n);
}

static void lay(struct load *l, struct config_scope *s, const char *prefix, const struct config_node *n)
{
	for (; n; n = n->next)
		lay_one(l, s, prefix, n);
}

/* --- After the last file --- */

static void inherit_values(struct config *c, struct config_scope *to, const struct config_scope *from)
{
	for (const struct config_value *v = from->values; v; v = v->next)
		if (!config_set_here(to, v->entry))
			put_value(c, to, v);
}

/* A listener's peers hold for each of its listens; what a listen says of the same peer comes first. */
static void derive_peers(struct config *c, struct config_scope *listener)
{
	for (struct config_scope *listen = listener->children; listen; listen = listen->next) {
		if (listen->kind != CONFIG_LISTEN)
			continue;
		for (const struct config_scope *peer = listener->children; peer; peer = peer->next) {
			if (peer->kind != CONFIG_PEER)
				continue;
			bool own = hash_find(&c->scopes, config_scope_key(c->arena, listen, CONFIG_PEER, peer->name, NULL)) != NULL;
			struct config_scope *derived = scope_get(c, listen, CONFIG_PEER, peer->name, NULL, peer->place);
			derived->is_derived = !own;
			inherit_values(c, derived, peer);
		}
	}
}

/* The domain with the longest name that a component's ends with; NULL: there is none. */
static struct config_scope *domain_above(struct config *c, const char *name)
{
	const char *above = name;
	while ((above = strchr(above, '.'))) {
		struct hash_node *found = hash_find(&c->scopes, config_scope_key(c->arena, NULL, CONFIG_DOMAIN, ++above, NULL));
		if (found)
			return CONTAINER(found, struct config_scope, node);
	}
	return NULL;
}

static void finish(struct config *c)
{
	for (struct config_scope *s = c->global->children; s; s = s->next) {
		if (s->kind == CONFIG_LISTENER)
			derive_peers(c, s);
		struct config_scope *domain = s->kind == CONFIG_COMPONENT ? domain_above(c, s->name) : NULL;
		if (domain)
			s->parent = domain;
		struct hash_node *plain = s->kind == CONFIG_DOMAIN && s->protocol ?
			hash_find(&c->scopes, config_scope_key(c->arena, NULL, CONFIG_DOMAIN, s->name, NULL)) : NULL;
		if (plain)
			s->parent = CONTAINER(plain, struct config_scope, node);
	}
}

/* A folder's name as a pattern that only it fits. */
static const char *quote_pattern(struct arena *a, const char *path)
{
	char *quoted = arena_bytes(a, strlen(path) * 2 + 1), *to = quoted;
	for (; *path; path++) {
		if (strchr("*?[]\\", *path))
			*to++ = '\\';
		*to++ = *path;
	}
	*to = '\0';
	return quoted;
}

static void load_overlays(struct load *l)
{
	struct config *c = l->config;
	const char *changes = arena_printf(c->arena, "%s/changes.conf", c->data_dir);
	glob_t found = { 0 };
	l->is_overlay = true;
	if (access(changes, F_OK) == 0)
		lay(l, c->global, "", config_parse_file(c->arena, changes, l->report));
	else if (errno == EACCES)
		config_warn(l->report, (struct config_place){ c->data_dir, 0, 0 }, "you may not look into it: what was changed at run time is left out");
	if (glob(arena_printf(c->arena, "%s/domains.d/*.conf", quote_pattern(c->arena, c->data_dir)), 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			lay(l, c->global, "", config_parse_file(c->arena, found.gl_pathv[i], l->report));
	globfree(&found);
}

static struct config *begin(const char *path)
{
	struct config *c = NEW(struct config);
	c->magic = CONFIG_MAGIC;
	c->shares = 1;
	c->arena = arena_new();
	c->file = arena_string(c->arena, path);
	c->global = scope_new(c, NULL, CONFIG_GLOBAL, "", NULL, (struct config_place){ c->file, 0, 0 }, "global");
	return c;
}

/* `tree` is the main file's. */
static struct config *load(struct config *c, struct config_node *tree, unsigned flags, struct config_report *report)
{
	struct load l = { .config = c, .report = report };
	lay(&l, c->global, "", tree);
	c->data_dir = config_text(c->global, "data_dir");
	if (!(flags & CONFIG_MAIN_ONLY))
		load_overlays(&l);
	finish(c);
	config_check_together(c, report);
	config_report_sort(report);
	if (report->error_count == 0)
		return c;
	config_drop(c);
	return NULL;
}

struct config *config_load(const char *path, unsigned flags, struct config_report *report)
{
	struct config *c = begin(path);
	return load(c, config_parse_file(c->arena, c->file, report), flags, report);
}

struct config *config_load_text(const char *path, const char *text, size_t size, struct config_report *report)
{
	struct config *c = begin(path);
	return load(c, config_parse(c->arena, c->file, text, size, report), CONFIG_MAIN_ONLY, report);
}

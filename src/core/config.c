/*
 * The tree of a file is laid over the scopes, setting by setting. A section
 * whose key names a kind of scope opens that scope, any other only prefixes
 * the paths of what is in it. Reading another file over the same scopes
 * replaces values, so the last one wins.
 */
#include "core/config.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/config_parse.h"
#include "core/config_value.h"
#include <ctype.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MAGIC = 0x434f4e46, PATH = 128 };

struct config {
	unsigned magic;
	atomic_uint shares;
	struct arena *arena;
	const char *file, *data_dir;
	struct config_scope *global;
	struct hash scopes;                  /* by their text */
};

struct load {
	struct config *config;
	struct config_report *report;
	bool is_overlay;                     /* not the main file */
	int round;                           /* the file being read: a value set twice in one is an error */
};

/* --- Scopes --- */

static const char *scope_text(struct arena *a, const struct config_scope *parent, enum config_kind kind, const char *name, const char *protocol)
{
	const char *above = parent && parent->kind != CONFIG_GLOBAL ? config_scope_text(a, parent) : NULL;
	const char *own = !*name ? config_kind_keyword(kind) :
		arena_printf(a, "%s \"%s%s%s%s\"", config_kind_keyword(kind), protocol ? "#" : "", protocol ? protocol : "", protocol ? "#" : "", name);
	return above ? arena_printf(a, "%s > %s", above, own) : own;
}

const char *config_scope_text(struct arena *a, const struct config_scope *s)
{
	const struct config_scope *above = s->parent;
	if (s->protocol && above && above->kind == CONFIG_DOMAIN)
		above = above->parent;               /* it inherits from its plain namesake, and isn't written inside it */
	return scope_text(a, above, s->kind, s->name, s->protocol);
}

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
	const char *text = scope_text(c->arena, parent, kind, name, protocol);
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

const struct config_value *config_set_here(const struct config_scope *s, const struct config_entry *e)
{
	const struct config_value *v = s->values;
	while (v && v->entry != e)
		v = v->next;
	return v;
}

const struct config_value *config_effective(const struct config_scope *s, const struct config_entry *e)
{
	const struct config_value *v;
	for (; s; s = s->parent)
		if ((v = config_set_here(s, e)))
			return v;
	return &e->preset;
}

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

static const char *where(const struct config_scope *s, const char *prefix)
{
	return *prefix ? prefix : s->kind == CONFIG_GLOBAL ? "the top level" : config_kind_keyword(s->kind);
}

static void unknown(struct load *l, struct config_scope *s, const char *prefix, const char *path, const struct config_node *n)
{
	struct arena *a = l->config->arena;
	const char *nearest = config_table_nearest(path, s->kind), *words = nearest ? arena_printf(a, "; did you mean \"%s\"?", nearest) : "";
	const struct config_entry *other = config_table_find_any(path);
	enum config_kind kind = CONFIG_GLOBAL;
	if (config_kind_named(n->key, &kind)) {
		words = arena_printf(a, "; a %s stands elsewhere", config_kind_keyword(kind));
	} else if (other) {
		while (kind < CONFIG_KINDS - 1 && !(other->setting.scopes & 1u << kind))
			kind++;
		words = arena_printf(a, "; it belongs in %s", kind == CONFIG_GLOBAL ? "the top level" : config_kind_keyword(kind));
	}
	config_error(l->report, n->place, "unknown %s \"%s\" in %s%s", n->shape == CONFIG_SECTION ? "section" : "key", n->key, where(s, prefix), words);
}

static void warn_later(struct load *l, const struct config_entry *e, const struct config_node *n)
{
	for (int i = 0; i < l->report->warning_count && i < CONFIG_NOTES; i++)
		if (strncmp(l->report->warnings[i].text, e->path, strlen(e->path)) == 0 && l->report->warnings[i].text[strlen(e->path)] == ' ')
			return;                      /* once is enough */
	config_warn(l->report, n->place, "%s is accepted and has no effect yet", e->path);
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
		warn_later(l, e, n);
}

static void lay(struct load *, struct config_scope *, const char *prefix, const struct config_node *);

static void open_scope(struct load *l, struct config_scope *parent, enum config_kind kind, const struct config_node *n)
{
	const char *name = n->title ? arena_string(l->config->arena, n->title) : "", *protocol = NULL;
	bool named = kind == CONFIG_LISTEN || kind == CONFIG_PEER || kind == CONFIG_DOMAIN;
	if (named && !n->title)
		config_error(l->report, n->place, "%s needs a name: %s \"…\" { }", n->key, n->key);
	else if (kind == CONFIG_DOMAIN && !split_domain(l->config->arena, name, &name, &protocol))
		config_error(l->report, n->place, "\"%s\" is not a domain's name", n->title);
	else if (kind == CONFIG_LISTEN && !is_listen_address(name))
		config_error(l->report, n->place, "listen needs an address and a port, as \"*:5222\", \"[::1]:5222\" or \"unix:/path\", not \"%s\"", name);
	else
		lay(l, scope_get(l->config, parent, kind, name, protocol, n->place), "", n->children);
}

static void lay_one(struct load *l, struct config_scope *s, const char *prefix, const struct config_node *n)
{
	enum config_kind kind;
	const char *key = config_table_alias(n->key);
	const char *path = *prefix ? arena_printf(l->config->arena, "%s.%s", prefix, key) : key;
	const struct config_entry *e = config_table_find(path, s->kind);
	if (e)
		set(l, s, e, n);
	else if (n->shape == CONFIG_SECTION && !*prefix && config_kind_named(key, &kind) && config_kind_may_hold(s->kind, kind))
		open_scope(l, s, kind, n);
	else if (n->shape == CONFIG_SECTION && !n->title && config_table_has_section(path, s->kind))
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
			bool own = hash_find(&c->scopes, scope_text(c->arena, listen, CONFIG_PEER, peer->name, NULL)) != NULL;
			struct config_scope *derived = scope_get(c, listen, CONFIG_PEER, peer->name, NULL, peer->place);
			derived->is_derived = !own;
			inherit_values(c, derived, peer);
		}
	}
}

static void finish(struct config *c)
{
	for (struct config_scope *s = c->global->children; s; s = s->next) {
		if (s->kind == CONFIG_LISTENER)
			derive_peers(c, s);
		struct hash_node *plain = s->kind == CONFIG_DOMAIN && s->protocol ?
			hash_find(&c->scopes, scope_text(c->arena, NULL, CONFIG_DOMAIN, s->name, NULL)) : NULL;
		if (plain)
			s->parent = CONTAINER(plain, struct config_scope, node);
	}
}

/* What one setting cannot know about another. */
static void check_together(struct load *l)
{
	for (const struct config_scope *s = l->config->global->children; s; s = s->next) {
		const struct config_value *key = config_value(s->kind == CONFIG_DOMAIN ? s : l->config->global, "tls_key");
		if (s->kind == CONFIG_DOMAIN && key->text && !config_text(s, "tls_certificate"))
			config_error(l->report, key->place, "tls_key without tls_certificate in domain \"%s\"", s->name);
	}
	const struct config_scope *g = l->config->global;
	if (config_int(g, "limits.write_queue_soft") > config_int(g, "limits.write_queue_hard"))
		config_error(l->report, config_value(g, "limits.write_queue_soft")->place, "limits.write_queue_soft is above limits.write_queue_hard");
}

static void load_overlays(struct load *l)
{
	struct config *c = l->config;
	const char *changes = arena_printf(c->arena, "%s/changes.conf", c->data_dir);
	glob_t found = { 0 };
	l->is_overlay = true;
	if (access(changes, F_OK) == 0)
		lay(l, c->global, "", config_parse_file(c->arena, changes, l->report));
	if (glob(arena_printf(c->arena, "%s/domains.d/*.conf", c->data_dir), 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			lay(l, c->global, "", config_parse_file(c->arena, found.gl_pathv[i], l->report));
	globfree(&found);
}

struct config *config_load(const char *path, unsigned flags, struct config_report *report)
{
	struct config *c = NEW(struct config);
	struct load l = { .config = c, .report = report };
	c->magic = CONFIG_MAGIC;
	c->shares = 1;
	c->arena = arena_new();
	c->file = arena_string(c->arena, path);
	c->global = scope_new(c, NULL, CONFIG_GLOBAL, "", NULL, (struct config_place){ c->file, 0, 0 }, "global");
	lay(&l, c->global, "", config_parse_file(c->arena, path, report));
	c->data_dir = config_text(c->global, "data_dir");
	if (!(flags & CONFIG_MAIN_ONLY))
		load_overlays(&l);
	finish(c);
	check_together(&l);
	if (report->error_count == 0)
		return c;
	config_drop(c);
	return NULL;
}

struct config *config_share(struct config *c)
{
	CHECK(c, CONFIG_MAGIC);
	atomic_fetch_add(&c->shares, 1);
	return c;
}

void config_drop(struct config *c)
{
	if (!c)
		return;
	CHECK(c, CONFIG_MAGIC);
	if (atomic_fetch_sub(&c->shares, 1) != 1)
		return;
	c->magic = 0;
	hash_clear(&c->scopes);
	arena_free(c->arena);
	mem_free(c);
}

/* --- Questions --- */

const struct config_scope *config_global(const struct config *c)
{
	CHECK(c, CONFIG_MAGIC);
	return c->global;
}

const char *config_file(const struct config *c)
{
	return c->file;
}

const char *config_data_dir(const struct config *c)
{
	return c->data_dir;
}

static const struct config_scope *of_kind(const struct config_scope *s, enum config_kind kind)
{
	while (s && s->kind != kind)
		s = s->next;
	return s;
}

const struct config_scope *config_first(const struct config_scope *s, enum config_kind kind)
{
	return of_kind(s->children, kind);
}

const struct config_scope *config_next(const struct config_scope *s)
{
	return of_kind(s->next, s->kind);
}

static const struct config_scope *find_text(const struct config *c, const char *text)
{
	struct hash_node *found = hash_find(&c->scopes, text);
	return found ? CONTAINER(found, struct config_scope, node) : NULL;
}

const struct config_scope *config_domain(const struct config *c, const char *name, const char *protocol)
{
	struct arena *a = arena_new();
	const struct config_scope *s = protocol ? find_text(c, scope_text(a, NULL, CONFIG_DOMAIN, name, protocol)) : NULL;
	if (!s)
		s = find_text(c, scope_text(a, NULL, CONFIG_DOMAIN, name, NULL));
	arena_free(a);
	return s;
}

const struct config_scope *config_scope_like(const struct config *c, const struct config_scope *s)
{
	struct arena *a = arena_new();
	const struct config_scope *found = find_text(c, config_scope_text(a, s));
	arena_free(a);
	return found;
}

const struct config_value *config_value(const struct config_scope *s, const char *name)
{
	const struct config_entry *e = config_table_find(name, s->kind);
	if (!e)
		BUG(mem_printf("no setting \"%s\" in a %s", name, config_kind_keyword(s->kind)));
	return config_effective(s, e);
}

bool config_bool(const struct config_scope *s, const char *name)
{
	return config_value(s, name)->number != 0;
}

int64_t config_int(const struct config_scope *s, const char *name)
{
	return config_value(s, name)->number;
}

msec config_duration(const struct config_scope *s, const char *name)
{
	return config_value(s, name)->number;
}

const char *config_text(const struct config_scope *s, const char *name)
{
	return config_value(s, name)->text;
}

int config_enum(const struct config_scope *s, const char *name)
{
	return (int)config_value(s, name)->number;
}

const char *const *config_list(const struct config_scope *s, const char *name)
{
	static const char *const none[] = { NULL };
	const char *const *list = config_value(s, name)->list;
	return list ? list : none;
}

bool config_list_has(const struct config_scope *s, const char *name, const char *word)
{
	for (const char *const *item = config_list(s, name); *item; item++)
		if (strcasecmp(*item, word) == 0)
			return true;
	return false;
}

const char *config_origin(struct arena *a, const struct config_value *v)
{
	return v->place.line ? arena_printf(a, "%s:%d", v->place.file, v->place.line) : "default";
}

/* A file that others may write, or that is another's, is not ours to trust. */
static bool is_own(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

const char *config_find_file(const char *given)
{
	const char *named = getenv("JACKDAW_CONF");
	if (given)
		return given;
	if (named && *named)
		return named;
	return is_own("jackdaw.conf") ? "jackdaw.conf" : "/etc/jackdaw/jackdaw.conf";
}

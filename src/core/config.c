/*
 * Answers from a snapshot: a scope's own values first, then those of the
 * scopes it inherits from, then the table's default. Values set in a scope
 * are few, so a list is searched; what is asked often is noted by who asks.
 */
#include "core/config.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/config_load.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *config_scope_key(struct arena *a, const struct config_scope *parent, enum config_kind kind, const char *name, const char *protocol)
{
	const char *above = parent && parent->kind != CONFIG_GLOBAL ? config_scope_text(a, parent) : NULL;
	const char *own = !*name ? config_kind_keyword(kind) :
		arena_printf(a, "%s \"%s%s%s%s\"", config_kind_keyword(kind), protocol ? "#" : "", protocol ? protocol : "", protocol ? "#" : "", name);
	return above ? arena_printf(a, "%s > %s", above, own) : own;
}

/* A domain for one protocol inherits from its plain namesake, and a component from the domain above it: neither is written inside. */
const struct config_scope *config_outer(const struct config_scope *s)
{
	bool only_inherits = s->parent && s->parent->kind == CONFIG_DOMAIN && (s->protocol || s->kind == CONFIG_COMPONENT);
	return only_inherits ? s->parent->parent : s->parent;
}

const char *config_scope_text(struct arena *a, const struct config_scope *s)
{
	return config_scope_key(a, config_outer(s), s->kind, s->name, s->protocol);
}

const struct config_value *config_set_here(const struct config_scope *s, const struct config_entry *e)
{
	const struct config_value *v = s->values;
	while (v && v->entry != e)
		v = v->next;
	return v;
}

const struct config_value *config_said(const struct config_scope *s, const char *name)
{
	const struct config_value *v = NULL;
	for (; s && s->kind != CONFIG_GLOBAL && !v; s = s->parent)
		v = config_set_here(s, config_table_find(name, s->kind));
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

const struct config_scope *config_global(const struct config *c)
{
	CHECK(c, CONFIG_MAGIC);
	return c->global;
}

const struct config_include *config_includes(const struct config *c)
{
	return c->includes;
}

const char *config_file(const struct config *c)
{
	return c->file;
}

const char *config_data_dir(const struct config *c)
{
	return c->data_dir;
}

const char *config_database(struct arena *a, const struct config *c)
{
	return arena_printf(a, "%s/jackdaw.sqlite", config_data_dir(c));
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
	const struct config_scope *s = protocol ? find_text(c, config_scope_key(a, NULL, CONFIG_DOMAIN, name, protocol)) : NULL;
	if (!s)
		s = find_text(c, config_scope_key(a, NULL, CONFIG_DOMAIN, name, NULL));
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

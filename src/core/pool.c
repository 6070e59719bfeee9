/* A handful of entries, made before there is a second thread and never changed. */
#include "core/pool.h"
#include "base/mem.h"
#include "core/config.h"
#include "core/home.h"
#include <string.h>

static struct pool pools[HOMES_LIMIT];
static unsigned count;

/* The nearest scope below the global one that says it; NULL: none does. */
static const struct config_scope *who_says(const struct config_scope *s, const char *name)
{
	for (; s && s->kind != CONFIG_GLOBAL; s = s->parent)
		if (config_set_here(s, config_table_find(name, s->kind)))
			return s;
	return NULL;
}

static const struct config_scope *named(const struct config_scope *s, const char *name)
{
	while (s->parent)
		s = s->parent;
	for (s = config_first(s, CONFIG_THREADPOOL); s; s = config_next(s))
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* Its pool's name and size; 0: the common loops. */
static unsigned wanted(struct arena *a, const struct config_scope *listen, const char **name)
{
	const struct config_scope *own = who_says(listen, "concurrency"), *pool;
	*name = config_text(listen, "pool_name");
	if (*name)
		return (pool = named(listen, *name)) ? (unsigned)config_int(pool, "concurrency") : 0;
	if (!own)
		return 0;
	*name = config_scope_text(a, own);
	return (unsigned)config_int(listen, "concurrency");
}

static const struct pool *find(const char *name)
{
	for (unsigned i = 1; i < count; i++)
		if (strcmp(pools[i].name, name) == 0)
			return &pools[i];
	return NULL;
}

static bool add(const char *name, unsigned loops, struct fail *why)
{
	unsigned first = pools_loops();
	if (first + loops > HOMES_LIMIT)
		return fail(why, "`concurrency` of all pools and `threads` are more than %d together", HOMES_LIMIT);
	pools[count++] = (struct pool){ mem_string(name), first, loops };
	return true;
}

static bool add_of(struct arena *a, const struct config_scope *listen, struct fail *why)
{
	const char *name;
	unsigned loops = wanted(a, listen, &name);
	return !loops || find(name) || add(name, loops, why);
}

bool pools_read(const struct config *config, unsigned common, struct fail *why)
{
	struct arena *a = arena_new();
	bool ok = add("", common, why);
	for (const struct config_scope *l = config_first(config_global(config), CONFIG_LISTENER); l && ok; l = config_next(l))
		for (const struct config_scope *s = config_first(l, CONFIG_LISTEN); s && ok; s = config_next(s))
			ok = add_of(a, s, why);
	arena_free(a);
	return ok;
}

unsigned pools_loops(void)
{
	return count ? pools[count - 1].first + pools[count - 1].count : 0;
}

unsigned pools_count(void)
{
	return count;
}

const struct pool *pool_number(unsigned n)
{
	return &pools[n];
}

const struct pool *pool_of_loop(unsigned loop)
{
	for (unsigned i = 0; i < count; i++)
		if (loop - pools[i].first < pools[i].count)
			return &pools[i];
	return &pools[0];
}

const struct pool *pool_of(const struct config_scope *listen)
{
	struct arena *a = arena_new();
	const char *name;
	const struct pool *pool = wanted(a, listen, &name) ? find(name) : NULL;
	arena_free(a);
	return pool ? pool : &pools[0];
}

/* Every home has a table of the links with somebody at the other end, and hears of each that comes or goes, in order. */
#include "core/link.h"
#include "base/mem.h"
#include "core/home.h"
#include <string.h>

struct reach {
	struct hash_node by_name;
	unsigned         carriers;
	bool             is_inside;
	char             name[];
};

struct news {
	struct home *home;
	int          more;
	bool         is_inside;
	char         name[];
};

static void heard(void *thing)
{
	struct news *news = thing;
	struct hash *table = &news->home->reachable;
	struct hash_node *n = hash_find(table, news->name);
	struct reach *r = n ? CONTAINER(n, struct reach, by_name) : NULL;
	if (!r) {
		r = mem_new(sizeof *r + strlen(news->name) + 1);
		memcpy(r->name, news->name, strlen(news->name) + 1);
		hash_put(table, &r->by_name, r->name);
	}
	r->carriers += (unsigned)news->more;
	r->is_inside = news->is_inside;
	news->home->gateways += news->is_inside ? (unsigned)news->more : 0;
	if (!r->carriers) {
		hash_remove(table, &r->by_name);
		mem_free(r);
	}
	mem_free(news);
}

void links_tell(const char *name, int more, bool is_inside)
{
	size_t size = strlen(name) + 1;
	for (unsigned i = 0; i < homes_count(); i++) {
		struct news *news = mem_new(sizeof *news + size);
		news->home = home_number(i);
		news->more = more;
		news->is_inside = is_inside;
		memcpy(news->name, name, size);
		post(news->home->loop, heard, news);
	}
}

bool link_is_of_gateway(const char *address)
{
	struct hash_node *n = home_here()->gateways ? hash_find(&home_here()->reachable, address) : NULL;
	return n && CONTAINER(n, struct reach, by_name)->is_inside;
}

struct telling { void (*fn)(const char *, void *); void *with; };

static bool tell_one(struct hash_node *n, void *with)
{
	struct telling *t = with;
	t->fn(CONTAINER(n, struct reach, by_name)->name, t->with);
	return true;
}

void links_reachable(void (*fn)(const char *name, void *with), void *with)
{
	struct telling t = { fn, with };
	hash_each(&home_here()->reachable, tell_one, &t);
}

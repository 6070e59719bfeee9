/*
 * As src/certificate_watch.c, but simpler: a source knows itself whether its
 * file is another than when it was read, and keeps what it has when the new
 * one is wrong.
 */
#include "source_watch.h"
#include "base/arena.h"
#include "base/log.h"
#include "core/home.h"
#include "core/source.h"
#include "net/watch.h"
#include <libgen.h>
#include <string.h>

enum { FOLDERS = 256 };

struct plan {                                /* made by whoever has a snapshot, given to the first loop */
	struct arena *arena;
	struct hosts *hosts;                 /* a share */
	const char   *folders[FOLDERS + 1];  /* ends with NULL */
	size_t        count;
};

/* All is the first loop's. */
static struct watch *watch;
static struct plan *plan, *lent;             /* lent: a worker looks at it; perhaps it is the plan no more */
static bool again;                           /* something changed while one was lent */
static char told[sizeof(struct fail)];       /* what was wrong the last time, so that it is said once; the worker's while it looks */

static void plan_free(struct plan *p)
{
	if (!p)
		return;
	hosts_drop(p->hosts);
	arena_free(p->arena);
}

static void add(void *with, struct source *s)
{
	struct plan *p = with;
	const char *file = source_file_of(s), *folder = file ? dirname(arena_string(p->arena, file)) : NULL;
	for (size_t i = 0; folder && i < p->count; i++)
		if (strcmp(p->folders[i], folder) == 0)
			return;
	if (folder && p->count < FOLDERS)
		p->folders[p->count++] = folder;
}

static void work(void *thing)                /* on a worker: disks may be slow */
{
	struct fail why = { "" };
	const struct plan *p = thing;
	if (!sources_look(p->hosts->sources, &why) && strcmp(told, why.text) != 0)
		log_major("AUTH", "a file of passwords changed and can't be used, so what it said before stays: %s", why.text);
	memcpy(told, why.text, sizeof told);
}

static void look(void *unused);

static void done(void *unused)
{
	if (lent != plan)
		plan_free(lent);
	lent = NULL;
	if (again)
		look(NULL);
}

static void look(void *unused)
{
	again = lent != NULL;
	if (again || !plan)
		return;
	lent = plan;
	loop_work(work, done, lent);
}

static void follow(void *thing)
{
	watch_free(watch);
	watch = NULL;
	if (plan != lent)
		plan_free(plan);
	plan = thing;
	if (!plan->count)
		return;
	watch = watch_new(plan->folders, look, NULL);
	look(NULL);                          /* what changed between being read and being watched */
}

void source_watch_follow(struct hosts *hosts)
{
	struct arena *a = arena_new();
	struct plan *p = ARENA_NEW(a, struct plan);
	p->arena = a;
	p->hosts = hosts_share(hosts);
	sources_each(hosts->sources, add, p);
	post(home_number(0)->loop, follow, p);
}

void source_watch_stop(void)
{
	watch_free(watch);
	watch = NULL;
	if (plan != lent)
		plan_free(plan);
	plan = NULL;
}

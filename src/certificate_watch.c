/*
 * What inotify tells only makes us look whether one of our files is another
 * than when it was read: a folder may also have a log or a database in it.
 */
#include "certificate_watch.h"
#include "base/arena.h"
#include "base/hash.h"
#include "core/home.h"
#include "core/certificates.h"
#include "net/watch.h"
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOUR = 3600 * 1000 };

struct folder {
	struct hash_node by_path;
	const char      *path;
};

struct plan {                                /* made by whoever has a snapshot, given to the first loop */
	struct arena *arena;
	const char  **folders;
	struct certificate_file *files;      /* a worker's while it is lent, and nobody's else */
};

/* All is the first loop's. */
static struct watch *watch;
static struct plan *plan, *lent;             /* lent: a worker looks at it; perhaps it is the plan no more */
static bool again;                           /* something changed while one was lent */
static struct timer hourly;
static msec warned_at;                       /* 0: a new snapshot, of which everything is to be said */
static void (*read_anew)(void);

static void plan_free(struct plan *p)
{
	if (p)
		arena_free(p->arena);
}

/* --- a plan --- */

struct planning {
	struct plan *plan;
	struct hash  folders;
	size_t       count;
};

static void add_folder(struct planning *g, const char *path)
{
	if (hash_find(&g->folders, path))
		return;
	struct folder *f = ARENA_NEW(g->plan->arena, struct folder);
	f->path = arena_string(g->plan->arena, path);
	hash_put(&g->folders, &f->by_path, f->path);
	g->plan->folders[g->count++] = f->path;
}

/* Its folder, and that of what it leads to: certificates are often links. */
static void add_file(struct planning *g, const struct certificate_file *file)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct certificate_file *copy = ARENA_NEW(g->plan->arena, struct certificate_file);
	*copy = (struct certificate_file){ arena_string(g->plan->arena, file->path), file->seen, g->plan->files };
	g->plan->files = copy;
	snprintf(path, sizeof path, "%s", file->path);
	add_folder(g, dirname(path));
	if (realpath(file->path, real))
		add_folder(g, dirname(real));
}

static struct plan *plan_new(const struct certificates *all)
{
	struct arena *a = arena_new();
	struct planning g = { .plan = ARENA_NEW(a, struct plan) };
	size_t files = 0;
	g.plan->arena = a;
	for (const struct certificate_file *f = all->files; f; f = f->next)
		files++;
	g.plan->folders = arena_alloc(a, (2 * files + 1) * sizeof *g.plan->folders);
	for (const struct certificate_file *f = all->files; f; f = f->next)
		add_file(&g, f);
	hash_clear(&g.folders);
	return g.plan;
}

/* --- looking --- */

static void work(void *thing)                /* on a worker: files may be many, and disks slow */
{
	bool is_other = false;
	struct plan *p = thing;
	for (struct certificate_file *f = p->files; f; f = f->next) {
		uint64_t now = certificate_look(f->path);
		is_other |= now != f->seen;
		f->seen = now;
	}
	if (is_other)
		read_anew();
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

/* --- on the first loop --- */

static void warn(void)
{
	msec now = clock_wall();
	certificates_warn(hosts_here()->certificates, now, warned_at);
	warned_at = now;
}

static void hour_is_over(struct timer *timer)
{
	warn();
	timer_start(timer, HOUR, hour_is_over);
}

static void follow(void *thing)
{
	watch_free(watch);
	if (plan != lent)
		plan_free(plan);
	plan = thing;
	watch = watch_new(plan->folders, look, NULL);
	warned_at = 0;
	warn();
	look(NULL);                          /* what changed between being read and being watched */
}

void certificate_watch_follow(struct hosts *hosts)
{
	post(home_number(0)->loop, follow, plan_new(hosts->certificates));
}

void certificate_watch_start(void (*reload)(void))
{
	read_anew = reload;
	timer_start(&hourly, HOUR, hour_is_over);
}

void certificate_watch_stop(void)
{
	watch_free(watch);
	watch = NULL;
	timer_stop(&hourly);
	if (plan != lent)
		plan_free(plan);
	plan = NULL;
}

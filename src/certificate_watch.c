/*
 * What inotify tells only makes us look whether one of our files is another
 * than when it was read: a folder may also have a log or a database in it.
 */
#include "certificate_watch.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "core/certificates.h"
#include "net/watch.h"
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR = 3600 * 1000 };

struct plan {                                /* made by whoever has a snapshot, given to the first loop */
	struct arena *arena;
	const char  **folders;
	struct certificate_file *files;
};

/* All is the first loop's. */
static struct watch *watch;
static struct plan *plan;
static struct timer hourly;
static msec warned_at;                       /* 0: a new snapshot, of which everything is to be said */
static void (*read_anew)(void);
static bool is_reading;

/* --- a plan --- */

static bool has(const char *const *list, const char *text)
{
	while (*list && strcmp(*list, text) != 0)
		list++;
	return *list;
}

/* A file's folder, and that of what it leads to: certificates are often links. */
static void add_folders(struct plan *p, size_t *count, const char *file)
{
	char real[PATH_MAX];
	const char *folder = dirname(arena_string(p->arena, file));
	if (!has(p->folders, folder))
		p->folders[(*count)++] = folder;
	const char *there = realpath(file, real) ? dirname(real) : folder;
	if (!has(p->folders, there))
		p->folders[(*count)++] = arena_string(p->arena, there);
}

static struct plan *plan_new(const struct certificates *all)
{
	struct arena *a = arena_new();
	struct plan *p = ARENA_NEW(a, struct plan);
	size_t count = 0;
	p->arena = a;
	for (const struct certificate_file *f = all->files; f; f = f->next)
		count++;
	p->folders = arena_alloc(a, (2 * count + 1) * sizeof *p->folders);
	count = 0;
	for (const struct certificate_file *f = all->files; f; f = f->next) {
		struct certificate_file *copy = ARENA_NEW(a, struct certificate_file);
		*copy = (struct certificate_file){ arena_string(a, f->path), f->seen, p->files };
		p->files = copy;
		add_folders(p, &count, f->path);
	}
	return p;
}

/* --- on the first loop --- */

static void work(void *unused)
{
	read_anew();
}

static void look(void *);

static void done(void *unused)
{
	is_reading = false;
	look(NULL);                          /* meanwhile it may have changed again */
}

static void look(void *unused)
{
	bool is_other = false;
	if (is_reading || !plan)
		return;
	for (struct certificate_file *f = plan->files; f; f = f->next) {
		uint64_t now = certificate_look(f->path);
		is_other |= now != f->seen;
		f->seen = now;
	}
	is_reading = is_other;
	if (is_other)
		loop_work(work, done, NULL);
}

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
	if (plan)
		arena_free(plan->arena);
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
	if (plan)
		arena_free(plan->arena);
	plan = NULL;
}

/* One inotify descriptor for all folders; what it says is read away, for only that it speaks is of interest. */
#include "net/watch.h"
#include "net/inside.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { WATCH_MAGIC = 0x3a7c4000, QUIET_MS = 1000, MOST_MS = 5000 };

struct watch {
	unsigned  magic;
	int       fd;
	uv_poll_t poll;
	struct timer quiet;
	msec      since;                     /* the first change that isn't told */
	void    (*changed)(void *);
	void     *with;
};

static void is_quiet(struct timer *t)
{
	struct watch *w = CONTAINER(t, struct watch, quiet);
	w->changed(w->with);
}

static void spoke(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	char bytes[4096];
	loop_woke(loop_here());
	while (read(w->fd, bytes, sizeof bytes) > 0)
		continue;
	if (!timer_is_running(&w->quiet))
		w->since = clock_now();
	if (clock_now() - w->since < MOST_MS)        /* a folder that is never quiet isn't waited for */
		timer_start(&w->quiet, QUIET_MS, is_quiet);
}

static void add(struct watch *w, const char *folder)
{
	const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;
	if (inotify_add_watch(w->fd, folder, mask) < 0)
		log_major("WATCH", "changes in %s will not be noticed: %s", folder, strerror(errno));
}

struct watch *watch_new(const char *const *folders, void (*changed)(void *), void *with)
{
	struct watch *w = NEW(struct watch);
	*w = (struct watch){ .magic = WATCH_MAGIC, .changed = changed, .with = with };
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		log_major("WATCH", "changes of files will not be noticed: %s", strerror(errno));
		mem_free(w);
		return NULL;
	}
	for (; *folders; folders++)
		add(w, *folders);
	w->poll.data = w;
	if (uv_poll_init(&loop_here()->uv, &w->poll, w->fd))
		BUG("an inotify descriptor that cannot be watched");
	uv_poll_start(&w->poll, UV_READABLE, spoke);
	return w;
}

static void vanish(uv_handle_t *handle)
{
	struct watch *w = handle->data;
	close(w->fd);
	w->magic = 0;
	mem_free(w);
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	CHECK(w, WATCH_MAGIC);
	timer_stop(&w->quiet);
	uv_close((uv_handle_t *)&w->poll, vanish);
}

/*
 * The main thread looks at the loops about once a second; each loop counts its
 * own seconds. Nothing is waited for, so a loop that hangs holds nobody here.
 */
#include "supervisor.h"
#include "base/log.h"
#include "core/home.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LOOK_EVERY = 1000, STUCK_AFTER = 5000 };

static int fd = -1;
static msec watchdog;                        /* a third of what the supervisor waits; 0: it doesn't */

/* Of each loop: counted by itself, and what the main thread saw of it. */
static struct beat { atomic_uint count; unsigned seen; msec seen_at; bool is_stuck, has_turned; } beats[HOMES_LIMIT];
static msec told_at;

void supervisor_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (!path || !*path || strlen(path) >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0)
		log_problem("SERVER", "the supervisor can't be reached at %s: %s", path, strerror(errno));
	if (usec && (!pid || atol(pid) == (long)getpid()))
		watchdog = atoll(usec) / 1000 / 3;
}

void supervisor_tell(const char *words)
{
	if (fd >= 0 && send(fd, words, strlen(words), MSG_NOSIGNAL) < 0)
		log_problem("SERVER", "the supervisor can't be told \"%s\": %s", words, strerror(errno));
}

msec supervisor_watch(void)
{
	return watchdog && watchdog < LOOK_EVERY ? watchdog : LOOK_EVERY;
}

void supervisor_turned(unsigned loop)
{
	atomic_fetch_add_explicit(&beats[loop].count, 1, memory_order_relaxed);
}

static void look_at(struct beat *b, unsigned loop, msec now)
{
	unsigned count = atomic_load_explicit(&b->count, memory_order_relaxed);
	bool has_turned = count != b->seen || !b->seen_at;
	if (has_turned && b->is_stuck)
		log_major("SERVER", "loop %u turns again after %lld s", loop, (long long)(now - b->seen_at) / 1000);
	if (!has_turned && !b->is_stuck && now - b->seen_at > STUCK_AFTER)
		log_major("SERVER", "loop %u has not turned for %d s: its accounts wait", loop, STUCK_AFTER / 1000);
	b->is_stuck = !has_turned && now - b->seen_at > STUCK_AFTER;
	if (has_turned) {
		b->seen = count;
		b->seen_at = now;
		b->has_turned = true;
	}
}

static bool all_have_turned(void)
{
	for (unsigned i = 0; i < homes_count(); i++)
		if (!beats[i].has_turned)
			return false;
	return true;
}

void supervisor_look(void)
{
	msec now = clock_now();
	for (unsigned i = 0; i < homes_count(); i++)
		look_at(&beats[i], i, now);
	if (!watchdog || now - told_at < watchdog || !all_have_turned())
		return;
	supervisor_tell("WATCHDOG=1");
	told_at = now;
	for (unsigned i = 0; i < homes_count(); i++)
		beats[i].has_turned = false;
}

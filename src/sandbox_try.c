/*
 * In a server built for tests: does what the sandbox is to prevent, from
 * inside, and says what came of it.
 */
#include "sandbox.h"

#ifdef TEST_HOOKS
#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd;
}

static int run(const char *path)
{
	char *words[] = { (char *)(uintptr_t)path, NULL };
	return execve(path, words, NULL);    /* the server is gone if this works */
}

static int do_one(const char *verb, const char *what)
{
	if (strcmp(verb, "read") == 0)
		return try_open(what, O_RDONLY);
	if (strcmp(verb, "write") == 0)
		return try_open(what, O_WRONLY | O_CREAT);
	if (strcmp(verb, "remove") == 0)
		return unlink(what);
	if (strcmp(verb, "run") == 0)
		return run(what);
	if (strcmp(verb, "socket") == 0)
		return socket(atoi(what), SOCK_RAW, 0);
	if (strcmp(verb, "trace") == 0)
		return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (strcmp(verb, "mount") == 0)
		return mount("none", what, "tmpfs", 0, NULL);
	if (strcmp(verb, "root") == 0)
		return setuid(0);
	errno = EINVAL;
	return -1;
}

void sandbox_try(void)
{
	char *all = mem_string(getenv("JACKDAW_TRY") ? getenv("JACKDAW_TRY") : ""), *rest = all, *one;
	while ((one = strtok_r(rest, ";", &rest))) {
		char *blank = strchr(one, ' ');
		const char *what = blank ? blank + 1 : "";
		if (blank)
			*blank = '\0';
		int rc = do_one(one, what);
		log_major("TRY", "%s %s: %s", one, what, rc < 0 ? strerror(errno) : "done");
	}
	mem_free(all);
}
#endif

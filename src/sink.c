/*
 * Written beside its place under another name, synced and then renamed: a
 * backup that has its name is whole.
 */
#include "sink.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool sink_open(struct sink *s, const char *path, struct fail *why)
{
	*s = (struct sink){ .fd = STDOUT_FILENO };
	if (!path || strcmp(path, "-") == 0)
		return true;
	if (access(path, F_OK) == 0)
		return fail(why, "%s exists already", path);
	s->path = mem_string(path);
	s->unfinished = mem_printf("%s.unfinished", path);
	s->fd = open(s->unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd >= 0)
		return true;
	fail_errno(why, "cannot write %s", s->unfinished);
	mem_free(s->path);
	mem_free(s->unfinished);
	return false;
}

bool sink_take(void *sink, const void *bytes, size_t size, struct fail *why)
{
	struct sink *s = sink;
	s->has_taken = true;
	for (const char *p = bytes; size;) {
		ssize_t n = write(s->fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(why, "cannot write %s", s->path ? s->unfinished : "the output");
		p += n;
		size -= (size_t)n;
	}
	return true;
}

/* A command without a server works as the owner of the data folder; the answer's file belongs to whoever called. */
static bool keep(const struct sink *s, bool is_good, struct fail *why)
{
	uid_t worker = geteuid();
	bool ok = seteuid(getuid()) == 0;
	if (is_good && (!ok || fsync(s->fd) < 0 || rename(s->unfinished, s->path) < 0))
		is_good = fail_errno(why, "cannot keep %s", s->path);
	if (!is_good)
		unlink(s->unfinished);
	return seteuid(worker) == 0 && is_good;
}

bool sink_close(struct sink *s, bool is_good, struct fail *why)
{
	if (!s->path)
		return is_good;
	is_good = keep(s, is_good, why);
	close(s->fd);
	mem_free(s->path);
	mem_free(s->unfinished);
	return is_good;
}

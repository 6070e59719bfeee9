/*
 * flock on `<database>.lock`, with our pid written into it.
 *
 * The file is never removed: somebody may be waiting to lock the one that we
 * would remove, and a third would then lock a new one. Root gives it to the
 * folder's owner, so that a command run once by root doesn't shut out the
 * server.
 */
#include "store/lock.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void give_to_owner_of_folder(int file, const char *path)
{
	struct stat folder;
	char *copy = mem_string(path);
	if (geteuid() == 0 && stat(dirname(copy), &folder) == 0 && fchown(file, folder.st_uid, folder.st_gid) < 0)
		errno = 0;              /* it stays root's, as on a file system that knows no owners */
	mem_free(copy);
}

static void write_pid(int lock)
{
	char pid[32];
	int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(lock, 0) < 0 || pwrite(lock, pid, (size_t)n, 0) < 0)
		errno = 0;              /* a full disk: the lock holds without the pid */
}

static int held_by_another(int lock, const char *path, struct fail *why)
{
	char pid[32] = "";
	ssize_t n = pread(lock, pid, sizeof pid - 1, 0);
	long holder = n > 0 ? atol(pid) : 0;
	if (holder > 0)
		return fail(why, "%s is in use by process %ld", path, holder);
	return fail(why, "%s is in use by another process", path);
}

int lock_take(const char *database, struct fail *why)
{
	char *path = mem_printf("%s.lock", database);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0) {
		fail_errno(why, "cannot open %s", path);
	} else if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			held_by_another(lock, database, why);
		else
			fail_errno(why, "cannot lock %s", path);
		close(lock);
		lock = -1;
	} else {
		give_to_owner_of_folder(lock, path);
		write_pid(lock);
	}
	mem_free(path);
	return lock;
}

void lock_release(int lock)
{
	if (lock >= 0)
		close(lock);
}

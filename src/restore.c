/*
 * Each member is written under another name; when all are there and the
 * database was found whole they get their own, the database last: without it
 * there is nothing that a server would start on.
 */
#include "restore.h"
#include "ask.h"
#include "base/arena.h"
#include "base/tar.h"
#include "core/control.h"
#include "offline.h"
#include "store/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536 };
static const char database[] = "jackdaw.sqlite";

struct made {
	struct made *next;
	const char  *path, *place;           /* as it is written; where it goes */
};

struct restoring {
	struct arena *arena;
	const char   *folder;
	int           in;
	struct made  *made;                  /* the last first */
	struct made  *database;
	struct fail  *why;
};

/* --- reading --- */

static bool read_all(struct restoring *r, char *to, size_t size)
{
	while (size) {
		ssize_t n = read(r->in, to, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? fail_errno(r->why, "cannot read the backup") : fail(r->why, "the backup ends too early");
		to += n;
		size -= (size_t)n;
	}
	return true;
}

/* What we write, and nothing that leads out of the folder. */
static bool is_known(const char *name)
{
	static const char folder[] = "domains.d/";
	if (strcmp(name, database) == 0 || strcmp(name, "changes.conf") == 0)
		return true;
	const char *file = strncmp(name, folder, sizeof folder - 1) == 0 ? name + sizeof folder - 1 : "";
	size_t size = strlen(file);
	return size > 5 && *file != '.' && !strchr(file, '/') && strcmp(file + size - 5, ".conf") == 0;
}

static bool write_out(struct restoring *r, int fd, uint64_t size)
{
	char bytes[CHUNK];
	while (size) {
		size_t n = size < CHUNK ? (size_t)size : CHUNK;
		if (!read_all(r, bytes, n))
			return false;
		if (write(fd, bytes, n) != (ssize_t)n)
			return fail_errno(r->why, "cannot write into %s", r->folder);
		size -= n;
	}
	return fsync(fd) == 0 || fail_errno(r->why, "cannot write into %s", r->folder);
}

static bool take_member(struct restoring *r, const struct tar_member *member)
{
	char padding[TAR_BLOCK];
	struct made *m = ARENA_NEW(r->arena, struct made);
	m->place = arena_printf(r->arena, "%s/%s", r->folder, member->name);
	m->path = arena_printf(r->arena, "%s.restoring", m->place);
	if (!is_known(member->name) || (strcmp(member->name, database) == 0 && r->database))
		return fail(r->why, "the archive holds what no backup of ours holds: %.80s", member->name);
	if (strchr(member->name, '/') && mkdir(arena_printf(r->arena, "%s/domains.d", r->folder), 0700) < 0 && errno != EEXIST)
		return fail_errno(r->why, "cannot write into %s", r->folder);
	int fd = open(m->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(r->why, "cannot make %s", m->path);
	m->next = r->made;
	r->made = m;
	if (strcmp(member->name, database) == 0)
		r->database = m;
	bool ok = write_out(r, fd, member->size) && read_all(r, padding, (size_t)tar_padding(member->size));
	close(fd);
	return ok;
}

static bool take_all(struct restoring *r)
{
	char block[TAR_BLOCK];
	struct tar_member member;
	do {
		if (!read_all(r, block, sizeof block) || !tar_read(block, &member, r->why))
			return false;
		if (*member.name && !take_member(r, &member))
			return false;
	} while (*member.name);
	if (!r->database)
		return fail(r->why, "the archive holds no database");
	return store_check(r->database->path, r->why);
}

/* --- writing --- */

static bool sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool keep(struct restoring *r)
{
	for (struct made *m = r->made; m; m = m->next)
		if (m != r->database && rename(m->path, m->place) < 0)
			return fail_errno(r->why, "cannot make %s", m->place);
	const char *domains = arena_printf(r->arena, "%s/domains.d", r->folder);
	if (access(domains, F_OK) == 0 && !sync_folder(domains))
		return fail_errno(r->why, "cannot keep %s", domains);
	if (rename(r->database->path, r->database->place) < 0 || !sync_folder(r->folder))
		return fail_errno(r->why, "cannot make %s", r->database->place);
	return true;
}

static void forget(struct restoring *r)
{
	for (struct made *m = r->made; m; m = m->next) {
		unlink(m->path);
		unlink(m->place);
	}
	rmdir(arena_printf(r->arena, "%s/domains.d", r->folder));
}

static bool is_empty(const char *folder, struct fail *why)
{
	DIR *dir = opendir(folder);
	bool ok = dir || fail_errno(why, "cannot read %s", folder);
	for (struct dirent *entry; ok && (entry = readdir(dir)); )   /* cppcheck-suppress readdirCalled ; nobody else has this folder open */
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && strcmp(entry->d_name, "lost+found") != 0)
			ok = fail(why, "%s is not empty: it holds %.80s. Move away what is there", folder, entry->d_name);
	if (dir)
		closedir(dir);
	return ok;
}

static bool no_server(struct arena *a, const struct config *config, struct fail *why)
{
	int fd = ask_connect(control_path(a, config), NULL);
	if (fd < 0)
		return true;
	close(fd);
	return fail(why, "a server is running: stop it first");
}

static bool restore_into(struct restoring *r, const struct config *config)
{
	const char *path = config_database(r->arena, config);
	if (!no_server(r->arena, config, r->why) || !offline_folder(config, r->why) || !is_empty(r->folder, r->why))
		return false;
	int lock = store_lock(path, r->why);
	if (lock < 0)
		return false;
	bool ok = take_all(r) && keep(r);
	if (!ok) {
		forget(r);
		unlink(arena_printf(r->arena, "%s.lock", path));
	}
	close(lock);
	return ok;
}

bool restore(const struct config *config, const char *path, struct fail *why)
{
	bool is_input = strcmp(path, "-") == 0;
	struct restoring r = { .arena = arena_new(), .folder = config_data_dir(config), .why = why };
	r.in = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);           /* before we become the folder's owner */
	bool ok = r.in >= 0 ? restore_into(&r, config) : fail_errno(why, "cannot read %s", path);
	if (!is_input && r.in >= 0)
		close(r.in);
	arena_free(r.arena);
	return ok;
}

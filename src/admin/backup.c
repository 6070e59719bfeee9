/*
 * backup: everything that the server keeps, as a tar archive, while it runs.
 *
 *   a copy of the database, by the store      → jackdaw.sqlite
 *   what was changed at run time              → changes.conf, domains.d/…
 *
 * The copy is a file in the data folder without a name; it goes when it is
 * closed, however that comes. The archive leaves in slices: a worker fills one,
 * the client takes it, and so on. Whoever asked writes the file: the server
 * needs no right to write anywhere else.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "base/buf.h"
#include "base/tar.h"
#include "core/config.h"
#include "core/home.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLICE = 192 * 1024, FILES = 100000 };

struct file {
	struct file *next;
	const char  *name, *path;            /* path NULL: the copy */
};

struct backup {
	struct command_run *run;
	struct loop        *loop;            /* NULL: without a server */
	const char         *folder;
	struct store_copy   copy;
	int                 copy_fd;         /* -1: none */
	struct file        *files, **last;
	struct file        *at;              /* the next that goes in */
	int                 fd;              /* of the one that goes in; -1: none */
	uint64_t            left, padding, total;
	unsigned            count;
	struct buf          slice;
	struct fail         why;
	bool                is_good, is_over;
	void              (*work)(struct backup *), (*then)(struct backup *);
};

static void end(struct backup *b)
{
	if (b->copy_fd >= 0)
		close(b->copy_fd);
	if (b->fd >= 0 && b->fd != b->copy_fd)
		close(b->fd);
	buf_clear(&b->slice);
	if (!b->is_good) {
		command_fail(b->run, "no backup: %s", b->why.text);
		return;
	}
	command_say(b->run, "%llu bytes in %u files", (unsigned long long)b->total, b->count);
	command_row(b->run);
	command_number(b->run, "bytes", (int64_t)b->total);
	command_number(b->run, "files", b->count);
	command_done(b->run);
}

/* --- on a worker, when there are any --- */

static void work(void *thing)
{
	struct backup *b = thing;
	b->work(b);
}

static void worked(void *thing)
{
	struct backup *b = thing;
	if (b->is_good)
		b->then(b);
	else
		end(b);
}

static void on_worker(struct backup *b, void (*fn)(struct backup *), void (*then)(struct backup *))
{
	b->work = fn;
	b->then = then;
	if (b->loop) {
		loop_work(work, worked, b);
		return;
	}
	work(b);
	worked(b);
}

/* --- the archive --- */

static void open_next(struct backup *b)
{
	struct stat st;
	struct file *f = b->at;
	struct tar_member member = { .size = 0 };
	b->at = f->next;
	b->fd = f->path ? open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : b->copy_fd;
	if (b->fd < 0 && errno == ENOENT)
		return;                              /* it went meanwhile */
	if (b->fd < 0 || fstat(b->fd, &st) < 0) {
		b->is_good = fail_errno(&b->why, "cannot read %s", f->name);
		return;
	}
	snprintf(member.name, sizeof member.name, "%s", f->name);
	member.size = b->left = (uint64_t)st.st_size;
	b->padding = tar_padding(b->left);
	b->count++;
	if (!tar_write(buf_room(&b->slice, TAR_BLOCK), &member, clock_wall()))
		b->is_good = fail(&b->why, "%s has too long a name", f->name);
	buf_added(&b->slice, TAR_BLOCK);
}

static void add_zeros(struct backup *b, size_t size)
{
	memset(buf_room(&b->slice, size + 1), 0, size);
	buf_added(&b->slice, size);
}

static void read_on(struct backup *b)
{
	size_t most = b->left < SLICE ? (size_t)b->left : SLICE;
	ssize_t n = most ? read(b->fd, buf_room(&b->slice, most), most) : 0;
	if (n < 0 || (n == 0 && most)) {
		b->is_good = n < 0 ? fail_errno(&b->why, "cannot read") : fail(&b->why, "a file became shorter while it was read");
		return;
	}
	buf_added(&b->slice, (size_t)n);
	b->left -= (uint64_t)n;
	if (b->left)
		return;
	add_zeros(b, b->padding);
	if (b->fd != b->copy_fd)
		close(b->fd);
	b->fd = -1;
}

static void fill(struct backup *b)
{
	while (b->is_good && !b->is_over && buf_length(&b->slice) < SLICE) {
		if (b->fd >= 0)
			read_on(b);
		else if (b->at)
			open_next(b);
		else {
			add_zeros(b, 2 * TAR_BLOCK);
			b->is_over = true;
		}
	}
}

static void send(struct backup *b);

static void next_slice(struct command_run *run)
{
	on_worker(run->own, fill, send);
}

static void send(struct backup *b)
{
	b->total += buf_length(&b->slice);
	if (!command_part(b->run, buf_start(&b->slice), buf_length(&b->slice)))
		b->is_good = fail(&b->why, "nobody takes it");
	buf_clear(&b->slice);
	if (!b->is_good || b->is_over)
		end(b);
	else
		command_when_taken(b->run, next_slice);
}

/* --- what goes in --- */

static void add_file(struct backup *b, const char *name, const char *path)
{
	struct file *f = ARENA_NEW(b->run->arena, struct file);
	f->name = arena_string(b->run->arena, name);
	f->path = arena_string(b->run->arena, path);
	*b->last = f;
	b->last = &f->next;
}

static bool is_configuration(const char *name)
{
	size_t size = strlen(name);
	return name[0] != '.' && size > 5 && strcmp(name + size - 5, ".conf") == 0;
}

static void add_domains(struct backup *b)
{
	struct arena *a = b->run->arena;
	const char *folder = arena_printf(a, "%s/domains.d", b->folder);
	DIR *dir = opendir(folder);
	unsigned count = 0;
	if (!dir && errno != ENOENT)
		b->is_good = fail_errno(&b->why, "cannot read %s", folder);
	for (struct dirent *entry; dir && count < FILES && (entry = readdir(dir)); )   /* cppcheck-suppress readdirCalled ; nobody else has this folder open */
		if (is_configuration(entry->d_name) && ++count)
			add_file(b, arena_printf(a, "domains.d/%s", entry->d_name), arena_printf(a, "%s/%s", folder, entry->d_name));
	if (dir)
		closedir(dir);
}

static void gather(struct backup *b)
{
	add_file(b, "jackdaw.sqlite", NULL);
	add_file(b, "changes.conf", arena_printf(b->run->arena, "%s/changes.conf", b->folder));
	add_domains(b);
	b->at = b->files;
	if (lseek(b->copy_fd, 0, SEEK_SET) < 0)
		b->is_good = fail_errno(&b->why, "cannot read the copy");
	fill(b);
}

/* --- the copy --- */

static void copied(struct backup *b)
{
	b->run->left = NULL;
	b->is_good = b->copy.is_good;
	b->why = b->copy.why;
	if (b->is_good)
		on_worker(b, gather, send);
	else
		end(b);
}

static void copy_came_home(void *thing)
{
	copied(thing);
}

static void copy_done(struct store_copy *copy)               /* on a thread of the store */
{
	struct backup *b = CONTAINER(copy, struct backup, copy);
	post(b->loop, copy_came_home, b);
}

static void left(struct command_run *run)
{
	struct backup *b = run->own;
	atomic_store(&b->copy.is_unwanted, true);
}

static void copy(struct backup *b)
{
	b->copy.done = copy_done;
	if (!b->loop) {
		store_copy_run(b->run->direct->store, &b->copy);
		copied(b);
		return;
	}
	b->run->left = left;
	if (store_copy(home_store(), &b->copy))
		return;
	unlink(b->copy.path);
	b->is_good = fail(&b->why, "another one is under way");
	end(b);
}

static void make_file(struct backup *b)
{
	char *path = arena_printf(b->run->arena, "%s/backup-XXXXXX", b->folder);
	b->copy_fd = mkostemp(path, O_CLOEXEC);      /* 0600 */
	b->copy.path = path;
	if (b->copy_fd < 0)
		b->is_good = fail_errno(&b->why, "cannot write into %s", b->folder);
}

static void backup(struct command_run *run)
{
	struct backup *b = ARENA_NEW(run->arena, struct backup);
	b->run = run;
	b->copy_fd = b->fd = -1;
	b->is_good = true;
	b->last = &b->files;
	b->loop = run->direct ? NULL : home_here()->loop;
	b->folder = run->direct ? run->direct->data_dir : arena_string(run->arena, config_data_dir(hosts_here()->config));
	run->own = b;
	command_part(run, "", 0);                    /* so that we hear when nobody waits any more */
	on_worker(b, make_file, copy);
}

const struct command cmd_backup = {
	.noun = "backup", .where = COMMAND_STORE, .is_act = true, .run = backup,
	.help = "Writes all that the server keeps into a tar archive, also while it runs: the database and what was changed at run time",
	.args = ARGS({ "FILE", "to be made, for its owner only; -: the output", ARG_TO_FILE }),
	.fields = FIELDS({ "bytes", "of the archive", FIELD_NUMBER }, { "files", "in it", FIELD_NUMBER }),
};

/*
 * The thread takes all that waits at once, and writes it in pieces that end
 * where a line ends, so that a file is replaced between two lines.
 */
#include "base/line_file.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_FILE_MAGIC = 0x6c696e65, SAY_AGAIN = 10000 };     /* ms between two complaints */

struct line_file {
	unsigned magic;
	/*
	 * Guards from here to the thread's. Held for copying a line or swapping
	 * two buffers; nothing else is taken, written or waited for with it,
	 * except the condition.
	 */
	pthread_mutex_t lock;
	pthread_cond_t  more;
	struct buf pending;
	uint64_t   dropped;
	struct line_file_options options;
	bool       is_stopping, is_left, is_reopened;        /* is_left: nobody waits for the thread */
	/* The thread's: */
	pthread_t  thread;
	int        fd;
	int64_t    size;             /* of the file that is written */
	msec       began;            /* when it was written to last, before us, or made */
	bool       is_torn;          /* its last line is only half there */
	uint64_t   lost;             /* lines that are missing, and weren't told yet */
	struct fail why;             /* what hindered the last write or change; "": nothing did */
	msec       said_at;
};

/* --- the file --- */

static int64_t period_of(const struct line_file_options *o, msec wall)
{
	return o->period ? wall / o->period : 0;
}

static bool open_file(struct line_file *f, const struct line_file_options *o, struct fail *why)
{
	struct stat st;
	int fd = open(o->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, o->mode);
	if (fd < 0)
		return fail_errno(why, "cannot open %s", o->path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(why, "%s is no file", o->path);
	}
	fchmod(fd, o->mode);                         /* beyond what the umask allows; of another's file it stays as it is */
	if (f->fd >= 0)
		close(f->fd);
	f->fd = fd;
	f->size = st.st_size;
	f->began = st.st_size ? (msec)st.st_mtime * 1000 : clock_wall();
	f->is_torn = false;
	return true;
}

/* PATH.2 becomes PATH.3, PATH.1 PATH.2, PATH PATH.1; the oldest is written over. Without older ones it is begun anew. */
static bool rename_all(const struct line_file_options *o, struct fail *why)
{
	bool ok = true;
	if (!o->older)
		return unlink(o->path) == 0 || fail_errno(why, "cannot remove %s", o->path);
	for (unsigned i = o->older; i >= 1 && ok; i--) {
		char *to = mem_printf("%s.%u", o->path, i);
		char *from = i > 1 ? mem_printf("%s.%u", o->path, i - 1) : mem_string(o->path);
		ok = rename(from, to) == 0 || errno == ENOENT || fail_errno(why, "cannot rename %s", from);
		mem_free(to);
		mem_free(from);
	}
	return ok;
}

static void replace(struct line_file *f, const struct line_file_options *o)
{
	if (!rename_all(o, &f->why) || !open_file(f, o, &f->why)) {
		f->size = 0;                         /* tried again after as much as a file holds, or with the next period */
		f->began = clock_wall();
	}
}

/* --- writing --- */

static uint64_t lines_in(const char *p, size_t size)
{
	uint64_t n = 0;
	for (const char *end = p + size; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}

/* As much as fits in the file, and at least a line. */
static size_t piece(const struct line_file *f, const struct line_file_options *o, const char *p, size_t size)
{
	int64_t room = o->size - f->size;
	if (!o->size || room >= (int64_t)size)
		return size;
	const char *end = room > 0 ? memrchr(p, '\n', (size_t)room) : NULL;
	if (!end && f->size)
		return 0;                            /* in the next one */
	end = end ? end : memchr(p, '\n', size);
	return (size_t)(end - p) + 1;
}

static void write_piece(struct line_file *f, const char *p, size_t size)
{
	if (f->is_torn && write(f->fd, "\n", 1) == 1)
		f->is_torn = false;
	while (size) {
		ssize_t n = write(f->fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p += n;
		size -= (size_t)n;
		f->size += n;
		f->is_torn = p[-1] != '\n';
	}
	if (size) {
		fail_errno(&f->why, "cannot write");
		f->lost += lines_in(p, size);
	}
}

static void write_all(struct line_file *f, const struct line_file_options *o, const char *p, size_t size)
{
	if (period_of(o, clock_wall()) != period_of(o, f->began))
		replace(f, o);
	while (size) {
		size_t n = piece(f, o, p, size);
		if (n)
			write_piece(f, p, n);
		else
			replace(f, o);
		p += n;
		size -= n;
	}
}

/* Now and then, however often it happens. */
static void complain(struct line_file *f, const struct line_file_options *o, bool is_last)
{
	msec now = clock_now();
	if ((!f->lost && !*f->why.text) || (!is_last && f->said_at && now - f->said_at < SAY_AGAIN))
		return;
	if (f->lost)
		log_problem(o->tag, "%s: %llu lines are missing: %s", o->path, (unsigned long long)f->lost,
			*f->why.text ? f->why.text : "the disk was too slow");
	else
		log_problem(o->tag, "%s: %s", o->path, f->why.text);
	f->lost = 0;
	*f->why.text = '\0';
	f->said_at = now;
}

/* --- the thread --- */

/* Writes what waits; called with the lock, which is open meanwhile. */
static void write_batch(struct line_file *f)
{
	struct line_file_options o = f->options;
	struct buf batch = f->pending;
	bool is_reopened = f->is_reopened, is_last = f->is_stopping;
	f->pending = (struct buf){ 0 };
	f->is_reopened = false;
	f->lost += f->dropped;
	f->dropped = 0;
	pthread_mutex_unlock(&f->lock);
	if (is_reopened)
		open_file(f, &o, &f->why);
	if (buf_length(&batch))
		write_all(f, &o, buf_start(&batch), buf_length(&batch));
	complain(f, &o, is_last);
	buf_clear(&batch);
	pthread_mutex_lock(&f->lock);
}

static void destroy(struct line_file *f)
{
	close(f->fd);
	buf_clear(&f->pending);
	pthread_cond_destroy(&f->more);
	pthread_mutex_destroy(&f->lock);
	mem_free((char *)(uintptr_t)f->options.path);
	mem_free((char *)(uintptr_t)f->options.tag);
	f->magic = 0;
	mem_free(f);
}

static void *run(void *with)
{
	struct line_file *f = with;
	pthread_mutex_lock(&f->lock);
	while (!f->is_stopping || buf_length(&f->pending) || f->dropped) {
		if (buf_length(&f->pending) || f->is_reopened || f->dropped)
			write_batch(f);
		else
			pthread_cond_wait(&f->more, &f->lock);
	}
	bool is_left = f->is_left;
	pthread_mutex_unlock(&f->lock);
	complain(f, &f->options, true);
	if (is_left)
		destroy(f);
	return NULL;
}

struct line_file *line_file_open(const struct line_file_options *o, struct fail *why)
{
	struct line_file *f = NEW(struct line_file);
	f->magic = LINE_FILE_MAGIC;
	f->fd = -1;
	f->options = *o;
	if (!open_file(f, o, why)) {
		mem_free(f);
		return NULL;
	}
	f->options.path = mem_string(o->path);
	f->options.tag = mem_string(o->tag);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->more, NULL);
	if (pthread_create(&f->thread, NULL, run, f) != 0)
		BUG("cannot start the thread of a file of lines");
	return f;
}

const char *line_file_path(const struct line_file *f)
{
	return f->options.path;
}

void line_file_set(struct line_file *f, const struct line_file_options *o)
{
	CHECK(f, LINE_FILE_MAGIC);
	pthread_mutex_lock(&f->lock);
	f->is_reopened = f->is_reopened || f->options.mode != o->mode;
	f->options.mode = o->mode;
	f->options.size = o->size;
	f->options.period = o->period;
	f->options.older = o->older;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

void line_file_add(struct line_file *f, const char *line, size_t size)
{
	CHECK(f, LINE_FILE_MAGIC);
	pthread_mutex_lock(&f->lock);
	if (buf_length(&f->pending) + size > LINE_FILE_QUEUE)
		f->dropped++;
	else
		buf_add(&f->pending, line, size);
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

void line_file_reopen(struct line_file *f)
{
	CHECK(f, LINE_FILE_MAGIC);
	pthread_mutex_lock(&f->lock);
	f->is_reopened = true;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

static void end(struct line_file *f, bool is_left)
{
	CHECK(f, LINE_FILE_MAGIC);
	pthread_t thread = f->thread;
	if (is_left)
		pthread_detach(thread);
	pthread_mutex_lock(&f->lock);
	f->is_stopping = true;
	f->is_left = is_left;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
	if (!is_left)
		pthread_join(thread, NULL);
}

void line_file_close(struct line_file *f)
{
	if (!f)
		return;
	end(f, false);
	destroy(f);
}

void line_file_leave(struct line_file *f)
{
	if (f)
		end(f, true);
}

/*
 * Callers add records to `pending`; the thread takes all of it at once and
 * writes outside the lock. So a slow disk costs memory up to LOG_QUEUE, then
 * lines, and never a loop's time. Until log_start there is no thread, and
 * records are written where they are made.
 */
#include "base/log_output.h"
#include "base/check.h"
#include "base/log_format.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 2 };
static const char journal_socket[] = "/run/systemd/journal/socket";

/*
 * Guards everything in `queue`. Held for copying a record or swapping two
 * buffers; nothing else is taken, written or waited for with it, except the
 * two conditions below.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;       /* something is pending, or we stop */
static pthread_cond_t written = PTHREAD_COND_INITIALIZER;    /* `done` grew */
static struct {
	struct buf pending;
	uint64_t taken, done;        /* records queued so far, and of these written */
	uint64_t dropped;
	bool running, stopping;
} queue;
static pthread_t thread;

/* Set by log_open before there is a second thread; log_reopen replaces what is behind `fd` and not the number. */
static int fd = STDERR_FILENO;
static atomic_int format = LOG_TEXT;
static char path[4096];

enum log_format log_output_format(void)
{
	return (enum log_format)atomic_load_explicit(&format, memory_order_relaxed);
}

static bool write_all(const char *p, size_t size)
{
	while (size) {
		ssize_t n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static bool journal_connect(int s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	memcpy(to.sun_path, journal_socket, sizeof journal_socket);
	return connect(s, (struct sockaddr *)&to, sizeof to) == 0;
}

/* journald may have been restarted since we connected: once more, then the entry is lost. */
static bool send_entry(const char *entry, size_t size)
{
	if (send(fd, entry, size, MSG_NOSIGNAL) >= 0)
		return true;
	return journal_connect(fd) && send(fd, entry, size, MSG_NOSIGNAL) >= 0;
}

static uint64_t count(const char *p, size_t size, char end)
{
	uint64_t n = 0;
	for (size_t i = 0; i < size; i++)
		n += p[i] == end;
	return n;
}

/* Returns how many records were lost. */
static uint64_t write_records(const char *p, size_t size)
{
	if (log_output_format() != LOG_JOURNAL)
		return write_all(p, size) ? 0 : count(p, size, '\n');
	uint64_t lost = 0;
	for (const char *end = p + size; p < end; p += strlen(p) + 1)
		lost += !send_entry(p, strlen(p));
	return lost;
}

/* Says how many lines are missing, where they are missing. */
static uint64_t write_gap(uint64_t dropped)
{
	char words[64];
	struct buf b = { 0 };
	snprintf(words, sizeof words, "%llu lines were dropped", (unsigned long long)dropped);
	log_format(&b, log_output_format(), LOG_PROBLEM, &(struct log_who){ .tag = "LOG" }, words, clock_wall());
	bool lost = write_records(buf_start(&b), buf_length(&b)) > 0;
	buf_clear(&b);
	return lost ? dropped : 0;
}

/* Writes what is pending; called with the lock, which is open meanwhile. */
static void write_batch(void)
{
	struct buf batch = queue.pending;
	uint64_t upto = queue.taken, dropped = queue.dropped;
	queue.pending = (struct buf){ 0 };
	queue.dropped = 0;
	pthread_mutex_unlock(&lock);

	uint64_t lost = write_records(buf_start(&batch), buf_length(&batch));
	if (dropped)
		lost += write_gap(dropped);
	buf_clear(&batch);

	pthread_mutex_lock(&lock);
	queue.dropped += lost;
	queue.done = upto;
	pthread_cond_broadcast(&written);
}

static void *run(void *with)
{
	pthread_mutex_lock(&lock);
	while (!queue.stopping || buf_length(&queue.pending)) {
		if (buf_length(&queue.pending))
			write_batch();
		else
			pthread_cond_wait(&more, &lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* With the lock. */
static void wait_written(uint64_t upto)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (queue.running && queue.done < upto)
		if (pthread_cond_timedwait(&written, &lock, &until) == ETIMEDOUT)
			return;
}

static void enqueue(const struct buf *record, bool must)
{
	if (!must && buf_length(&queue.pending) + buf_length(record) > LOG_QUEUE) {
		queue.dropped++;
		return;
	}
	buf_add(&queue.pending, buf_start(record), buf_length(record));
	queue.taken++;
	pthread_cond_signal(&more);
	if (must)
		wait_written(queue.taken);
}

void log_output(const struct buf *record, bool must)
{
	pthread_mutex_lock(&lock);
	bool queued = queue.running;
	if (queued)
		enqueue(record, must);
	pthread_mutex_unlock(&lock);
	if (!queued)
		write_records(buf_start(record), buf_length(record));
}

/* The folder may be somebody's whom we are about to become: root follows no link that was laid there. */
static int open_file(const char *name)
{
	int careful = geteuid() == 0 ? O_NOFOLLOW : 0;
	return open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | careful, 0640);
}

static int open_journal(void)
{
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s >= 0 && !journal_connect(s)) {
		close(s);
		return -1;
	}
	return s;
}

bool log_open(const char *output, enum log_format wanted, struct fail *why)
{
	bool is_journal = strcmp(output, "journal") == 0 || wanted == LOG_JOURNAL;
	bool is_file = !is_journal && strcmp(output, "stderr") != 0;
	if (strlen(output) >= sizeof path)
		return fail(why, "the log's path is too long");
	int opened = is_journal ? open_journal() : is_file ? open_file(output) : STDERR_FILENO;
	if (opened < 0)
		return fail_errno(why, "cannot open the log %s", is_journal ? journal_socket : output);
	log_close();
	fd = opened;
	format = (int)(is_journal ? LOG_JOURNAL : wanted);
	snprintf(path, sizeof path, "%s", is_file ? output : "");
	return true;
}

bool log_give(unsigned user, unsigned group, struct fail *why)
{
	struct stat st;
	if (!*path || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return true;
	return fchown(fd, user, group) == 0 || fail_errno(why, "cannot give away the log %s", path);
}

void log_start(void)
{
	if (queue.running)
		return;
	queue.stopping = false;
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		BUG("cannot start the log's thread");
	pthread_mutex_lock(&lock);
	queue.running = true;
	pthread_mutex_unlock(&lock);
}

/* The new file takes the old one's number, so that whoever is writing need not know. */
bool log_reopen(struct fail *why)
{
	if (!*path)
		return true;
	int opened = open_file(path);
	if (opened < 0)
		return fail_errno(why, "cannot open the log %s", path);
	if (dup3(opened, fd, O_CLOEXEC) < 0) {
		fail_errno(why, "cannot change to the new log %s", path);
		close(opened);
		return false;
	}
	close(opened);
	return true;
}

void log_flush(void)
{
	pthread_mutex_lock(&lock);
	wait_written(queue.taken);
	pthread_mutex_unlock(&lock);
}

void log_close(void)
{
	pthread_mutex_lock(&lock);
	bool was_running = queue.running;
	queue.running = false;
	queue.stopping = true;
	pthread_cond_broadcast(&more);
	pthread_cond_broadcast(&written);
	pthread_mutex_unlock(&lock);
	if (was_running)
		pthread_join(thread, NULL);
	if (fd != STDERR_FILENO)
		close(fd);
	fd = STDERR_FILENO;
	format = LOG_TEXT;
	*path = '\0';
}

/*
 * exec: and pam: a program is asked over its standard input and output.
 *
 * It speaks what ejabberd's external authentication speaks, in packets of two
 * bytes of length (big-endian) and text; a password may hold colons:
 *
 *	auth:romeo:example.com:secret      → 0 2 0 1 yes, 0 2 0 0 no
 *	isuser:romeo:example.com
 *	setpass:romeo:example.com:new
 *
 * pam: is a child of the helper that speaks the same, and answers 0 2 0 2 when
 * PAM can't say (src/helper_pam.c).
 *
 * Each runs as often as questions come at once, up to auth.source_workers, and
 * is asked one question at a time. One that doesn't answer in time is killed.
 * One that ends without ever having answered is started again after a pause
 * that doubles, and until then all are told at once to try later.
 */
#include "core/source_inside.h"
#include "core/source_helper.h"
#include "core/source_wait.h"
#include "base/mem.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_PAUSE = 200, LONGEST_PAUSE = 5000, HELPER_PATIENCE_S = 2, NO_REPLY = -2, LONGEST_REQUEST = 16384 };

struct worker {
	struct watched   watched;
	struct list      link;               /* program.workers */
	struct program  *of;
	int              pid;
	struct question *asked;              /* NULL: it is idle */
	unsigned char    said[4];
	unsigned         got;
	bool             has_answered;
};

struct program {
	struct source *source;
	struct list workers;
	unsigned    count;
	msec        again_at, pause;         /* when one may be started again; 0: at once */
	char        why[160];                /* why it can't be asked */
};

static int helper = -1;
static const char *const *uris;

void source_helper_is(int fd, const char *const *them)
{
	const struct timeval patience = { .tv_sec = HELPER_PATIENCE_S };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	helper = fd;
	uris = them;
}

/* --- the helper --- */

static int place_of(const char *uri)
{
	for (int i = 0; uris && uris[i]; i++)
		if (strcmp(uris[i], uri) == 0)
			return i;
	return -1;
}

static void helper_end(int pid)
{
	struct helper_order order = { HELPER_END, pid, 0 };
	send(helper, &order, sizeof order, MSG_NOSIGNAL);
}

static int take_descriptor(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* The descriptor that came with it; -1: none. NO_REPLY: errno says why. */
static int hear_reply(struct helper_reply *reply)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))];
	struct iovec io = { reply, sizeof *reply };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
	ssize_t n = recvmsg(helper, &m, MSG_CMSG_CLOEXEC);
	if (n == sizeof *reply)
		return take_descriptor(&m);
	errno = n < 0 ? errno : EPIPE;
	return NO_REPLY;
}

/* The descriptor; -1: errno says why. */
static int helper_start(int place, int *pid)
{
	static uint32_t number;
	struct helper_order order = { HELPER_START, place, ++number };
	struct helper_reply reply;
	int fd;
	if (send(helper, &order, sizeof order, MSG_NOSIGNAL) != sizeof order)
		return -1;
	while ((fd = hear_reply(&reply)) != NO_REPLY && reply.number != number)
		if (fd >= 0) {
			close(fd);
			helper_end(reply.pid);
		}
	if (fd < 0) {
		errno = fd == NO_REPLY ? errno : -reply.pid;
		return -1;
	}
	*pid = reply.pid;
	return fd;
}

/* --- one that runs --- */

static void worker_free(struct worker *w)
{
	wait_unwatch(&w->watched);
	close(w->watched.fd);
	helper_end(w->pid);
	list_remove(&w->link);
	w->of->count--;
	mem_free(w);
}

static void pause_program(struct program *p, const char *why)
{
	snprintf(p->why, sizeof p->why, "%s", why);
	p->pause = p->pause ? p->pause * 2 : FIRST_PAUSE;
	p->pause = p->pause < LONGEST_PAUSE ? p->pause : LONGEST_PAUSE;
	p->again_at = clock_now() + p->pause;
}

/* It is gone, or speaks in tongues. What it was asked another is asked, once; but one that never answered shall not be tried for ever. */
static void worker_lost(struct worker *w, const char *why)
{
	struct question *q = w->asked;
	struct program *p = w->of;
	const bool has_answered = w->has_answered;
	worker_free(w);
	if (!has_answered)
		pause_program(p, why);
	if (q && has_answered && !q->is_second_try)
		source_again(q);
	else if (q)
		source_answer(q, SOURCE_LATER, why);
}

static void worker_said(struct worker *w)
{
	static const enum source_answer meanings[] = { SOURCE_NO, SOURCE_YES, SOURCE_LATER };
	const unsigned char *said = w->said;
	struct question *q = w->asked;
	if (!q || said[0] || said[1] != 2 || said[2] || said[3] > 2) {
		worker_lost(w, "it said what isn't an answer (0 2 0 0 or 0 2 0 1)");
		return;
	}
	w->got = 0;
	w->asked = NULL;
	w->has_answered = true;
	w->of->pause = w->of->again_at = 0;
	source_answer(q, meanings[said[3]], said[3] == 2 ? "PAM can't say" : NULL);
}

static void worker_ready(struct watched *watched)
{
	struct worker *w = CONTAINER(watched, struct worker, watched);
	ssize_t n = recv(watched->fd, w->said + w->got, sizeof w->said - w->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		worker_lost(w, "it ended instead of answering");
		return;
	}
	w->got += (unsigned)n;
	if (w->got == sizeof w->said)
		worker_said(w);
}

static struct worker *worker_new(struct program *p)
{
	int place = place_of(p->source->uri), pid, fd;
	if (place < 0) {
		pause_program(p, "programs and services of PAM that are named later than at the start wait for a restart");
		return NULL;
	}
	fd = helper_start(place, &pid);
	if (fd < 0) {
		char why[128];
		snprintf(why, sizeof why, "it can't be started: %s", strerror(errno));
		pause_program(p, why);
		return NULL;
	}
	struct worker *w = NEW(struct worker);
	*w = (struct worker){ .watched = { .fd = fd, .ready = worker_ready }, .of = p, .pid = pid };
	list_append(&p->workers, &w->link);
	p->count++;
	wait_watch(&w->watched);
	return w;
}

static struct worker *idle_worker(struct program *p, unsigned most)
{
	LIST_EACH(&p->workers, struct worker, link, w)
		if (!w->asked)
			return w;
	return p->count < most && clock_now() >= p->again_at ? worker_new(p) : NULL;
}

/* --- the kind's half --- */

static struct program *program_of(struct source *s)
{
	if (s->program)
		return s->program;
	struct program *p = s->program = NEW(struct program);
	p->source = s;
	list_init(&p->workers);
	return p;
}

static size_t print(char *to, size_t size, const struct question *q)
{
	static const char *const verbs[] = { [ASK_PASSWORD] = "auth", [ASK_USER] = "isuser", [SET_PASSWORD] = "setpass" };
	int n = snprintf(to, size, "%s:%s:%s%s%s", verbs[q->what], q->user, q->domain, q->password ? ":" : "", q->password ? q->password : "");
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static bool tell(int fd, const struct question *q)
{
	char packet[2 + LONGEST_REQUEST];
	size_t size = print(packet + 2, sizeof packet - 2, q);
	packet[0] = (char)(size >> 8);
	packet[1] = (char)size;
	ssize_t sent = size ? send(fd, packet, size + 2, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	OPENSSL_cleanse(packet, sizeof packet);
	return size && sent == (ssize_t)size + 2;
}

static bool program_begin(struct question *q)
{
	struct program *p = program_of(q->source);
	struct worker *w = idle_worker(p, q->most);
	if (!w && p->count)
		return false;
	if (!w) {
		source_answer(q, SOURCE_LATER, p->why);
		return true;
	}
	w->asked = q;
	q->state = w;
	if (!tell(w->watched.fd, q))
		worker_lost(w, "it takes no questions");
	return true;
}

static void program_abandon(struct question *q)
{
	worker_free(q->state);
}

static void program_quiet(struct source *s)
{
	struct program *p = s->program;
	if (!p)
		return;
	LIST_EACH(&p->workers, struct worker, link, w)
		worker_free(w);
	mem_free(p);
	s->program = NULL;
}

const struct source_kind source_exec = {
	.scheme = "exec", .can = SOURCE_CHECK | SOURCE_KNOWS | SOURCE_WRITES, .begin = program_begin, .abandon = program_abandon, .quiet = program_quiet,
};
const struct source_kind source_pam = {
	.scheme = "pam", .can = SOURCE_CHECK, .begin = program_begin, .abandon = program_abandon, .quiet = program_quiet,
};

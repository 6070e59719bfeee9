/*
 * A loop of one thread: an order, a fork, an answer with a descriptor.
 *
 * It ends with the server, whose end of the socket then closes, and takes
 * along what it has started: each in a process group of its own, so that a
 * program's children go too, and those of them that left the group are killed
 * as orphans.
 */
#include "helper.h"
#include "base/mem.h"
#include "core/source_helper.h"
#include "privileges.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_URIS = 64, MOST_CHILDREN = 256, MOST_WORDS = 32, REAP_EVERY = 2000 };

static const char *uris[MOST_URIS + 1];      /* ends with NULL */
static pid_t children[MOST_CHILDREN];        /* in the helper */
static bool keeps_root;                      /* what the server was started with: for PAM */

/* --- what is named --- */

static bool is_ours(const char *uri)
{
	return strncasecmp(uri, "exec:", 5) == 0 || strncasecmp(uri, "pam:", 4) == 0;
}

static bool is_known(const char *uri)
{
	for (const char **u = uris; *u; u++)
		if (strcmp(*u, uri) == 0)
			return true;
	return false;
}

/* Calls for each source of ours that is named somewhere; stops when fn says false. */
static bool each_named(const struct config_scope *s, bool (*fn)(void *, const char *), void *with)
{
	for (const struct config_value *v = s->values; v; v = v->next)
		if (v->entry->setting.type == OPTION_URI && v->text && is_ours(v->text) && !fn(with, v->text))
			return false;
	for (const struct config_scope *child = s->children; child; child = child->next)
		if (!each_named(child, fn, with))
			return false;
	return true;
}

static bool note(void *with, const char *uri)
{
	size_t n = 0;
	while (uris[n])
		n++;
	if (n < MOST_URIS && !is_known(uri))
		uris[n] = mem_string(uri);
	return n < MOST_URIS || is_known(uri);
}

static bool note_unknown(void *with, const char *uri)
{
	if (!is_known(uri))
		*(const char **)with = uri;
	return is_known(uri);
}

const char *helper_lacks(struct arena *a, const struct config *fresh)
{
	const char *uri = NULL;
	each_named(config_global(fresh), note_unknown, &uri);
	return uri ? arena_printf(a, "programs are started by a helper that knows those that were named at the start, and %s is new: needs a restart", uri) : NULL;
}

/* --- children --- */

static void be_like_new(void)
{
	sigset_t none;
	sigemptyset(&none);
	for (int n = 1; n < NSIG; n++)
		signal(n, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void complain(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
}

/* "/usr/local/bin/check --of this" */
static void run(const char *command)
{
	char *words[MOST_WORDS + 1] = { 0 }, *rest = mem_string(command);
	struct fail why;
	for (int i = 0; i < MOST_WORDS && (words[i] = strtok_r(rest, " ", &rest)); i++)
		continue;
	if (keeps_root && !privileges_drop(&why)) {
		fprintf(stderr, "%s\n", why.text);
		return;
	}
	if (words[0])
		execv(words[0], words);
	complain(command);
}

static const char *behind_scheme(const char *uri)
{
	const char *rest = strchr(uri, ':') + 1;
	return strncmp(rest, "//", 2) == 0 ? rest + 2 : rest;
}

static _Noreturn void be_child(const char *uri, int fd)
{
	setpgid(0, 0);
	dup2(fd, STDIN_FILENO);
	dup2(strncasecmp(uri, "pam:", 4) == 0 ? STDERR_FILENO : fd, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	be_like_new();
	if (strncasecmp(uri, "pam:", 4) == 0) {
		prctl(PR_SET_NAME, "jackdaw-pam", 0, 0, 0);
		_exit(helper_pam(behind_scheme(uri)));
	}
	run(behind_scheme(uri));
	_exit(127);
}

/* Where it stands; 0: a place that is free. */
static pid_t *find(pid_t pid)
{
	for (size_t i = 0; i < MOST_CHILDREN; i++)
		if (children[i] == pid)
			return &children[i];
	return NULL;
}

/* What one that ended has left behind, in a group of its own perhaps, is a child of ours now. */
static void end_orphans(void)
{
	int pid;
	FILE *f = fopen("/proc/thread-self/children", "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		if (!find(pid))
			kill(pid, SIGKILL);
	if (f)
		fclose(f);
}

static void reap(void)
{
	pid_t pid, *ours;
	bool has_ended = false;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if ((ours = find(pid))) {
			*ours = 0;
			has_ended = true;
		}
	if (has_ended)
		end_orphans();
}

/* The pid, or -errno; *fd is the server's end. */
static int32_t start(int32_t place, int *fd)
{
	int ends[2];
	pid_t *child = find(0);
	if (place < 0 || place >= MOST_URIS || !uris[place] || !child)
		return child ? -EINVAL : -EAGAIN;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid_t pid = fork();
	int why = errno;
	if (pid == 0)
		be_child(uris[place], ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -why;
	}
	setpgid(pid, pid);
	*child = pid;
	*fd = ends[0];
	return pid;
}

/* Only what is still ours: a number may be somebody else's by now. */
static void end(int32_t pid)
{
	if (pid > 0 && find(pid))
		kill(-pid, SIGKILL);
}

static bool has_children(void)
{
	for (size_t i = 0; i < MOST_CHILDREN; i++)
		if (children[i])
			return true;
	return false;
}

/* Who was killed is gone in a moment; if not, it isn't waited for. */
static void end_all(void)
{
	for (size_t i = 0; i < MOST_CHILDREN; i++)
		end(children[i]);
	for (int i = 0; i < 100 && has_children(); i++) {
		usleep(5000);
		reap();
	}
}

/* --- orders --- */

static void tell(int socket, uint32_t number, int32_t pid, int fd)
{
	struct helper_reply reply = { pid, number };
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &reply, sizeof reply };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	if (fd >= 0) {
		m.msg_control = room;
		m.msg_controllen = sizeof room;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	sendmsg(socket, &m, MSG_NOSIGNAL);
}

static void obey(int socket, const struct helper_order *order)
{
	int fd = -1;
	if (order->verb == HELPER_END) {
		end(order->what);
		return;
	}
	int32_t pid = start(order->what, &fd);
	tell(socket, order->number, pid, fd);
	if (fd >= 0)
		close(fd);
}

static _Noreturn void be_helper(int socket)
{
	struct helper_order order;
	struct pollfd p = { .fd = socket, .events = POLLIN };
	ssize_t n = 0;
	signal(SIGTERM, SIG_IGN);                    /* a terminal tells all of us; the server says when it is over */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "jackdaw-helper", 0, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	close_range(STDERR_FILENO + 1, (unsigned)socket - 1, 0);
	close_range((unsigned)socket + 1, ~0U, 0);
	privileges_hide_memory();
	do {
		if (poll(&p, 1, has_children() ? REAP_EVERY : -1) > 0 && (n = recv(socket, &order, sizeof order, 0)) == sizeof order)
			obey(socket, &order);
		reap();
	} while (!(p.revents & (POLLIN | POLLHUP)) || n == sizeof order);
	end_all();
	_exit(0);
}

/* --- at the start --- */

static bool has_pam(void)
{
	for (const char **u = uris; *u; u++)
		if (strncasecmp(*u, "pam:", 4) == 0)
			return true;
	return false;
}

static bool check_programs(struct fail *why)
{
	for (const char **u = uris; *u; u++) {
		if (strncasecmp(*u, "exec:", 5) != 0)
			continue;
		const char *command = behind_scheme(*u);
		char *path = mem_printf("%.*s", (int)strcspn(command, " "), command);
		bool ok = *path == '/' ? access(path, X_OK) == 0 || fail_errno(why, "cannot run %s", path) : fail(why, "%s names no program by its whole path", *u);
		mem_free(path);
		if (!ok)
			return false;
	}
	return true;
}

bool helper_start(const struct config *config, struct fail *why)
{
	int ends[2];
	if (!each_named(config_global(config), note, NULL))
		return fail(why, "more than %d different programs and services of PAM", MOST_URIS);
	if (!uris[0])
		return true;
	if (!check_programs(why))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail_errno(why, "can't speak to a helper");
	pid_t pid = fork();
	if (pid < 0)
		return fail_errno(why, "can't start a helper");
	if (pid == 0) {
		close(ends[0]);
		keeps_root = has_pam();
		if (!keeps_root && !privileges_drop(why))
			_exit(1);
		be_helper(ends[1]);
	}
	close(ends[1]);
	source_helper_is(ends[0], uris);
	return true;
}

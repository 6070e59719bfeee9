/*
 * Listening sockets.
 *
 * Each loop opens its own with SO_REUSEPORT and the kernel spreads the
 * callers. Options set on the listening socket are inherited by what it
 * accepts, so accepting costs one system call. Without free descriptors we
 * look away for a tenth of a second, since the caller would wake us for ever.
 */
#include "net/address.h"
#include "net/conn.h"
#include "net/conn_inside.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTENER_MAGIC = 0x115e0001, ACCEPT_MOST = 64, BREATH_MS = 100 };

struct listener {
	unsigned  magic;
	int       fd, port;
	char     *path;                      /* a Unix socket's, removed at the end */
	uv_poll_t *poll;                     /* NULL before it was started */
	struct timer breath;
	unsigned  most;                      /* accepted in one round */
	bool      is_paused, has_complained;
	void    (*accepted)(void *, struct conn *);
	void     *with;
};

/* --- Opening --- */

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

void socket_set(int fd, const struct socket_options *o)
{
	if (o->receive_buffer)
		set(fd, SOL_SOCKET, SO_RCVBUF, o->receive_buffer);
	if (o->send_buffer)
		set(fd, SOL_SOCKET, SO_SNDBUF, o->send_buffer);
	set(fd, IPPROTO_TCP, TCP_NODELAY, o->no_delay);              /* a Unix socket doesn't know it */
}

/* A socket file whose server has died stays behind; one that answers is somebody's. */
static bool remove_stale(const struct sockaddr_un *un, struct fail *why)
{
	struct stat st;
	if (lstat(un->sun_path, &st))
		return errno == ENOENT || fail_errno(why, "cannot look at %s", un->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return fail(why, "%s is no socket", un->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_alive = fd >= 0 && (connect(fd, (const struct sockaddr *)un, sizeof *un) == 0 || errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	if (is_alive)
		return fail(why, "somebody listens on %s already", un->sun_path);
	return unlink(un->sun_path) == 0 || fail_errno(why, "cannot replace %s", un->sun_path);
}

static bool bind_unix(int fd, const struct sockaddr_un *un, const struct listen_options *o, struct fail *why)
{
	if (!remove_stale(un, why))
		return false;
	if (bind(fd, (const struct sockaddr *)un, sizeof *un))
		return fail_errno(why, "cannot listen on %s", o->address);
	if (o->file_mode && chmod(un->sun_path, (mode_t)o->file_mode))       /* nobody can connect before listen() */
		return fail_errno(why, "cannot set the mode of %s", un->sun_path);
	return true;
}

static bool bind_tcp(int fd, const struct sockaddr_storage *address, socklen_t size, bool is_any, const struct listen_options *o, struct fail *why)
{
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return fail_errno(why, "cannot share %s between loops", o->address);
	if (address->ss_family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !is_any);
	return bind(fd, (const struct sockaddr *)address, size) == 0 || fail_errno(why, "cannot listen on %s", o->address);
}

static int open_at(const struct sockaddr_storage *address, socklen_t size, bool is_any, const struct listen_options *o, struct fail *why)
{
	const bool is_unix = address->ss_family == AF_UNIX;
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		fail_errno(why, "cannot make a socket for %s", o->address);
		return -1;
	}
	socket_set(fd, &o->socket);
	bool ok = is_unix ? bind_unix(fd, (const struct sockaddr_un *)address, o, why) : bind_tcp(fd, address, size, is_any, o, why);
	if (ok && listen(fd, o->backlog > 0 ? o->backlog : SOMAXCONN))
		ok = fail_errno(why, "cannot listen on %s", o->address);
	if (ok)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* "*" where the kernel has no IPv6: every IPv4 address. */
static int open_any_v4(const struct sockaddr_storage *v6, const struct listen_options *o, struct fail *why)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
	v4->sin_family = AF_INET;
	v4->sin_port = ((const struct sockaddr_in6 *)v6)->sin6_port;
	return open_at(&address, sizeof *v4, true, o, why);
}

static int port_of(int fd)
{
	struct sockaddr_storage local = { 0 };
	socklen_t size = sizeof local;
	getsockname(fd, (struct sockaddr *)&local, &size);
	if (local.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&local)->sin_port);
	return local.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&local)->sin6_port) : 0;
}

struct listener *listener_open(const struct listen_options *o, struct fail *why)
{
	struct sockaddr_storage address;
	socklen_t size;
	bool is_any;
	if (!address_read(o->address, &address, &size, &is_any, why))
		return NULL;
	int fd = open_at(&address, size, is_any, o, why);
	if (fd < 0 && is_any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = open_any_v4(&address, o, why);
	if (fd < 0)
		return NULL;
	struct listener *l = NEW(struct listener);
	l->magic = LISTENER_MAGIC;
	l->fd = fd;
	l->most = ACCEPT_MOST;
	l->port = port_of(fd);
	l->path = address.ss_family == AF_UNIX ? mem_string(((struct sockaddr_un *)&address)->sun_path) : NULL;
	return l;
}

int listener_port(const struct listener *l)
{
	CHECK(l, LISTENER_MAGIC);
	return l->port;
}

/* The kernel takes a new length of its queue for an open socket too. */
void listener_change(struct listener *l, const struct listen_options *o)
{
	CHECK(l, LISTENER_MAGIC);
	socket_set(l->fd, &o->socket);
	if (listen(l->fd, o->backlog > 0 ? o->backlog : SOMAXCONN))
		log_problem("LISTEN", "%s keeps the length of its queue: %s", o->address, strerror(errno));
	if (l->path && o->file_mode && chmod(l->path, (mode_t)o->file_mode))
		log_problem("LISTEN", "%s keeps its mode: %s", o->address, strerror(errno));
}

void listener_most(struct listener *l, unsigned most)
{
	CHECK(l, LISTENER_MAGIC);
	l->most = most && most < ACCEPT_MOST ? most : ACCEPT_MOST;
}

/* --- Accepting --- */

static void watch(struct listener *);

static void breathed(struct timer *t)
{
	watch(CONTAINER(t, struct listener, breath));
}

static void out_of_descriptors(struct listener *l)
{
	if (!l->has_complained)
		log_problem("LISTEN", "cannot accept on port %d: %s", l->port, strerror(errno));
	l->has_complained = true;
	uv_poll_stop(l->poll);
	timer_start(&l->breath, BREATH_MS, breathed);
}

static bool accept_one(struct listener *l)   /* false: no more for now */
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		l->has_complained = false;
		l->accepted(l->with, conn_new(fd));
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		out_of_descriptors(l);
	return errno == EINTR || errno == ECONNABORTED;
}

static void called(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;
	loop_woke(loop_here());
	for (unsigned i = 0; i < l->most && !l->is_paused && l->magic == LISTENER_MAGIC && accept_one(l); i++)
		continue;
}

static void watch(struct listener *l)
{
	if (!l->is_paused && !timer_is_running(&l->breath))
		uv_poll_start(l->poll, UV_READABLE, called);
}

void listener_start(struct listener *l, void (*accepted)(void *, struct conn *), void *with)
{
	CHECK(l, LISTENER_MAGIC);
	ASSERT(!l->poll && loop_here());
	l->accepted = accepted;
	l->with = with;
	l->poll = NEW(uv_poll_t);
	l->poll->data = l;
	if (uv_poll_init(&loop_here()->uv, l->poll, l->fd))
		BUG("a listening socket that cannot be watched");
	watch(l);
}

void listener_pause(struct listener *l)
{
	CHECK(l, LISTENER_MAGIC);
	l->is_paused = true;
	uv_poll_stop(l->poll);
}

void listener_resume(struct listener *l)
{
	CHECK(l, LISTENER_MAGIC);
	l->is_paused = false;
	watch(l);
}

static void vanish(uv_handle_t *poll)
{
	mem_free(poll->data);
	mem_free(poll);
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	CHECK(l, LISTENER_MAGIC);
	timer_stop(&l->breath);
	if (l->poll)
		uv_close((uv_handle_t *)l->poll, vanish);
	close(l->fd);
	if (l->path)
		unlink(l->path);
	mem_free(l->path);
	l->magic = 0;
	if (!l->poll)
		mem_free(l);
}

/*
 * A connection, and where a stanza ends in what it brought.
 *
 * The scan jumps from `<` to `>`: our own texts have neither inside a quoted
 * value, and the server escapes what it prints. The rest of a stanza waits at
 * the front of the client's buffer.
 */
#include "load.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 65536, EVENTS = 64 };
static int poller;
static SSL_CTX *context;
static struct client *dirty;

void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void client_setup(void)
{
	poller = epoll_create1(EPOLL_CLOEXEC);
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

/* --- opening and closing --- */

static void watch(struct client *c, int how, bool writing)
{
	struct epoll_event e = { .events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0), .data.ptr = c };
	if (epoll_ctl(poller, how, c->fd, &e) < 0)
		die("epoll_ctl: %s", strerror(errno));
	c->wants_write = writing;
}

/* From many addresses of the loopback, or its ports would run out. */
static void bind_somewhere(int fd)
{
	static unsigned turn;
	int on = 1;
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010001 + turn++ % 200) };
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	bind(fd, (struct sockaddr *)&from, sizeof from);
}

void client_connect(struct client *c)
{
	int on = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket: %s", strerror(errno));
	bind_somewhere(c->fd);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(c->fd, (struct sockaddr *)&options.server, sizeof options.server) < 0 && errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	c->is_tls_up = c->is_authenticated = false;
	c->in_length = c->out.length = 0;
	watch(c, EPOLL_CTL_ADD, true);
}

static void mark_dirty(struct client *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	c->next_dirty = dirty;
	dirty = c;
}

void client_tls(struct client *c)
{
	c->ssl = SSL_new(context);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_tlsext_host_name(c->ssl, options.domain);
	SSL_set_connect_state(c->ssl);
	mark_dirty(c);
}

void client_close(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
	c->fd = -1;
	c->in_length = c->out.length = 0;
	c->received = c->sent = 0;
}

/* --- writing --- */

void client_write(struct client *c, const char *text, size_t size)
{
	struct bytes_out *o = &c->out;
	if (o->length + size > o->room)
		o->data = realloc(o->data, o->room = (o->length + size) * 2);
	memcpy(o->data + o->length, text, size);
	o->length += size;
	mark_dirty(c);
}

void client_print(struct client *c, const char *format, ...)
{
	char text[2048];
	va_list args;
	va_start(args, format);
	int size = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	client_write(c, text, (size_t)size);
}

static bool shake_hands(struct client *c)
{
	int n = SSL_do_handshake(c->ssl);
	if (n == 1) {
		c->is_tls_up = true;
		login_open(c);
		return true;
	}
	int why = SSL_get_error(c->ssl, n);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		die("TLS handshake of user%u: %s", c->number, ERR_reason_error_string(ERR_get_error()));
	return false;
}

static ssize_t push(struct client *c)
{
	if (!c->ssl)
		return send(c->fd, c->out.data, c->out.length, MSG_NOSIGNAL);
	int n = SSL_write(c->ssl, c->out.data, (int)c->out.length);
	if (n <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return n;
}

static void flush(struct client *c)
{
	if (c->fd < 0 || (c->ssl && !c->is_tls_up && !shake_hands(c)))
		return;
	while (c->out.length) {
		ssize_t n = push(c);
		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			break;
		if (n < 0)
			die("user%u can't write: %s", c->number, strerror(errno));
		memmove(c->out.data, c->out.data + n, c->out.length -= (size_t)n);
	}
	if ((c->out.length > 0) != c->wants_write)
		watch(c, EPOLL_CTL_MOD, c->out.length > 0);
}

void client_flush_all(void)
{
	for (struct client *c; (c = dirty);) {
		dirty = c->next_dirty;
		c->is_dirty = false;
		flush(c);
	}
}

/* --- reading --- */

/* The end of the first whole element, or NULL. The stream's own header ends with its `>`. */
static const char *element_end(const struct client *c, const char *at, const char *end)
{
	int depth = 0;
	const char *close;
	while ((at = memchr(at, '<', (size_t)(end - at))) && at + 1 < end && (close = memchr(at, '>', (size_t)(end - at)))) {
		bool is_end = at[1] == '/', is_empty = close[-1] == '/';
		if (at[1] == '?' || (c->step == STEP_HEADER && !depth && !is_empty)) {
			if (at[1] != '?')
				return close + 1;
		} else {
			depth += is_end ? -1 : is_empty ? 0 : 1;
			if (depth <= 0)
				return close + 1;
		}
		at = close + 1;
	}
	return NULL;
}

static struct piece trimmed(const char *at, const char *end)
{
	if (piece_is((struct piece){ at, (size_t)(end - at) }, "<?xml"))
		at = (const char *)memchr(at, '>', (size_t)(end - at)) + 1;
	while (at < end && *at != '<')
		at++;
	return (struct piece){ at, (size_t)(end - at) };
}

static void scan(struct client *c)
{
	const char *at = c->in, *end = c->in + c->in_length, *next;
	while (c->fd >= 0 && at < end && (next = element_end(c, at, end))) {
		struct piece p = trimmed(at, next);
		at = next;
		if (piece_is(p, "<stream:error"))
			die("user%u: %.*s", c->number, (int)p.size, p.at);
		login_stanza(c, p);
	}
	if (c->fd < 0)
		return;
	c->in_length = (size_t)(end - at);
	memmove(c->in, at, c->in_length);
}

static ssize_t pull(struct client *c)
{
	if (!c->ssl)
		return recv(c->fd, c->in + c->in_length, READ, 0);
	int n = SSL_read(c->ssl, c->in + c->in_length, READ);
	if (n > 0)
		return n;
	errno = EAGAIN;
	return SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static void readable(struct client *c)
{
	for (;;) {
		if (c->fd < 0 || (c->ssl && !c->is_tls_up && !shake_hands(c)))
			return;
		if (c->in_length + READ > c->in_room)
			c->in = realloc(c->in, c->in_room = c->in_length + READ);
		ssize_t n = pull(c);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			die("user%u: the server closed the connection: %s", c->number, n ? strerror(errno) : "end");
		c->in_length += (size_t)n;
		scan(c);
		if (!c->ssl && n < READ)
			return;
	}
}

void clients_poll(int timeout_ms)
{
	struct epoll_event events[EVENTS];
	client_flush_all();
	int n = epoll_wait(poller, events, EVENTS, timeout_ms);
	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;
		if (c->fd >= 0 && events[i].events & EPOLLOUT)
			mark_dirty(c);
		if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			readable(c);
		client_flush_all();
	}
}

/* --- looking into a stanza --- */

bool piece_is(struct piece p, const char *beginning)
{
	size_t size = strlen(beginning);
	return p.size >= size && memcmp(p.at, beginning, size) == 0;
}

bool piece_has(struct piece p, const char *words)
{
	return memmem(p.at, p.size, words, strlen(words)) != NULL;
}

struct piece piece_attribute(struct piece p, const char *name)
{
	size_t size = strlen(name);
	const char *end = memchr(p.at, '>', p.size);
	for (const char *at = p.at; end && (at = memchr(at, ' ', (size_t)(end - at))); at++) {
		if ((size_t)(end - at) <= size + 3 || memcmp(at + 1, name, size) != 0 || at[1 + size] != '=')
			continue;
		const char *value = at + size + 3, *quote = memchr(value, at[size + 2], (size_t)(end - value));
		if (quote)
			return (struct piece){ value, (size_t)(quote - value) };
	}
	return (struct piece){ "", 0 };
}

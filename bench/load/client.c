/*
 * A connection: bytes and TLS.
 *
 * All read into one buffer, which is scanned where it lies; only the rest of a
 * stanza is copied and waits with its client. So thousands that are silent cost
 * little, and a message that comes whole is never copied.
 */
#include "load.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READ = 65536, EVENTS = 64, WORDS = 2048 };
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
	uint32_t what = (c->is_slow ? 0 : (uint32_t)EPOLLIN) | (writing ? (uint32_t)EPOLLOUT : 0);
	struct epoll_event e = { .events = what, .data.ptr = c };
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
	const struct sockaddr_in *to = (const struct sockaddr_in *)&options.server;
	if (to->sin_family != AF_INET || ntohl(to->sin_addr.s_addr) >> 24 != 127)
		return;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	bind(fd, (struct sockaddr *)&from, sizeof from);
}

void client_connect(struct client *c)
{
	int on = 1;
	c->fd = socket(options.server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket: %s", strerror(errno));
	c->received = c->sent = c->acknowledged = c->told = 0;
	bind_somewhere(c->fd);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(c->fd, (struct sockaddr *)&options.server, options.server_size) < 0 && errno != EINPROGRESS) {
		client_end(c, strerror(errno));
		return;
	}
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

/* What the connection was is forgotten; who the client is stays, and what it counted until the next. */
void client_close(struct client *c)
{
	SSL_free(c->ssl);
	if (c->fd >= 0)
		close(c->fd);
	scram_end(c);
	c->ssl = NULL;
	c->fd = -1;
	c->life++;
	c->step = STEP_HEADER;
	c->in.length = c->out.length = c->scanned = 0;
	c->depth = 0;
	c->is_tls_up = c->is_authenticated = c->wants_write = c->wants_session = c->is_counting = c->is_slow = false;
}

void client_end(struct client *c, const char *why)
{
	client_close(c);
	if (!options.mode->ended)
		die("user%u: the connection ended: %s", c->number, why);
	options.mode->ended(c, why);
}

/* --- writing --- */

static void reserve(struct buffer *b, size_t more)
{
	if (b->length + more > b->room)
		b->data = realloc(b->data, b->room = (b->length + more) * 2);
}

char *client_room(struct client *c, size_t size)
{
	reserve(&c->out, size);
	return c->out.data + c->out.length;
}

void client_wrote(struct client *c, size_t size)
{
	c->out.length += size;
	mark_dirty(c);
}

void client_write(struct client *c, const char *text, size_t size)
{
	memcpy(client_room(c, size), text, size);
	client_wrote(c, size);
}

static void print(struct client *c, const char *format, va_list args)
{
	int size = vsnprintf(client_room(c, WORDS), WORDS, format, args);
	if (size >= WORDS)
		die("a stanza of %d bytes is too long", size);
	client_wrote(c, (size_t)size);
}

void client_print(struct client *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print(c, format, args);
	va_end(args);
}

void client_say(struct client *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print(c, format, args);
	va_end(args);
	c->sent++;
}

static bool shake_hands(struct client *c)
{
	ERR_clear_error();
	int n = SSL_do_handshake(c->ssl);
	if (n == 1) {
		c->is_tls_up = true;
		login_open(c);
		return true;
	}
	int why = SSL_get_error(c->ssl, n);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
		const char *reason = ERR_reason_error_string(ERR_get_error());
		client_end(c, reason ? reason : "no TLS handshake");
	}
	return false;
}

static ssize_t push(struct client *c)
{
	if (!c->ssl)
		return send(c->fd, c->out.data, c->out.length, MSG_NOSIGNAL);
	ERR_clear_error();
	int n = SSL_write(c->ssl, c->out.data, (int)c->out.length);
	if (n > 0)
		return n;
	int why = SSL_get_error(c->ssl, n);
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
	return -1;
}

static void flush(struct client *c)
{
	if (c->fd < 0 || (c->ssl && !c->is_tls_up && !shake_hands(c)))
		return;
	while (c->out.length) {
		ssize_t n = push(c);
		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			break;
		if (n < 0) {
			client_end(c, strerror(errno));
			return;
		}
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

static void stanza(struct client *c, struct piece p)
{
	char why[200];
	if (!piece_is(p, "<stream:error") && !piece_is(p, "</stream:stream")) {
		login_stanza(c, p);
		return;
	}
	snprintf(why, sizeof why, "%.*s", (int)p.size, p.at);
	client_end(c, why);
}

/* Gives how much was whole. */
static size_t scan(struct client *c, const char *text, size_t size)
{
	uint32_t life = c->life;
	size_t done = 0, length;
	while (c->life == life && done < size && (length = scan_element(c, text + done, size - done))) {
		stanza(c, piece_trimmed(text + done, length));
		done += length;
	}
	return done;
}

static void keep(struct client *c, const char *text, size_t size)
{
	if (!size)
		return;
	reserve(&c->in, size);
	memcpy(c->in.data + c->in.length, text, size);
	c->in.length += size;
}

static void take(struct client *c, const char *text, size_t size)
{
	uint32_t life = c->life;
	if (!c->in.length) {
		size_t done = scan(c, text, size);
		if (c->life == life)
			keep(c, text + done, size - done);
		return;
	}
	keep(c, text, size);
	size_t done = scan(c, c->in.data, c->in.length);
	if (c->life == life)
		memmove(c->in.data, c->in.data + done, c->in.length -= done);
}

static ssize_t pull(struct client *c, char *into, size_t size)
{
	if (!c->ssl)
		return recv(c->fd, into, size, 0);
	ERR_clear_error();
	int n = SSL_read(c->ssl, into, (int)size);
	if (n > 0)
		return n;
	int why = SSL_get_error(c->ssl, n);
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
	return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

/* False when there is no more for now. */
static bool read_some(struct client *c, size_t size)
{
	static char fresh[READ + 1];
	ssize_t n = pull(c, fresh, size);
	if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))      /* ENOTCONN: news of the connection before */
		return false;
	if (n <= 0) {
		client_end(c, n ? strerror(errno) : "the server closed it");
		return false;
	}
	take(c, fresh, (size_t)n);
	return c->ssl || (size_t)n == size;
}

static bool is_open(struct client *c)
{
	return c->fd >= 0 && (!c->ssl || c->is_tls_up || shake_hands(c));
}

static void readable(struct client *c)
{
	uint32_t life = c->life;
	while (c->life == life && is_open(c) && read_some(c, READ))
		;
}

void client_sip(struct client *c, size_t size)
{
	if (is_open(c))
		read_some(c, size < READ ? size : READ);
}

void client_slow(struct client *c, bool is_slow)
{
	if (c->fd < 0 || c->is_slow == is_slow)
		return;
	c->is_slow = is_slow;
	watch(c, EPOLL_CTL_MOD, c->wants_write);
}

void clients_poll(int timeout_ms)
{
	struct epoll_event events[EVENTS];
	pace_resume();
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

/*
 * The floor: a relay that parses nothing, under the same load as the servers.
 *
 * It finds where a stanza ends, looks for the number in its `to`, and passes the
 * bytes on; a presence goes to the neighbours in the ring that bench/load
 * assumes. Logging in is theatre with fixed answers and any password is right.
 * What it costs is the kernel's work, TLS, and two copies: a server that
 * costs as much has nothing left to save.
 *
 * One thread; it reads all, handles all, and writes once for each connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 65536, HELD = 65536, EVENTS = 64, NUMBERS = 1 << 20 };

struct out { struct out *next; char *data; size_t length, room; };

struct conn {
	int  fd;                     /* -1: closed, and freed by the flush */
	bool is_listener, speaks_tls;
	bool is_dirty, wants_write, is_tls_up, awaits_header, is_authenticated;
	SSL *ssl;
	unsigned number;             /* NUMBERS: not yet known */
	char *held;                  /* the beginning of a stanza */
	size_t held_size;
	struct out *out;             /* none while idle */
	struct conn *next_dirty;
};

static int poller;
static SSL_CTX *context;
static const char *domain;
static unsigned first, users, contacts;
static struct conn *who[NUMBERS];
static struct conn *dirty;
static struct out *spare;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- writing --- */

static struct out *out_take(void)
{
	struct out *o = spare;
	if (!o)
		return calloc(1, sizeof *o);
	spare = o->next;
	return o;
}

static void out_give(struct conn *c)
{
	c->out->length = 0;
	c->out->next = spare;
	spare = c->out;
	c->out = NULL;
}

static void mark_dirty(struct conn *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	c->next_dirty = dirty;
	dirty = c;
}

static void put(struct conn *c, const char *bytes, size_t size)
{
	struct out *o = c->out ? c->out : (c->out = out_take());
	if (o->length + size > o->room && !(o->data = realloc(o->data, o->room = (o->length + size) * 2)))
		die("realloc");
	memcpy(o->data + o->length, bytes, size);
	o->length += size;
	mark_dirty(c);
}

static void say(struct conn *c, const char *text)
{
	put(c, text, strlen(text));
}

static void watch(struct conn *c, int how, bool writing)
{
	struct epoll_event e = { .events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0), .data.ptr = c };
	if (epoll_ctl(poller, how, c->fd, &e) < 0)
		die("epoll_ctl");
	c->wants_write = writing;
}

static void hang_up(struct conn *c)
{
	if (c->number < NUMBERS && who[c->number] == c)
		who[c->number] = NULL;
	SSL_free(c->ssl);
	ERR_clear_error();           /* its troubles are not the next one's */
	close(c->fd);
	c->fd = -1;
	mark_dirty(c);
}

static ssize_t push(struct conn *c)
{
	if (!c->ssl)
		return send(c->fd, c->out->data, c->out->length, MSG_NOSIGNAL);
	int n = SSL_write(c->ssl, c->out->data, (int)c->out->length);
	errno = EAGAIN;
	return n > 0 ? n : -1;
}

static void flush(struct conn *c)
{
	while (c->out && c->out->length) {
		ssize_t n = push(c);
		if (n < 0)
			break;               /* a broken connection is noticed when it is read */
		c->out->length -= (size_t)n;
		memmove(c->out->data, c->out->data + n, c->out->length);
	}
	bool has_more = c->out && c->out->length;
	if (c->out && !has_more)
		out_give(c);
	if (has_more != c->wants_write)
		watch(c, EPOLL_CTL_MOD, has_more);
}

static void bury(struct conn *c)
{
	if (c->out)
		out_give(c);
	free(c->held);
	free(c);
}

static void flush_all(void)
{
	for (struct conn *c; (c = dirty);) {
		dirty = c->next_dirty;
		c->is_dirty = false;
		if (c->fd < 0)
			bury(c);
		else
			flush(c);
	}
}

/* --- the theatre of a login --- */

static void open_stream(struct conn *c)
{
	char text[512];
	snprintf(text, sizeof text, "<?xml version='1.0'?><stream:stream from='%s' id='floor' version='1.0' xmlns='jabber:client'"
		" xmlns:stream='http://etherx.jabber.org/streams'>", domain);
	say(c, text);
	c->awaits_header = false;
	if (c->is_authenticated)
		say(c, "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
	else
		say(c, "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
			"<mechanism>PLAIN</mechanism></mechanisms></stream:features>");
}

static void begin_tls(struct conn *c)
{
	c->ssl = SSL_new(context);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_accept_state(c->ssl);
	c->awaits_header = true;
}

static void authenticate(struct conn *c, const char *at, size_t size)
{
	unsigned char plain[512];
	const char *from = memchr(at, '>', size), *to = from ? memchr(from, '<', size - (size_t)(from - at)) : NULL;
	int n = to && to - from - 1 < 400 ? EVP_DecodeBlock(plain, (const unsigned char *)from + 1, (int)(to - from - 1)) : -1;
	plain[n > 0 ? n : 0] = '\0';
	if (n < 6 || sscanf((char *)plain + 1, "user%u", &c->number) != 1 || c->number >= NUMBERS) {
		say(c, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>");
		c->number = NUMBERS;
		return;
	}
	say(c, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	c->is_authenticated = c->awaits_header = true;
}

static void answer(struct conn *c, const char *at, size_t size)
{
	char text[256];
	if (!memmem(at, size, "<bind", 5)) {
		say(c, "<iq type='result' id='roster'/>");
		return;
	}
	who[c->number] = c;
	snprintf(text, sizeof text, "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>user%u@%s/load</jid></bind></iq>",
		c->number, domain);
	say(c, text);
}

/* --- the relay --- */

static void pass_message(const char *at, size_t size)
{
	const char *to = memmem(at, size, "to='user", 8);
	unsigned long number = to ? strtoul(to + 8, NULL, 10) : NUMBERS;
	if (number < NUMBERS && who[number])
		put(who[number], at, size);
}

static void pass_presence(const struct conn *c, const char *at, size_t size)
{
	enum { HEAD = sizeof "<presence" - 1 };
	char from[128];
	unsigned index = c->number - first, half = contacts / 2;
	int length = snprintf(from, sizeof from, "<presence from='user%u@%s/load'", c->number, domain);
	for (unsigned step = 0; index < users && step <= 2 * half; step++) {
		struct conn *to = who[first + (index + users + step - half) % users];
		if (step == half || !to)
			continue;
		put(to, from, (size_t)length);
		put(to, at + HEAD, size - HEAD);
	}
}

static bool begins(const char *at, size_t size, const char *with)
{
	size_t length = strlen(with);
	return size >= length && memcmp(at, with, length) == 0;
}

static void handle(struct conn *c, const char *at, size_t size)
{
	if (begins(at, size, "<message"))
		pass_message(at, size);
	else if (begins(at, size, "<presence"))
		pass_presence(c, at, size);
	else if (begins(at, size, "<stream:stream"))
		open_stream(c);
	else if (begins(at, size, "<auth"))
		authenticate(c, at, size);
	else if (begins(at, size, "<iq") && c->is_authenticated)
		answer(c, at, size);
	else if (begins(at, size, "<starttls"))
		say(c, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
}

/* The end of the first whole element, or NULL; `from` is where it begins. Our callers have no `<` or `>` inside a value. */
static const char *element_end(const struct conn *c, const char *at, const char *end, const char **from)
{
	int depth = 0;
	const char *close;
	*from = NULL;
	while ((at = memchr(at, '<', (size_t)(end - at))) && at + 1 < end && (close = memchr(at, '>', (size_t)(end - at)))) {
		if (at[1] != '?') {
			*from = *from ? *from : at;
			depth += at[1] == '/' ? -1 : close[-1] == '/' ? 0 : 1;
			if (depth <= 0 || c->awaits_header)
				return close + 1;
		}
		at = close + 1;
	}
	return NULL;
}

static void scan(struct conn *c, const char *at, const char *end)
{
	const char *next, *from;
	while (at < end && (next = element_end(c, at, end, &from))) {
		handle(c, from, (size_t)(next - from));
		at = next;
		if (!c->ssl && begins(from, (size_t)(next - from), "<starttls")) {
			flush(c);                /* in the clear, before the handshake */
			begin_tls(c);
			return;
		}
	}
	c->held_size = (size_t)(end - at);
	if (c->held_size > HELD)
		hang_up(c);
	else if (c->held_size)
		c->held = memcpy(malloc(c->held_size), at, c->held_size);
}

/* --- reading --- */

static ssize_t pull(struct conn *c, char *into)
{
	if (!c->ssl)
		return recv(c->fd, into, READ, 0);
	if (!c->is_tls_up && SSL_do_handshake(c->ssl) == 1)
		c->is_tls_up = true;
	int n = SSL_read(c->ssl, into, READ);
	errno = EAGAIN;
	return n > 0 ? n : SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

static void readable(struct conn *c)
{
	static char room[HELD + READ];
	bool is_more = true;
	while (is_more && c->fd >= 0) {
		size_t held = c->held_size;
		ssize_t n = pull(c, room + held);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			hang_up(c);
			return;
		}
		if (held)
			memcpy(room, c->held, held);
		free(c->held);
		c->held = NULL;
		c->held_size = 0;
		is_more = c->ssl != NULL;    /* what TLS has read already makes no event */
		scan(c, room, room + held + (size_t)n);
	}
}

static struct conn *conn_new(int fd)
{
	struct conn *c = calloc(1, sizeof *c);
	*c = (struct conn){ .fd = fd, .number = NUMBERS, .awaits_header = true };
	watch(c, EPOLL_CTL_ADD, false);
	return c;
}

static void accept_all(const struct conn *listener)
{
	int on = 1, fd;
	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		struct conn *c = conn_new(fd);
		if (listener->speaks_tls)
			begin_tls(c);
	}
}

static void listen_at(const char *port, bool speaks_tls)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, SOMAXCONN) < 0)
		die("listen");
	struct conn *c = conn_new(fd);
	c->is_listener = true;
	c->speaks_tls = speaks_tls;
}

static void setup(char **argv)
{
	struct rlimit files = { 0 };
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	if (SSL_CTX_use_certificate_file(context, argv[3], SSL_FILETYPE_PEM) != 1 || SSL_CTX_use_PrivateKey_file(context, argv[4], SSL_FILETYPE_PEM) != 1)
		die("certificate or key");
	domain = argv[5];
	first = (unsigned)atoi(argv[6]);
	users = (unsigned)atoi(argv[7]);
	contacts = (unsigned)atoi(argv[8]);
	poller = epoll_create1(EPOLL_CLOEXEC);
	listen_at(argv[1], false);
	listen_at(argv[2], true);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	if (argc != 9) {
		fputs("floor PORT TLS_PORT CERTIFICATE KEY DOMAIN FIRST USERS CONTACTS\n", stderr);
		return 2;
	}
	setup(argv);
	fputs("ready\n", stderr);
	for (;;) {
		int n = epoll_wait(poller, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			if (c->is_listener)
				accept_all(c);
			else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				readable(c);
			if (c->fd >= 0 && events[i].events & EPOLLOUT)
				mark_dirty(c);
		}
		flush_all();
	}
}

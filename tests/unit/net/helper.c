/* Loops, echoing connections and an OpenSSL client. */
#include "helper.h"
#include "base/mem.h"
#include <errno.h>
#include <openssl/err.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct loop *begin_loop(unsigned number)
{
	struct loop *l = loop_new(number);
	loop_start(l, NULL, NULL);
	return l;
}

void end_loop(struct loop *l)
{
	loop_stop(l);
	loop_join(l);
	loop_free(l);
}

struct asked {
	void (*fn)(void *);
	void *thing;
	sem_t done;
};

static void answer(void *thing)
{
	struct asked *a = thing;
	a->fn(a->thing);
	sem_post(&a->done);
}

void on_loop(struct loop *l, void (*fn)(void *), void *thing)
{
	struct asked a = { .fn = fn, .thing = thing };
	sem_init(&a.done, 0, 0);
	post(l, answer, &a);
	while (sem_wait(&a.done))
		continue;
	sem_destroy(&a.done);
}

static size_t echo_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	size_t n = e->most && e->most < size ? e->most : size;
	atomic_fetch_add(&e->input, n);
	conn_write(e->conn, bytes, n);
	if (n < size) {                      /* resumed at once: the rest comes in the next round */
		conn_pause(e->conn);
		conn_resume(e->conn);
	}
	return n;
}

static void echo_ended(void *owner, enum conn_end end, const char *words)
{
	struct echo *e = owner;
	atomic_store(&e->ended, 1 + (int)end);
	conn_free(e->conn);
	e->conn = NULL;
}

static void echo_secured(void *owner)
{
	atomic_fetch_add(&((struct echo *)owner)->secured, 1);
}

static void echo_written(void *owner, uint64_t total)
{
	atomic_store(&((struct echo *)owner)->written, total);
}

const struct conn_owner echo_owner = { echo_input, echo_secured, echo_written, echo_ended };

struct start {
	struct echo *echo;
	const struct conn_owner *owner;
	int fd;
};

static void start(void *thing)
{
	struct start *s = thing;
	s->echo->conn = conn_adopt(s->fd);
	conn_own(s->echo->conn, s->owner, s->echo);
}

void echo_begin(struct echo *e, struct loop *l, const struct conn_owner *owner)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	struct timeval patience = { .tv_sec = 10 };
	setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	e->loop = l;
	e->fd = fds[1];
	struct start s = { e, owner, fds[0] };
	on_loop(l, start, &s);
}

static void stop(void *thing)
{
	struct echo *e = thing;
	conn_free(e->conn);
	e->conn = NULL;
}

void echo_end(struct echo *e)
{
	on_loop(e->loop, stop, e);
	if (e->fd >= 0)
		close(e->fd);
}

void write_all(int fd, const void *bytes, size_t size)
{
	for (size_t at = 0; at < size; ) {
		ssize_t n = send(fd, (const char *)bytes + at, size - at, MSG_NOSIGNAL);
		assert_true(n > 0);
		at += (size_t)n;
	}
}

size_t read_up_to(int fd, void *to, size_t size)
{
	size_t at = 0;
	while (at < size) {
		ssize_t n = recv(fd, (char *)to + at, size - at, 0);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return at;
}

void wait_until(atomic_int *what, int value)
{
	for (int i = 0; i < 10000 && atomic_load(what) != value; i++)
		usleep(1000);
	assert_int_equal(atomic_load(what), value);
}

/* --- TLS --- */

struct tls *one, *two;
struct tls_policy *policy;

static struct tls *identity(const char *folder, const char *domain)
{
	struct fail why;
	char *certificate = mem_printf("%s/%s.pem", folder, domain), *key = mem_printf("%s/%s.key", folder, domain);
	if (!tls_make_self_signed(domain, certificate, key, 30, &why))
		give_up(why);
	struct tls_options o = { .certificates = FILES(certificate), .keys = FILES(key) };
	struct tls *tls = tls_new(&o, &why);
	if (!tls)
		give_up(why);
	unlink(certificate);
	unlink(key);
	mem_free(certificate);
	mem_free(key);
	return tls;
}

int make_identities(void **state)
{
	char folder[] = "/tmp/net-test-XXXXXX";
	assert_non_null(mkdtemp(folder));
	one = identity(folder, "one.example");
	two = identity(folder, "two.example");
	return rmdir(folder);
}

int drop_identities(void **state)
{
	tls_drop(one);
	tls_drop(two);
	return 0;
}

struct tls_choice choose(const char *name, void *with)
{
	if (name && strcmp(name, "nobody.example") == 0)
		return (struct tls_choice){ NULL, NULL };
	return (struct tls_choice){ name && strcmp(name, "two.example") == 0 ? two : one, policy };
}

SSL *client(int fd, const char *name, int version, const char *protocols, bool has_protocols)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL *ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (name)
		SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name);   /* the macro's own cast drops the const */
	if (has_protocols)
		SSL_set_alpn_protos(ssl, (const unsigned char *)protocols, (unsigned)strlen(protocols));
	SSL_set_fd(ssl, fd);
	ERR_clear_error();
	if (SSL_connect(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

void client_free(SSL *ssl)
{
	SSL_free(ssl);
	ERR_clear_error();
}

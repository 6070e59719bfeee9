/*
 * What a message costs in this room: an echo of 300 bytes, one and sixteen in
 * flight, in the clear and over TLS, and the memory of idle connections.
 *
 * The server is one loop; its CPU is that thread's alone (user and system).
 * The floor is a bare epoll loop under the same callers.
 * The caller is this thread. Loopback charges part of the kernel's receiving
 * to whoever sends.
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "net/conn.h"

enum { CALLERS = 50, SIZE = 300, IDLE = 500 };

static struct tls *identity;
static bool with_tls;
static struct listener *listener;
static sem_t done;

static struct tls_choice choose(const char *name, void *with)
{
	return (struct tls_choice){ identity, NULL };
}

static size_t echo(void *c, const char *bytes, size_t size)
{
	conn_write(c, bytes, size);
	return size;
}

static void ended(void *c, enum conn_end end, const char *words)
{
	conn_free(c);
}

static const struct conn_owner owner = { echo, NULL, NULL, ended };

static void accepted(void *with, struct conn *c)
{
	conn_own(c, &owner, c);
	if (with_tls)
		conn_tls(c, choose, NULL);
}

static void start(void *unused)
{
	listener_start(listener, accepted, NULL);
	sem_post(&done);
}

static void stop(void *unused)
{
	listener_close(listener);
	sem_post(&done);
}

static double cpu;

static void read_cpu(void *unused)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	cpu = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	sem_post(&done);
}

static void ask(struct loop *l, void (*fn)(void *))
{
	post(l, fn, NULL);
	while (sem_wait(&done))
		continue;
}

static double cpu_of(struct loop *l)
{
	ask(l, read_cpu);
	return cpu;
}

struct caller {
	int  fd;
	SSL *ssl;
};

static void call(struct caller *c, SSL_CTX *ctx)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)listener_port(listener)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to))
		exit(1);
	if (!ctx)
		return;
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, c->fd);
	if (SSL_connect(c->ssl) != 1)
		exit(1);
}

static void hang_up(struct caller *c)
{
	SSL_free(c->ssl);
	close(c->fd);
}

static void transfer(struct caller *c, char *bytes, int size, bool out)
{
	for (int at = 0, n; at < size; at += n) {
		if (c->ssl)
			n = out ? SSL_write(c->ssl, bytes + at, size - at) : SSL_read(c->ssl, bytes + at, size - at);
		else
			n = (int)(out ? send(c->fd, bytes + at, (size_t)(size - at), 0) : recv(c->fd, bytes + at, (size_t)(size - at), 0));
		if (n <= 0)
			exit(1);
	}
}

static void echo_at(struct loop *l, SSL_CTX *ctx, int depth)
{
	static char bytes[SIZE * 16];
	struct caller callers[CALLERS] = { 0 };
	const int rounds = depth == 1 ? 2000 : 400;
	for (int i = 0; i < CALLERS; i++)
		call(&callers[i], ctx);
	double before = cpu_of(l);
	for (int r = 0; r < rounds; r++) {
		for (int i = 0; i < CALLERS; i++)
			transfer(&callers[i], bytes, SIZE * depth, true);
		for (int i = 0; i < CALLERS; i++)
			transfer(&callers[i], bytes, SIZE * depth, false);
	}
	double spent = cpu_of(l) - before;
	printf("echo %-5s depth %2d: %.2f us CPU a message\n", ctx ? "TLS" : "clear", depth, spent / ((double)rounds * CALLERS * depth));
	for (int i = 0; i < CALLERS; i++)
		hang_up(&callers[i]);
}

static void idle_clear(struct loop *l)
{
	static struct caller callers[IDLE];
	char byte[1] = "x";
	size_t before = mallinfo2().uordblks;
	for (int i = 0; i < IDLE; i++) {
		call(&callers[i], NULL);
		transfer(&callers[i], byte, 1, true);
		transfer(&callers[i], byte, 1, false);
	}
	cpu_of(l);
	printf("idle clear: %zu bytes each\n", (mallinfo2().uordblks - before) / IDLE);
	for (int i = 0; i < IDLE; i++)
		hang_up(&callers[i]);
}

/* The callers' own TLS would count too, so they are a process of their own. */
static void idle_tls(struct loop *l)
{
	int wait[2], ready[2];
	char byte[1];
	if (pipe(wait) || pipe(ready))
		exit(1);
	size_t before = mallinfo2().uordblks;
	if (fork() == 0) {
		static struct caller callers[IDLE];
		SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
		for (int i = 0; i < IDLE; i++) {
			call(&callers[i], ctx);
			transfer(&callers[i], byte, 1, true);
			transfer(&callers[i], byte, 1, false);
		}
		_exit(write(ready[1], "r", 1) != 1 || read(wait[0], byte, 1) != 1);
	}
	if (read(ready[0], byte, 1) != 1)
		exit(1);
	cpu_of(l);
	printf("idle TLS: %zu bytes each\n", (mallinfo2().uordblks - before) / IDLE);
	if (write(wait[1], "x", 1) != 1)
		exit(1);
}

/* recv and send and nothing else. */
static void *floor_run(void *fds)
{
	static char bytes[65536];
	struct epoll_event events[64];
	int ep = epoll_create1(0), left = CALLERS;
	double *spent = malloc(sizeof *spent);
	struct timespec t;
	for (int i = 0; i < CALLERS; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.fd = ((int *)fds)[i] };
		epoll_ctl(ep, EPOLL_CTL_ADD, e.data.fd, &e);
	}
	while (left)
		for (int i = 0, n = epoll_wait(ep, events, 64, -1); i < n; i++) {
			ssize_t size = recv(events[i].data.fd, bytes, sizeof bytes, 0);
			if (size > 0)
				size = send(events[i].data.fd, bytes, (size_t)size, MSG_NOSIGNAL);
			if (size <= 0) {
				close(events[i].data.fd);
				left--;
			}
		}
	close(ep);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	*spent = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	return spent;
}

static void floor_at(int depth)
{
	static char bytes[SIZE * 16];
	struct caller callers[CALLERS] = { 0 };
	int fds[CALLERS];
	pthread_t thread;
	void *spent;
	const int rounds = depth == 1 ? 2000 : 400;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&at, size) || listen(fd, CALLERS) || getsockname(fd, (struct sockaddr *)&at, &size))
		exit(1);
	for (int i = 0; i < CALLERS; i++) {
		callers[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(callers[i].fd, (struct sockaddr *)&at, size) || (fds[i] = accept(fd, NULL, NULL)) < 0)
			exit(1);
	}
	pthread_create(&thread, NULL, floor_run, fds);
	for (int r = 0; r < rounds; r++) {
		for (int i = 0; i < CALLERS; i++)
			transfer(&callers[i], bytes, SIZE * depth, true);
		for (int i = 0; i < CALLERS; i++)
			transfer(&callers[i], bytes, SIZE * depth, false);
	}
	for (int i = 0; i < CALLERS; i++)
		hang_up(&callers[i]);
	pthread_join(thread, &spent);
	printf("floor clear depth %2d: %.2f us CPU a message\n", depth, *(double *)spent / ((double)rounds * CALLERS * depth));
	free(spent);
	close(fd);
}

static void make_identity(void)
{
	struct fail why;
	char folder[] = "/tmp/bench-net-XXXXXX", path[64];
	if (!mkdtemp(folder))
		exit(1);
	snprintf(path, sizeof path, "%s/both.pem", folder);
	struct tls_options o = { .certificates = (const char *const[]){ path, NULL } };
	if (!tls_make_self_signed("bench.example", path, path, 30, &why) || !(identity = tls_new(&o, &why))) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	struct fail why;
	make_identity();
	mallopt(M_ARENA_MAX, 1);             /* so that one figure has it all */
	sem_init(&done, 0, 0);
	struct loop *l = loop_new(0);
	loop_start(l, NULL, NULL);
	listener = listener_open(&(struct listen_options){ .address = "127.0.0.1:0", .socket.no_delay = true }, &why);
	if (!listener)
		return 1;
	ask(l, start);
	idle_clear(l);
	for (int depth = 1; depth <= 16; depth += 15) {
		floor_at(depth);
		echo_at(l, NULL, depth);
	}
	with_tls = true;
	idle_tls(l);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	echo_at(l, ctx, 1);
	echo_at(l, ctx, 16);
	SSL_CTX_free(ctx);
	ask(l, stop);
	loop_stop(l);
	loop_join(l);
	loop_free(l);
	tls_drop(identity);
	return 0;
}

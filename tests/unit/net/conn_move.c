/* A connection goes back and forth between loops in the middle of a burst; nothing is lost, doubled or out of order. */
#include "helper.h"
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { BURST = 40000 };

static struct loop *loops[2];

struct mover {                               /* echoes a piece, then moves on */
	struct conn *conn;
	size_t piece;
	bool to_itself;
	atomic_int moves, strays, ended;
	struct loop *at;
};

static void arrived(void *owner, struct conn *c)
{
	struct mover *m = owner;
	m->at = loop_here();
	atomic_fetch_add(&m->moves, 1);
}

static size_t input(void *owner, const char *bytes, size_t size)
{
	struct mover *m = owner;
	if (bytes[0] == 0x16 && size > 1) {
		conn_tls_detected(m->conn, choose, NULL);
		return 0;
	}
	size_t n = size < m->piece ? size : m->piece;
	if (m->at != loop_here())
		atomic_fetch_add(&m->strays, 1);
	conn_write(m->conn, bytes, n);
	conn_move(m->conn, m->to_itself ? loop_here() : loops[!loop_number(loop_here())], arrived);
	return n;
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	struct mover *m = owner;
	conn_free(m->conn);
	atomic_store(&m->ended, 1);
}

static const struct conn_owner mover_owner = { input, NULL, NULL, ended };

struct start { struct mover *mover; int fd; };

static void start(void *thing)
{
	struct start *s = thing;
	s->mover->at = loop_here();
	s->mover->conn = conn_adopt(s->fd);
	conn_own(s->mover->conn, &mover_owner, s->mover);
}

struct peer { int fd; bool has_tls; bool ok; };

static char burst[BURST];

static void *talk(void *thing)               /* the test's side: writes a third, reads it back, three times */
{
	static char back[BURST];
	struct peer *p = thing;
	SSL *ssl = p->has_tls ? client(p->fd, NULL, TLS1_3_VERSION, NULL, false) : NULL;
	p->ok = !p->has_tls || ssl;
	for (int part = 0, at = 0; part < 3 && p->ok; part++) {
		int until = BURST / 3 * (part + 1), from = at;
		if (ssl)
			p->ok = SSL_write(ssl, burst + at, until - at) == until - at;
		else
			write_all(p->fd, burst + at, (size_t)(until - at));
		for (int n = 1; at < until && n > 0; at += n)
			n = ssl ? SSL_read(ssl, back + at, until - at) : (int)read_up_to(p->fd, back + at, (size_t)(until - at));
		p->ok = p->ok && at == until && memcmp(back + from, burst + from, (size_t)(until - from)) == 0;
	}
	SSL_free(ssl);
	return NULL;
}

static void move_with(size_t piece, bool has_tls, bool to_itself)
{
	int fds[2];
	struct mover m = { .piece = piece, .to_itself = to_itself };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	struct timeval patience = { .tv_sec = 20 };
	setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	on_loop(loops[0], start, &(struct start){ &m, fds[0] });
	struct peer p = { fds[1], has_tls, false };
	talk(&p);
	close(fds[1]);
	wait_until(&m.ended, 1);
	assert_true(p.ok);
	assert_int_equal(atomic_load(&m.strays), 0);
	assert_true((size_t)atomic_load(&m.moves) >= BURST / 3 * 3 / piece);
}

static int begin(void **state)
{
	for (int i = 0; i < BURST; i++)
		burst[i] = (char)('a' + i * 7 % 23 + i / 1000 % 3);
	loops[0] = begin_loop(0);
	loops[1] = begin_loop(1);
	return make_identities(state);
}

static int end(void **state)
{
	end_loop(loops[0]);
	end_loop(loops[1]);
	return drop_identities(state);
}

static const size_t pieces[] = { 7, 64, 100, 333, 1000, 1460, 4096, 9999, 16384, 16385, 40000 };

static void in_pieces_of_every_size(void **state)
{
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		move_with(pieces[i], false, false);
}

static void in_pieces_of_every_size_with_tls(void **state)
{
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		move_with(pieces[i], true, false);
}

static void to_the_same_loop(void **state)
{
	move_with(100, false, true);
	move_with(100, true, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_pieces_of_every_size),
		cmocka_unit_test(in_pieces_of_every_size_with_tls),
		cmocka_unit_test(to_the_same_loop),
	};
	return cmocka_run_group_tests(tests, begin, end);
}

/*
 * The TLS half of a connection.
 *
 * OpenSSL never sees the socket. It reads from what the loop has just received
 * (`feed`) and writes into the loop's `sealed`, both shared by all connections
 * of the loop, since each is served from start to end before the next; so an
 * idle one holds no buffer. What the socket doesn't take goes to the
 * connection's `unsent`, and nothing more is sealed until that is gone.
 */
#include "net/conn_inside.h"
#include "base/check.h"
#include "base/mem.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <string.h>

enum { RECORD = 16 * 1024, RECORD_EXTRA = 256 };

/* --- OpenSSL's socket --- */

static int bio_read(BIO *bio, char *to, int size)
{
	struct loop *l = ((struct conn *)BIO_get_data(bio))->loop;
	BIO_clear_retry_flags(bio);
	if (!l->feed_left) {
		BIO_set_retry_read(bio);
		return -1;
	}
	size_t n = (size_t)size < l->feed_left ? (size_t)size : l->feed_left;
	memcpy(to, l->feed, n);
	l->feed += n;
	l->feed_left -= n;
	return (int)n;
}

static int bio_write(BIO *bio, const char *from, int size)
{
	struct conn *c = BIO_get_data(bio);
	struct loop *l = c->loop;
	BIO_clear_retry_flags(bio);
	if (buf_length(&c->tls->unsent) || (size_t)size > SEALED_SIZE - l->sealed_size) {
		buf_add(&c->tls->unsent, l->sealed, l->sealed_size);     /* what was sealed first leaves first */
		buf_add(&c->tls->unsent, from, (size_t)size);
		l->sealed_size = 0;
		return size;
	}
	memcpy(l->sealed + l->sealed_size, from, (size_t)size);
	l->sealed_size += (size_t)size;
	return size;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

static BIO_METHOD *method;

static void method_make(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop");
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_control);
	BIO_meth_set_create(method, bio_create);
}

static BIO *bio_new(struct conn *c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, method_make);
	BIO *bio = BIO_new(method);
	if (!bio)
		BUG("OpenSSL gives no BIO");
	BIO_set_data(bio, c);
	return bio;
}

/* --- Begin and end --- */

static void begin(struct conn *c, tls_chooser chooser, void *with, bool is_detected)
{
	CHECK(c, CONN_MAGIC);
	ASSERT(!c->tls && chooser && c->loop);
	conn_push(c);
	struct conn_tls *tls = NEW(struct conn_tls);
	tls->asked = (struct tls_asked){ chooser, with };
	tls->in_is_hello = is_detected;
	tls->unsent = c->out;                /* written before, so it leaves in the clear */
	c->gone += buf_length(&c->out);
	memset(&c->out, 0, sizeof c->out);

	tls->ssl = SSL_new(tls_front());
	if (!tls->ssl)
		BUG("OpenSSL gives no connection");
	BIO *bio = bio_new(c);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_app_data(tls->ssl, &tls->asked);
	SSL_set_accept_state(tls->ssl);
	c->tls = tls;
}

void conn_tls(struct conn *c, tls_chooser chooser, void *with)
{
	begin(c, chooser, with, false);
	if (!c->busy)                        /* else dropped when `input` returns */
		buf_clear(&c->in);
}

void conn_tls_detected(struct conn *c, tls_chooser chooser, void *with)
{
	begin(c, chooser, with, true);
	if (!c->busy)
		conn_touch_offer(c);
}

void conn_tls_free(struct conn *c)
{
	if (!c->tls)
		return;
	SSL_free(c->tls->ssl);
	buf_clear(&c->tls->unsent);
	mem_free(c->tls);
	c->tls = NULL;
}

/* --- Out --- */

static void send_unsent(struct conn *c)
{
	struct buf *unsent = &c->tls->unsent;
	if (buf_length(unsent) && !c->is_blocked)
		buf_take(unsent, conn_send(c, buf_start(unsent), buf_length(unsent)));
}

static void send_sealed(struct conn *c)
{
	struct loop *l = c->loop;
	if (!l->sealed_size)
		return;
	size_t sent = c->is_blocked ? 0 : conn_send(c, l->sealed, l->sealed_size);
	buf_add(&c->tls->unsent, l->sealed + sent, l->sealed_size - sent);
	l->sealed_size = 0;
}

/* A peer may make us answer without reading (key updates); that must end somewhere. */
static void send_answers(struct conn *c)
{
	send_unsent(c);
	send_sealed(c);
	if (buf_length(&c->tls->unsent) > CONN_UNSENT_MOST)
		conn_doom(c, CONN_TOO_SLOW, "it reads too slowly");
}

static void failed(struct conn *c)
{
	const char *words = tls_words();
	ERR_clear_error();
	send_answers(c);                     /* the alert */
	conn_doom(c, CONN_TLS_FAILED, words);
}

/* Seals what fits into the loop's buffer. */
static void seal(struct conn *c)
{
	struct loop *l = c->loop;
	while (buf_length(&c->out) && SEALED_SIZE - l->sealed_size > RECORD + RECORD_EXTRA) {
		size_t size = buf_length(&c->out) < RECORD ? buf_length(&c->out) : RECORD;
		ERR_clear_error();
		int n = SSL_write(c->tls->ssl, buf_start(&c->out), (int)size);
		if (n <= 0) {
			failed(c);
			return;
		}
		c->gone += (size_t)n;
		buf_take(&c->out, (size_t)n);
	}
}

void conn_tls_push(struct conn *c)
{
	send_unsent(c);
	while (c->tls->is_ready && buf_length(&c->out) && !c->is_blocked && !c->is_doomed && !buf_length(&c->tls->unsent)) {
		seal(c);
		send_sealed(c);
	}
}

void conn_tls_bye(struct conn *c)
{
	if (!c->tls->is_ready)
		return;
	ERR_clear_error();
	SSL_shutdown(c->tls->ssl);
	ERR_clear_error();
	send_sealed(c);
}

/* --- In --- */

static bool shake_hands(struct conn *c)      /* true: done */
{
	struct conn_tls *tls = c->tls;
	if (tls->is_ready)
		return true;
	ERR_clear_error();
	int result = SSL_do_handshake(tls->ssl);
	if (result == 1) {
		tls->is_ready = tls->tell_secured = true;
		tls->asked = (struct tls_asked){ 0 };
		conn_touch(c);               /* what was written meanwhile */
	} else if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ) {
		failed(c);
	}
	return result == 1;
}

/* Is there more to open? Asking costs less than a read that finds nothing. */
static bool has_more(const struct conn *c)
{
	return c->loop->feed_left || SSL_has_pending(c->tls->ssl);
}

static size_t open_all(struct conn *c)
{
	struct loop *l = c->loop;
	size_t size = 0;
	ERR_clear_error();
	do {
		int n = SSL_read(c->tls->ssl, l->plain + size, (int)(PLAIN_SIZE - size));
		if (n > 0) {
			size += (size_t)n;
			continue;
		}
		int error = SSL_get_error(c->tls->ssl, n);
		if (error == SSL_ERROR_ZERO_RETURN)
			c->is_half = true;
		else if (error != SSL_ERROR_WANT_READ)
			failed(c);
		break;
	} while (size < PLAIN_SIZE && has_more(c));
	return size;
}

size_t conn_tls_open(struct conn *c, const char *bytes, size_t size)
{
	struct loop *l = c->loop;
	if (c->is_doomed)
		return 0;
	l->feed = bytes;
	l->feed_left = size;
	size_t opened = shake_hands(c) ? open_all(c) : 0;
	l->feed_left = 0;
	send_answers(c);
	if (c->tls->asked.is_asked_again) {
		conn_doom(c, CONN_TLS_FAILED, "it asked for a renegotiation");
		return 0;                    /* what came beside it isn't heard: who knows whose it is */
	}
	return opened;
}

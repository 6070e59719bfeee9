/*
 * Conn, inside: one connection's state, shared by the files conn*.c.
 *
 *              ┌ recv → wire ─(TLS: feed → SSL → plain)→ [in] → input
 *   the socket ┤
 *              └ send ← [unsent] ←(TLS: sealed ← SSL)← [out] ← conn_write
 *
 * What is in brackets belongs to the connection and exists only while it holds
 * something; the rest are buffers of the loop. A connection that is being
 * freed stays in memory until libuv has let go of it, so whoever is further up
 * the stack can still ask whether it is gone.
 */
#pragma once
#include <openssl/ssl.h>
#include "net/address.h"
#include "net/conn.h"
#include "net/inside.h"
#include "net/tls_inside.h"

enum { CONN_MAGIC = 0xc0220c01, CONN_KEPT_MOST = 256 * 1024, CONN_UNSENT_MOST = 512 * 1024 };

struct conn_tls {
	SSL        *ssl;
	struct tls_asked asked;              /* until the handshake ends */
	struct buf  unsent;                  /* what the socket didn't take: clear bytes from before STARTTLS, then records */
	bool        is_ready;                /* the handshake ended well */
	bool        in_is_hello;             /* `in` holds the start of the handshake, not words for the owner */
	bool        tell_secured;
};

struct parting {                             /* a connection on its way out */
	struct timer timer;
	struct conn *conn;
};

struct conn {
	unsigned magic;
	int      fd;
	struct loop *loop;                   /* NULL between two loops */
	uv_poll_t   *poll;                   /* apart from us: when we move it stays behind */
	const struct conn_owner *owner;
	void        *with;
	struct buf   in, out;                /* plain bytes: not yet taken by the owner, not yet by the socket (or TLS) */
	uint64_t     gone, told;             /* plain bytes that left `out`; what `written` last told */
	struct conn_tls   *tls;
	struct parting    *parting;          /* conn_close was called */
	struct list  dirty, offer;           /* in the loop's lists */
	struct loop *move_to;
	void       (*arrived)(void *, struct conn *);
	const char  *end_words;
	struct short_address peer;
	unsigned char end;                   /* enum conn_end, when is_doomed */
	unsigned char mask;                  /* what libuv watches for */
	unsigned char busy;                  /* calls of the owner that we are inside of */
	unsigned char reads;                 /* since `reads_since`, a time of 16 ms that wraps around */
	uint16_t      reads_since;
	bool is_paused     : 1;
	bool is_blocked    : 1;              /* the socket is full */
	bool is_doomed     : 1;              /* `ended` is due, or was called */
	bool is_over       : 1;              /* `ended` was called */
	bool is_dead       : 1;              /* being freed */
	bool is_half       : 1;              /* the peer sends no more */
	bool is_probed     : 1;              /* paused and half: what it still had is read, as far as we may */
	bool has_said_bye  : 1;              /* nothing more is written */
};
_Static_assert(sizeof(struct conn) <= 224, "an idle session shall cost 4 KiB, and this is its share: docs/memory.md");

/* Is there somebody to tell, and nothing else under way? */
enum { CONN_HANDSHAKE = 0x16 };                  /* the first byte of TLS */

static inline bool conn_hears(const struct conn *c)
{
	return c->owner && c->loop && !c->is_dead && !c->is_doomed && !c->parting && !c->move_to;
}
static inline bool conn_may_offer(const struct conn *c) { return conn_hears(c) && !c->is_paused; }
static inline bool conn_has_unsent(const struct conn *c) { return c->tls && buf_length(&c->tls->unsent); }

/* conn.c */
struct conn *conn_new(int fd);                   /* on this loop */
void conn_destroy(struct conn *);
void conn_doom(struct conn *, enum conn_end, const char *words);     /* `ended` follows at the end of the round */
void conn_touch(struct conn *);                  /* is seen to at the end of the round */
void conn_touch_offer(struct conn *);            /* its kept bytes are offered in the next round */

/* listener.c */
void socket_set(int fd, const struct socket_options *);

/* conn_watch.c */
void conn_watch_begin(struct conn *);
void conn_watch_end(struct conn *, uv_close_cb);
void conn_watch(struct conn *);                  /* waits for what it now needs, if it doesn't yet */
void conn_watch_exactly(struct conn *);          /* … and for nothing else */

/* conn_move.c */
void conn_after(struct conn *);                  /* after calls of the owner: leaves for another loop, or watches on */

/* conn_read.c */
void conn_read(struct conn *);                   /* the socket is readable */
void conn_probe(struct conn *);                  /* paused, and the peer sends no more */
void conn_discard(struct conn *);                /* parting, and the socket is readable */
void conn_offer(struct conn *);                  /* kept bytes, and an end that waited for them */

/* conn_write.c */
void conn_push(struct conn *);                   /* what may leave leaves; calls nobody */
size_t conn_send(struct conn *, const char *bytes, size_t size);     /* how many the socket took; is_blocked or doomed if not all */
void conn_settle(struct conn *);                 /* end of the round: pushes, tells, parts */

/* conn_tls.c */
size_t conn_tls_open(struct conn *, const char *bytes, size_t size); /* how many plain bytes now lie in the loop's `plain` */
void conn_tls_push(struct conn *);
void conn_tls_bye(struct conn *);                /* close_notify */
void conn_tls_free(struct conn *);

/*
 * Conn: one accepted socket, with or without TLS.
 *
 * Belongs to the loop that holds it; every call is made there. Bytes come in
 * through `input`; what is written is gathered and leaves at the end of the
 * round in one system call. An idle connection holds no buffer.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <openssl/types.h>
#include "base/buf.h"
#include "base/fail.h"
#include "net/loop.h"
#include "net/tls.h"

struct conn;

enum conn_end {                      /* why it ended */
	CONN_CLOSED,                 /* the peer closed */
	CONN_LOST,                   /* reset, timed out */
	CONN_TLS_FAILED,
	CONN_TOO_SLOW,               /* it makes TLS answer and doesn't read that */
};

struct conn_owner {                  /* const, one for each kind of owner */
	/* Bytes arrived. Returns how many were taken; the rest is kept and offered again after conn_resume or with the next
	 * bytes. It may pause, write, close (then returns anything) and move the connection (conn_move) inside. */
	size_t (*input)(void *owner, const char *bytes, size_t size);
	void   (*secured)(void *owner);                      /* a handshake ended well; NULL is fine */
	void   (*written)(void *owner, uint64_t total);      /* the socket took everything up to this count of plain bytes, told at the end of a round; NULL is fine */
	void   (*ended)(void *owner, enum conn_end, const char *words);   /* once, and the last call; conn_free'd by the owner here or later. Not after conn_close */
};

void conn_own(struct conn *, const struct conn_owner *, void *owner);    /* a new owner from now on */

/* Writing. The bytes leave at the end of the round. */
void conn_write(struct conn *, const void *bytes, size_t size);
struct buf *conn_out(struct conn *);                 /* to print into; then conn_printed */
void conn_printed(struct conn *);                    /* something was added to conn_out */
uint64_t conn_total(const struct conn *);            /* plain bytes given to it since it began, as `written` counts */
size_t conn_queued(const struct conn *);             /* not yet taken by the socket */
void conn_flush(struct conn *);                      /* now rather than at the end of the round */

/* Reads no more, and keeps what it has. A reset is still heard at once, and so is a close, unless bytes came before it: those are kept, and `ended`
 * follows when they were taken. An owner that takes nothing is read no further than 256 KiB. */
void conn_pause(struct conn *);
void conn_resume(struct conn *);

/* Writes what is queued, TLS close_notify, and waits until the peer has closed too (else a reset might overtake the last words); all of it at
 * most that long. Frees itself; the owner hears no more. */
void conn_close(struct conn *, msec linger);
void conn_abort(struct conn *);                      /* at once, nothing more is written; frees itself */
void conn_free(struct conn *);                       /* after `ended` */

/* TLS begins with a call, usually inside `input`; what was written before leaves in the clear. `with` lives until the handshake ends. */
/* STARTTLS: of bytes not yet taken by `input`, a handshake that begins goes on; any others are dropped (RFC 6120 §5.4.2.3: they were sent in the clear). */
void conn_tls(struct conn *, tls_chooser, void *with);
void conn_tls_detected(struct conn *, tls_chooser, void *with);    /* the first byte said TLS: bytes not yet taken are the start of the handshake */

/* Facts. */
struct conn_facts {
	struct sockaddr_storage peer, local;
	char        peer_name[64], local_name[64];   /* "192.0.2.1:5222", "[::1]:5222", "unix:/path" */
	bool        is_tls;
	const char *tls_version, *cipher;            /* static strings */
	const char *alpn;                            /* NULL: none */
	const char *sni;                             /* NULL: none */
};
struct conn_facts conn_facts(const struct conn *);    /* made anew each time: an idle connection keeps but its peer's address */
struct sockaddr_storage conn_peer(const struct conn *);      /* that alone, which is cheap */
void conn_claim(struct conn *, const struct sockaddr_storage *peer);     /* whom a proxy speaks for: the peer from now on */
bool conn_is_tls(const struct conn *);                /* the handshake has ended well */
unsigned conn_tls_number(const struct conn *);         /* TLS's own of its version, 0x0304 for 1.3; 0: no TLS */
bool conn_peer_user(const struct conn *, uid_t *user);       /* of a Unix socket's peer, as it connected; false: not to be had */
bool conn_has_binding(struct conn *);                /* some of these is to be had; cheaper than to make one */
bool conn_binding_exporter(struct conn *, unsigned char out[32]);                     /* RFC 9266; false: not to be had */
bool conn_binding_end_point(struct conn *, unsigned char out[64], size_t *size);      /* RFC 5929 §4: tls-server-end-point */
bool conn_binding_unique(struct conn *, unsigned char out[64], size_t *size);         /* RFC 5929 §3: tls-unique; TLS 1.2 only */
/* The client's certificate, as long as the connection; NULL: none. Trusted: at the handshake an authority of `tls_client_ca` vouched for it. */
const X509 *conn_peer_certificate(const struct conn *, bool *is_trusted);
msec conn_peer_chain_expires(const struct conn *);   /* wall clock: when the first of those that vouch for it does, itself among them; 0: nobody does */

/* Moves socket, TLS, unread and unsent bytes to another loop (or this one): there arrived(owner, conn) is called, and then unread bytes are
 * offered. The owner touches neither until then. */
void conn_move(struct conn *, struct loop *to, void (*arrived)(void *owner, struct conn *));

/* --- Sockets and listening --- */
struct socket_options {
	bool no_delay;                       /* no effect on a Unix socket */
	int  receive_buffer, send_buffer;    /* 0: as they are */
};
void conn_socket(struct conn *, const struct socket_options *);      /* other than its listener's */

struct listen_options {
	const char *address;                 /* "*:5222", "[::1]:5222", "127.0.0.1:0", "unix:/path" */
	int  backlog;
	int  file_mode;                      /* unix */
	struct socket_options socket;
};
struct listener;
/* Opens the socket, on any thread, without a loop: so that low ports are opened before privileges are dropped. Several calls for one address (SO_REUSEPORT) are fine, but for a Unix socket's. */
struct listener *listener_open(const struct listen_options *, struct fail *why);
int  listener_port(const struct listener *);         /* what the kernel gave for port 0 */
void listener_change(struct listener *, const struct listen_options *);      /* all but the address, of an open one; counts for whom it accepts from now on */
void listener_most(struct listener *, unsigned);     /* accepts so many in a round; 0: as many as usual */
/* On this loop. `accepted` gets a conn that waits for an owner (conn_own) and reads once it has one. It may conn_abort it. */
void listener_start(struct listener *, void (*accepted)(void *with, struct conn *), void *with);
void listener_pause(struct listener *);              /* accepts no more until resumed */
void listener_resume(struct listener *);
void listener_close(struct listener *);

/* For a direct connect inside this process's tests: a conn over one end of a socketpair, on this loop. */
struct conn *conn_adopt(int fd);

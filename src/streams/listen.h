/*
 * Listen: sockets of the configuration, and who is there (design: one listener
 * serves everything).
 *
 * The first byte says TLS or not; then `<` or white space says XMPP, whose
 * header's namespace says client, server or component; a letter says HTTP. What
 * isn't built is refused in the words of its own protocol.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "base/fail.h"
#include "net/conn.h"

struct config;

struct listener_rules {              /* of one `listen` address; made at start, lives as long as the process */
	char       *address;
	bool        is_direct_tls;   /* every connection begins with TLS */
	bool        looks;           /* the first byte may say TLS; STARTTLS may be offered */
	atomic_uint channels;        /* most simultaneous connections; 0: the address isn't opened */
	atomic_uint connected;
	atomic_int  idle_ms;         /* 0: for ever */
};

/* At start, before privileges are dropped: opens every address of the configuration, once for each loop. */
bool listen_open(const struct config *, unsigned loops, struct fail *why);
void listen_start(unsigned loop);            /* on that loop */
void listen_stop(unsigned loop);             /* accepts no more; on that loop */
/* A reload: channels and idle_time change on open sockets. False: an address came or went, which needs a restart. */
bool listen_reload(const struct config *);
void listen_left(struct listener_rules *);   /* a connection of it has ended */
/* Chooses the certificate: by SNI, else that of the host whose name is `with` (NULL: the first). */
struct tls *listen_tls(const char *sni, void *with);
int  listen_port(unsigned nth);              /* of the nth address: what the kernel gave for port 0 */
unsigned listen_count(void);

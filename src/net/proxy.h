/*
 * Proxy: the header by which a load balancer says who the client is (the
 * PROXY protocol of HAProxy, versions 1 and 2).
 *
 * A pure function of the first bytes of a connection. It is asked only about
 * peers that are trusted to send one, and then there must be one: who may
 * choose whether to send a header may choose any address.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { PROXY_LONGEST = 4096 };               /* version 2 could be 64 KiB; what is used is much shorter */

enum proxy_verdict {
	PROXY_MORE,                          /* it may become one: more bytes are needed */
	PROXY_DONE,
	PROXY_WRONG,
};

struct proxy_header {
	size_t size;                         /* bytes of it; what follows is the client's */
	bool   has_addresses;                /* else it is the proxy's own connection, as for a health check */
	struct sockaddr_storage peer, local;
	const char *why;                     /* what is wrong; a static string */
};

enum proxy_verdict proxy_read(const void *bytes, size_t size, struct proxy_header *);

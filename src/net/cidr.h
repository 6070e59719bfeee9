/*
 * Cidr: a network, and whether an address is in it.
 *
 * IPv4 that came over an IPv6 socket ("::ffff:10.0.0.1") is IPv4 here. All
 * Unix sockets are one network, named "unix".
 */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>
#include "base/fail.h"

struct cidr {
	sa_family_t   family;                /* AF_INET, AF_INET6, AF_UNIX */
	unsigned char bits;                  /* of the address that count */
	unsigned char address[16];
};

/* "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "unix". Bits behind the prefix are a mistake. */
bool cidr_read(const char *text, struct cidr *to, struct fail *why);
bool cidr_has(const struct cidr *, const struct sockaddr_storage *);

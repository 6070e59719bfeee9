/*
 * Addresses as text: "192.0.2.1:5222", "[::1]:5222", "*:5222", "unix:/path".
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "base/fail.h"

struct short_address {                               /* what tells one peer from another, in the least room */
	uint8_t   family;                            /* AF_UNIX: no more is kept */
	in_port_t port;
	uint8_t   host[16];
};

/* Numbers only: names are for DNS. "*" is every address, IPv6 and IPv4. */
bool address_read(const char *text, struct sockaddr_storage *, socklen_t *size, bool *is_any, struct fail *why);
void address_print(const struct sockaddr_storage *, char *to, size_t size);
void address_plain(struct sockaddr_storage *);       /* an IPv4 address that came over an IPv6 socket becomes IPv4 */
struct short_address address_shorten(const struct sockaddr_storage *);
void address_lengthen(struct short_address, struct sockaddr_storage *);

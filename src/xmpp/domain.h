/*
 * Domains: the middle of a JID (RFC 7622 §3.2).
 *
 * An IDNA2008 name in U-labels and lower case, an IPv4 address, or an IPv6
 * address in brackets. Plain labels are letters, digits and hyphens.
 */
#pragma once
#include <stddef.h>

/* Writes at most `limit` bytes, no NUL, and returns how many; 0 when it is refused. */
size_t domain_prepare(char *out, size_t limit, const char *text, size_t size);

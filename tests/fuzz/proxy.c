/*
 * PROXY headers from anybody. What is read of a header is written again in the
 * other version, which must say the same; a header is one at its last byte and
 * not before; and a line is judged by sscanf and getaddrinfo's numbers.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
	if (!what)
		abort();
}

static bool is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void number(const struct sockaddr_storage *s, char host[64], char port[8])
{
	must(getnameinfo((const struct sockaddr *)s, sizeof *s, host, 64, port, 8, NI_NUMERICHOST | NI_NUMERICSERV) == 0);
}

/* As version 1; addresses of both families in one header can't be said there. */
static void say_again_as_line(const struct proxy_header *h)
{
	char a[64], b[64], c[8], d[8], line[256];
	struct proxy_header again;
	number(&h->peer, a, c);
	number(&h->local, b, d);
	snprintf(line, sizeof line, "PROXY TCP%c %s %s %s %s\r\n", h->peer.ss_family == AF_INET ? '4' : '6', a, b, c, d);
	must(proxy_read(line, strlen(line), &again) == PROXY_DONE && again.has_addresses && again.size == strlen(line));
	must(is_same(&again.peer, &h->peer) && is_same(&again.local, &h->local));
}

static void say_again_as_binary(const struct proxy_header *h)
{
	unsigned char bytes[64] = "\r\n\r\n\0\r\nQUIT\n\x21";
	const struct sockaddr_in *p4 = (const struct sockaddr_in *)&h->peer, *l4 = (const struct sockaddr_in *)&h->local;
	const struct sockaddr_in6 *p6 = (const struct sockaddr_in6 *)&h->peer, *l6 = (const struct sockaddr_in6 *)&h->local;
	const bool is_v4 = h->peer.ss_family == AF_INET;
	const size_t n = is_v4 ? 4 : 16;
	struct proxy_header again;
	bytes[13] = is_v4 ? 0x11 : 0x21;
	bytes[15] = (unsigned char)(2 * n + 4);
	memcpy(bytes + 16, is_v4 ? (const void *)&p4->sin_addr : &p6->sin6_addr, n);
	memcpy(bytes + 16 + n, is_v4 ? (const void *)&l4->sin_addr : &l6->sin6_addr, n);
	memcpy(bytes + 16 + 2 * n, is_v4 ? &p4->sin_port : &p6->sin6_port, 2);
	memcpy(bytes + 18 + 2 * n, is_v4 ? &l4->sin_port : &l6->sin6_port, 2);
	must(proxy_read(bytes, 20 + 2 * n, &again) == PROXY_DONE && again.has_addresses);
	must(is_same(&again.peer, &h->peer) && is_same(&again.local, &h->local));
}

/* Another reader of lines: what it can't read mustn't have been read. */
static void judge_line(const char *bytes, const struct proxy_header *h)
{
	char line[128], a[64], b[64], protocol[8], end[4];
	unsigned c, d;
	struct in6_addr number_of;
	must(h->size < sizeof line);
	memcpy(line, bytes, h->size);
	line[h->size] = '\0';
	must(sscanf(line, "PROXY %7s %63s %63s %u %u%3[\r\n]", protocol, a, b, &c, &d, end) == 6 && strcmp(end, "\r\n") == 0 && c < 65536 && d < 65536);
	int family = strcmp(protocol, "TCP4") == 0 ? AF_INET : AF_INET6;
	must(inet_pton(family, a, &number_of) == 1 && inet_pton(family, b, &number_of) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header h, part;
	enum proxy_verdict verdict = proxy_read(data, size, &h);
	if (verdict == PROXY_WRONG)
		must(h.why != NULL);
	if (verdict != PROXY_DONE)
		return 0;
	must(h.size <= size && h.size <= PROXY_LONGEST);
	for (size_t cut = 0; cut < h.size; cut++)
		must(proxy_read(data, cut, &part) == PROXY_MORE);
	if (!h.has_addresses || h.peer.ss_family == AF_UNIX)
		return 0;
	if (data[0] == 'P')
		judge_line((const char *)data, &h);
	if (h.peer.ss_family == h.local.ss_family) {
		say_again_as_line(&h);
		say_again_as_binary(&h);
	}
	return 0;
}

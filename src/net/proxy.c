/*
 * Version 1 is a line of text, version 2 binary. Both are read strictly: a
 * header comes from a program that we trust, so what is odd is a wrong port or
 * a wrong setting, and better found out than guessed at.
 */
#include "net/proxy.h"
#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

enum { LINE_LONGEST = 107, START = 16, V2_LOCAL = 0x20, V2_PROXY = 0x21, CRC32C = 0x03 };

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static enum proxy_verdict wrong(struct proxy_header *h, const char *why)
{
	h->why = why;
	return PROXY_WRONG;
}

static void set_v4(struct sockaddr_storage *to, const void *address, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	memcpy(&v4->sin_addr, address, 4);
}

static void set_v6(struct sockaddr_storage *to, const void *address, uint16_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, address, 16);
	address_plain(to);
}

/* --- version 1: "PROXY TCP4 192.0.2.1 198.51.100.2 4711 5222\r\n" --- */

/* The next word of the line, ended; NULL: there is none, or more than one blank before it. */
static char *word(char **at)
{
	char *start = *at, *end = start ? strchr(start, ' ') : NULL;
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return start && *start ? start : NULL;
}

static bool read_port(const char *text, uint16_t *port)
{
	uint32_t n = 0;
	size_t size = text ? strspn(text, "0123456789") : 0;
	if (!size || size > 5 || text[size] || (*text == '0' && size > 1))
		return false;
	for (size_t i = 0; i < size; i++)
		n = n * 10 + (uint32_t)(text[i] - '0');
	*port = (uint16_t)n;
	return n <= 65535;
}

static bool read_addresses(struct proxy_header *h, int family, char *rest)
{
	unsigned char from[16], to[16];
	uint16_t from_port, to_port;
	const char *a = word(&rest), *b = word(&rest), *c = word(&rest), *d = word(&rest);
	if (!a || !b || !c || !d || rest || inet_pton(family, a, from) != 1 || inet_pton(family, b, to) != 1 || !read_port(c, &from_port) || !read_port(d, &to_port))
		return false;
	void (*set)(struct sockaddr_storage *, const void *, uint16_t) = family == AF_INET ? set_v4 : set_v6;
	set(&h->peer, from, from_port);
	set(&h->local, to, to_port);
	h->has_addresses = true;
	return true;
}

static enum proxy_verdict read_line(const char *bytes, size_t size, struct proxy_header *h)
{
	char line[LINE_LONGEST + 1];
	const char *end = memchr(bytes, '\n', size < LINE_LONGEST ? size : LINE_LONGEST);
	if (!end)
		return size < LINE_LONGEST ? PROXY_MORE : wrong(h, "its line has no end");
	h->size = (size_t)(end - bytes) + 1;
	if (end[-1] != '\r' || memchr(bytes, '\0', h->size))
		return wrong(h, "its line is no text that ends with CR LF");
	memcpy(line, bytes, h->size - 2);
	line[h->size - 2] = '\0';
	char *rest = line + 6;
	const char *protocol = word(&rest);
	if (protocol && strcmp(protocol, "UNKNOWN") == 0)
		return PROXY_DONE;
	int family = !protocol ? 0 : strcmp(protocol, "TCP4") == 0 ? AF_INET : strcmp(protocol, "TCP6") == 0 ? AF_INET6 : 0;
	if (!family)
		return wrong(h, "its protocol is neither TCP4, TCP6 nor UNKNOWN");
	return read_addresses(h, family, rest) ? PROXY_DONE : wrong(h, "its addresses are wrong");
}

/* --- version 2 --- */

static uint16_t big(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t crc32c(const unsigned char *bytes, size_t size, const unsigned char *hole)     /* the four bytes at `hole` count as zeros */
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < size; i++) {
		bool is_zero = bytes + i >= hole && bytes + i < hole + 4;
		crc ^= is_zero ? 0u : bytes[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
	}
	return ~crc;
}

/* Of what may follow the addresses only the checksum is ours to look at. */
static bool check_more(const unsigned char *header, size_t size, size_t at, struct proxy_header *h)
{
	for (; at < size; at += 3u + big(header + at + 1)) {
		if (size - at < 3 || size - at - 3 < big(header + at + 1))
			return h->why = "what follows its addresses is cut off", false;
		const unsigned char *value = header + at + 3;
		if (header[at] != CRC32C)
			continue;
		if (big(value - 2) != 4 || crc32c(header, size, value) != ((uint32_t)big(value) << 16 | big(value + 2)))
			return h->why = "its checksum is wrong", false;
	}
	return true;
}

static bool take_addresses(const unsigned char *b, size_t size, size_t *used, struct proxy_header *h)
{
	switch (b[13]) {
	case 0x11:
		*used = START + 12;
		if (size < *used)
			return false;
		set_v4(&h->peer, b + 16, big(b + 24));
		set_v4(&h->local, b + 20, big(b + 26));
		return true;
	case 0x21:
		*used = START + 36;
		if (size < *used)
			return false;
		set_v6(&h->peer, b + 16, big(b + 48));
		set_v6(&h->local, b + 32, big(b + 50));
		return true;
	case 0x31:                           /* a Unix socket's names say nothing that we count by */
		*used = START + 216;
		h->peer.ss_family = h->local.ss_family = AF_UNIX;
		return size >= *used;
	}
	return false;
}

static enum proxy_verdict read_binary(const unsigned char *b, size_t size, struct proxy_header *h)
{
	if (size < START)
		return PROXY_MORE;
	h->size = START + (size_t)big(b + 14);
	if (b[12] != V2_LOCAL && b[12] != V2_PROXY)
		return wrong(h, "its version or command is unknown");
	if (h->size > PROXY_LONGEST)
		return wrong(h, "it is too long");
	if (size < h->size)
		return PROXY_MORE;
	size_t used = START;
	if (b[12] == V2_LOCAL || b[13] == 0)
		return PROXY_DONE;
	if (!take_addresses(b, h->size, &used, h))
		return wrong(h, "its addresses are none of a stream's, or cut off");
	if (!check_more(b, h->size, used, h))
		return PROXY_WRONG;
	h->has_addresses = true;
	return PROXY_DONE;
}

static bool begins(const void *bytes, size_t size, const char *with, size_t length)
{
	return memcmp(bytes, with, size < length ? size : length) == 0;
}

enum proxy_verdict proxy_read(const void *bytes, size_t size, struct proxy_header *h)
{
	memset(h, 0, sizeof *h);
	if (begins(bytes, size, signature, sizeof signature))
		return size < sizeof signature ? PROXY_MORE : read_binary(bytes, size, h);
	if (begins(bytes, size, "PROXY ", 6))
		return size < 6 ? PROXY_MORE : read_line(bytes, size, h);
	return wrong(h, "it begins like none");
}

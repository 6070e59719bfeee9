/* Numeric addresses, read and printed. */
#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool read_unix(const char *path, struct sockaddr_storage *to, socklen_t *size, struct fail *why)
{
	struct sockaddr_un *un = (struct sockaddr_un *)to;
	if (!*path || strlen(path) >= sizeof un->sun_path)
		return fail(why, "the path of a Unix socket has 1 to %zu bytes: %s", sizeof un->sun_path - 1, path);
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	*size = sizeof *un;
	return true;
}

static bool read_port(const char *text, in_port_t *port)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long n = strtoul(text, &end, 10);
	*port = htons((uint16_t)n);
	return !*end && n <= 65535;
}

bool address_read(const char *text, struct sockaddr_storage *to, socklen_t *size, bool *is_any, struct fail *why)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	char host[64];
	in_port_t port;
	memset(to, 0, sizeof *to);
	*is_any = false;
	if (strncmp(text, "unix:", 5) == 0)
		return read_unix(text + 5, to, size, why);

	const char *colon = strrchr(text, ':');
	bool in_brackets = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	size_t length = colon ? (size_t)(colon - text) - (in_brackets ? 2 : 0) : 0;
	if (!colon || length >= sizeof host || !read_port(colon + 1, &port))
		return fail(why, "\"%s\" is no address and port", text);
	memcpy(host, text + in_brackets, length);
	host[length] = '\0';

	*is_any = !in_brackets && strcmp(host, "*") == 0;
	if (!in_brackets && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		*size = sizeof *v4;
		return true;
	}
	if (!*is_any && !(in_brackets && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1))
		return fail(why, "\"%s\" is no address and port", text);
	v6->sin6_family = AF_INET6;          /* for "*" the zeros say every address */
	v6->sin6_port = port;
	*size = sizeof *v6;
	return true;
}

void address_print(const struct sockaddr_storage *from, char *to, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
		snprintf(to, size, "%s:%u", host, ntohs(v4->sin_port));
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
		snprintf(to, size, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else if (from->ss_family == AF_UNIX) {
		snprintf(to, size, "unix:%.*s", (int)size - 6, ((const struct sockaddr_un *)from)->sun_path);
	} else {
		snprintf(to, size, "unknown");       /* it had gone before anybody asked */
	}
}

void address_plain(struct sockaddr_storage *address)
{
	struct sockaddr_in6 v6;
	memcpy(&v6, address, sizeof v6);
	if (v6.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return;
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = v6.sin6_port };
	memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
	memset(address, 0, sizeof *address);
	memcpy(address, &v4, sizeof v4);
}

struct short_address address_shorten(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	struct short_address to = { .family = (uint8_t)from->ss_family };
	if (from->ss_family == AF_INET) {
		to.port = v4->sin_port;
		memcpy(to.host, &v4->sin_addr, sizeof v4->sin_addr);
	} else if (from->ss_family == AF_INET6) {
		to.port = v6->sin6_port;
		memcpy(to.host, &v6->sin6_addr, sizeof v6->sin6_addr);
	}
	return to;
}

void address_lengthen(struct short_address from, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	memset(to, 0, sizeof *to);
	to->ss_family = from.family;
	if (from.family == AF_INET) {
		v4->sin_port = from.port;
		memcpy(&v4->sin_addr, from.host, sizeof v4->sin_addr);
	} else if (from.family == AF_INET6) {
		v6->sin6_port = from.port;
		memcpy(&v6->sin6_addr, from.host, sizeof v6->sin6_addr);
	}
}

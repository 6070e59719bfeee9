/* Networks are compared by whole bytes and then by the bits that are left. */
#include "net/cidr.h"
#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED = 96 };                        /* bits before the IPv4 address in a mapped one */

static bool read_bits(const char *text, unsigned most, unsigned char *bits)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long n = strtoul(text, &end, 10);
	*bits = (unsigned char)n;
	return !*end && n <= most;
}

static bool has_more_bits(const struct cidr *c)
{
	for (unsigned i = c->bits; i < 128; i++)
		if (c->address[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

/* "::ffff:10.0.0.0/104" is 10.0.0.0/8. */
static void unmap(struct cidr *c)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (c->family != AF_INET6 || c->bits < MAPPED || memcmp(c->address, mapped, sizeof mapped) != 0)
		return;
	memmove(c->address, c->address + 12, 4);
	memset(c->address + 4, 0, 12);
	c->family = AF_INET;
	c->bits -= MAPPED;
}

bool cidr_read(const char *text, struct cidr *to, struct fail *why)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	*to = (struct cidr){ .family = AF_UNIX };
	if (strcmp(text, "unix") == 0)
		return true;
	if (size >= sizeof host)
		return fail(why, "\"%s\" is no network: 10.0.0.0/8, 2001:db8::/32, an address, or unix", text);
	memcpy(host, text, size);
	host[size] = '\0';
	to->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	to->bits = to->family == AF_INET ? 32 : 128;
	if (inet_pton(to->family, host, to->address) != 1 || (slash && !read_bits(slash + 1, to->bits, &to->bits)))
		return fail(why, "\"%s\" is no network: 10.0.0.0/8, 2001:db8::/32, an address, or unix", text);
	unmap(to);
	if (has_more_bits(to))
		return fail(why, "\"%s\" names more than the network: there are bits behind the first %d", text, to->bits);
	return true;
}

static bool is_within(const struct cidr *c, const void *address)
{
	const unsigned char *a = address;
	unsigned bytes = c->bits / 8, rest = c->bits % 8;
	return memcmp(a, c->address, bytes) == 0 && (!rest || (a[bytes] ^ c->address[bytes]) >> (8 - rest) == 0);
}

bool cidr_has(const struct cidr *c, const struct sockaddr_storage *address)
{
	struct sockaddr_storage plain = *address;
	address_plain(&plain);
	if (plain.ss_family != c->family)
		return false;
	if (c->family == AF_INET)
		return is_within(c, &((struct sockaddr_in *)&plain)->sin_addr);
	return c->family == AF_UNIX || is_within(c, &((struct sockaddr_in6 *)&plain)->sin6_addr);
}

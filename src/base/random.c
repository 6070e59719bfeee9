/* getrandom(2), a block at a time for each thread: a resource or a stream id costs no system call. */
#include "base/random.h"
#include "base/check.h"
#include <string.h>
#include <sys/random.h>

static _Thread_local unsigned char spare[512];
static _Thread_local size_t left;

static void from_kernel(void *to, size_t size)
{
	for (unsigned char *p = to; size;) {
		ssize_t n = getrandom(p, size, 0);
		if (n < 0)
			continue;       /* a signal came */
		p += n;
		size -= (size_t)n;
	}
}

void random_fill(void *to, size_t size)
{
	if (size > sizeof spare / 4) {
		from_kernel(to, size);
		return;
	}
	if (left < size) {
		from_kernel(spare, sizeof spare);
		left = sizeof spare;
	}
	left -= size;
	memcpy(to, spare + left, size);
	explicit_bzero(spare + left, size);         /* what was handed out is kept nowhere else */
}

uint64_t random_number(void)
{
	uint64_t n;
	random_fill(&n, sizeof n);
	return n;
}

char *random_text(char *to, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	random_fill(to, n);
	for (size_t i = 0; i < n; i++)
		to[i] = letters[(unsigned char)to[i] & 63];
	to[n] = '\0';
	return to;
}

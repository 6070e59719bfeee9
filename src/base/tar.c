/*
 * Numbers are octal text; a size of 8 GiB or more is binary behind a set top
 * bit, as GNU's tar began and others followed.
 */
#include "base/tar.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct head) == TAR_BLOCK, "a head is a block");

enum { OCTAL_DIGITS = 11 };

static void put_size(char to[12], uint64_t n)
{
	if (n >> OCTAL_DIGITS * 3 == 0) {
		snprintf(to, 12, "%011llo", (unsigned long long)n);
		return;
	}
	memset(to, 0, 12);
	to[0] = (char)0x80;
	for (int i = 11; i >= 4; i--, n >>= 8)
		to[i] = (char)(n & 0xff);
}

static bool get_size(const char from[12], uint64_t *n)
{
	*n = 0;
	if ((unsigned char)from[0] == 0x80) {
		for (int i = 4; i < 12; i++)
			*n = *n << 8 | (unsigned char)from[i];
		return !from[1] && !from[2] && !from[3] && *n <= INT64_MAX;
	}
	for (int i = 0; i < OCTAL_DIGITS; i++) {
		if (from[i] < '0' || from[i] > '7')
			return false;
		*n = *n << 3 | (uint64_t)(from[i] - '0');
	}
	return true;
}

/* Of all bytes, with the sum's own as blanks. */
static unsigned sum_of(const struct head *h)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= offsetof(struct head, sum) && i < offsetof(struct head, type) ? ' ' : p[i];
	return sum;
}

bool tar_write(char block[TAR_BLOCK], const struct tar_member *m, msec wall)
{
	struct head h = { .mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0', .magic = "ustar", .version = { '0', '0' } };
	if (memchr(m->name, '\0', TAR_NAME) == NULL || !*m->name)
		return false;
	memcpy(h.name, m->name, strlen(m->name));
	put_size(h.size, m->size);
	put_size(h.mtime, (uint64_t)(wall / 1000));
	snprintf(h.sum, sizeof h.sum, "%06o", sum_of(&h));
	h.sum[7] = ' ';
	memcpy(block, &h, TAR_BLOCK);
	return true;
}

static bool is_zero(const char block[TAR_BLOCK])
{
	for (int i = 0; i < TAR_BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

bool tar_read(const char block[TAR_BLOCK], struct tar_member *m, struct fail *why)
{
	struct head h;
	unsigned sum = 0;
	memcpy(&h, block, TAR_BLOCK);
	*m = (struct tar_member){ .size = 0 };
	if (is_zero(block))
		return true;
	if (sscanf(h.sum, "%7o", &sum) != 1 || sum != sum_of(&h))
		return fail(why, "the archive is damaged: a head's sum is wrong");
	if ((h.type != '0' && h.type) || *h.prefix || !memchr(h.name, '\0', TAR_NAME) || !*h.name || !get_size(h.size, &m->size))
		return fail(why, "the archive holds what no backup of ours holds");
	memcpy(m->name, h.name, TAR_NAME);
	return true;
}

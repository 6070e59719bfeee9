/*
 * UTF-8 is checked where it is read: no overlong forms, no surrogates, nothing
 * above U+10FFFF, and not U+FFFE and U+FFFF, which production 2 leaves out.
 */
#include "xml/chars.h"
#include <stddef.h>

enum { S = CHARS_SPACE, N = CHARS_NAME, L = CHARS_START | CHARS_NAME };

const unsigned char chars_class[256] = {
	['\t'] = S, ['\n'] = S, ['\r'] = S, [' '] = S,
	['-'] = N, ['.'] = N, ['0' ... '9'] = N,
	['A' ... 'Z'] = L, ['_'] = L, ['a' ... 'z'] = L,
};

struct range { uint32_t from, to; };

static const struct range starts[] = {
	{ 0xc0, 0xd6 }, { 0xd8, 0xf6 }, { 0xf8, 0x2ff }, { 0x370, 0x37d }, { 0x37f, 0x1fff }, { 0x200c, 0x200d },
	{ 0x2070, 0x218f }, { 0x2c00, 0x2fef }, { 0x3001, 0xd7ff }, { 0xf900, 0xfdcf }, { 0xfdf0, 0xfffd },
	{ 0x10000, 0xeffff },
};
static const struct range others[] = { { 0xb7, 0xb7 }, { 0x300, 0x36f }, { 0x203f, 0x2040 } };

static bool is_in(const struct range *r, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (code >= r[i].from && code <= r[i].to)
			return true;
	return false;
}

static bool may_be_in_name(uint32_t code, bool first)
{
	return is_in(starts, sizeof starts / sizeof *starts, code)
		|| (!first && is_in(others, sizeof others / sizeof *others, code));
}

/* How many bytes follow, and between what the first of them must be: that alone keeps overlong forms and surrogates out. */
static int lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 1;
	if (c >= 0xe0 && c <= 0xef)
		return 2;
	return c >= 0xf0 && c <= 0xf4 ? 3 : 0;
}

int chars_utf8(const char *p, const char *end, uint32_t *code)
{
	unsigned char c = (unsigned char)*p, low, high;
	int more = lead(c, &low, &high);
	if (!more)
		return 0;
	*code = c & (0x3fu >> more);
	for (int i = 1; i <= more; i++) {
		if (p + i == end)
			return -1;
		unsigned char next = (unsigned char)p[i];
		if (next < low || next > high)
			return 0;
		*code = *code << 6 | (next & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	return *code == 0xfffe || *code == 0xffff ? 0 : more + 1;
}

const char *chars_name_slow(const char *from, const char *p, const char *end)
{
	while (p < end) {
		if ((signed char)*p >= 0) {
			if (!chars_is(*p, p == from ? CHARS_START : CHARS_NAME))
				return p;
			p++;
			continue;
		}
		uint32_t code;
		int size = chars_utf8(p, end, &code);
		if (size < 0)
			return end;
		if (!size || !may_be_in_name(code, p == from))
			return p;
		p += size;
	}
	return p;
}

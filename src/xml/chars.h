/*
 * Characters: which bytes may stand where in XML 1.0, and fast ways over them.
 *
 * Names follow the fifth edition's ranges (production 4), without the colon,
 * which Namespaces in XML keeps for prefixes.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { CHARS_SPACE = 1, CHARS_START = 2, CHARS_NAME = 4 };   /* of ASCII; START: may begin a name */
extern const unsigned char chars_class[256];

static inline bool chars_is(char c, unsigned classes)
{
	return chars_class[(unsigned char)c] & classes;
}

static inline const char *chars_spaces(const char *p, const char *end)
{
	while (p < end && chars_is(*p, CHARS_SPACE))
		p++;
	return p;
}

/* How many bytes the character at p has: 0 when it is none that XML allows, -1 when its end isn't there yet. */
int chars_utf8(const char *p, const char *end, uint32_t *code);

/* How far a name without colon goes; p itself when none begins here, `end` when more of it may come. */
const char *chars_name(const char *p, const char *end);

/* Over printable ASCII other than a, b and c: what needs no thought. */
static inline const char *chars_plain(const char *p, const char *end, char a, char b, char c)
{
#ifdef __SSE2__
	const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c), low = _mm_set1_epi8(' ');
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)),
			_mm_or_si128(_mm_cmpeq_epi8(v, vc), _mm_cmplt_epi8(v, low)));   /* signed: above 0x7f is below, too */
		int mask = _mm_movemask_epi8(stop);
		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && (signed char)*p >= ' ' && *p != a && *p != b && *p != c)
		p++;
	return p;
}

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
const char *chars_name_slow(const char *from, const char *p, const char *end);

static inline const char *chars_name(const char *from, const char *end)
{
	const char *p = from;
	if (p < end && chars_is(*p, CHARS_START))
		for (p++; p < end && chars_is(*p, CHARS_NAME);)
			p++;
	return p < end && (signed char)*p < 0 ? chars_name_slow(from, p, end) : p;
}

#ifdef __SSE2__
static inline unsigned chars_stops(__m128i v, char a, char b, char c)
{
	__m128i ab = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(a)), _mm_cmpeq_epi8(v, _mm_set1_epi8(b)));
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(' '));    /* signed: what is above 0x7f is below, too */
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(ab, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)), low)));
}
#endif

/* Over printable ASCII other than a, b and c: what needs no thought. */
static inline const char *chars_plain(const char *p, const char *end, char a, char b, char c)
{
#ifdef __SSE2__
	const char *from = p;
	unsigned mask;
	for (; end - p >= 16; p += 16)
		if ((mask = chars_stops(_mm_loadu_si128((const __m128i *)(const void *)p), a, b, c)))
			return p + __builtin_ctz(mask);
	if (p > from) {                 /* the last 16 once more: those before p have no stop */
		mask = chars_stops(_mm_loadu_si128((const __m128i *)(const void *)(end - 16)), a, b, c);
		return mask ? end - 16 + __builtin_ctz(mask) : end;
	}
	if (end - p >= 8) {             /* the first eight and the last eight, which may overlap */
		__m128i first = _mm_loadl_epi64((const __m128i *)(const void *)p);
		__m128i last = _mm_loadl_epi64((const __m128i *)(const void *)(end - 8));
		if (!(mask = chars_stops(_mm_unpacklo_epi64(first, last), a, b, c)))
			return end;
		unsigned at = (unsigned)__builtin_ctz(mask);
		return at < 8 ? p + at : end - 16 + at;
	}
#endif
	while (p < end && (signed char)*p >= ' ' && *p != a && *p != b && *p != c)
		p++;
	return p;
}

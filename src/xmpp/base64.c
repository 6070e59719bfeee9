/*
 * Four characters for three bytes; the last four may end in '='.
 *
 * Written out here because the decoders at hand are lenient (they skip white
 * space, or take what padding hides), and SASL wants errors (RFC 6120 §6.4).
 */
#include "xmpp/base64.h"
#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *a, const void *data, size_t size)
{
	const unsigned char *from = data;
	char *out = arena_bytes(a, (size + 2) / 3 * 4 + 1), *to = out;
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)from[i] << 16 | (left > 1 ? from[i + 1] << 8 : 0) | (left > 2 ? from[i + 2] : 0);
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[bits & 63] : '=';
	}
	*to = '\0';
	return out;
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bits of four characters of which the last `padding` are '='; -1 when one is no digit. */
static int32_t quantum(const char *text, size_t padding)
{
	int32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int v = i < 4 - padding ? value(text[i]) : 0;
		if (v < 0)
			return -1;
		bits = bits << 6 | v;
	}
	return bits & ((1 << 8 * padding) - 1) ? -1 : bits;     /* RFC 4648 §3.5: what padding hides is zero */
}

char *base64_decode(struct arena *a, const char *text, size_t *size)
{
	size_t length = strlen(text);
	if (length % 4)
		return NULL;
	size_t padding = length && text[length - 1] == '=' ? 1 + (text[length - 2] == '=') : 0;
	char *out = arena_bytes(a, length / 4 * 3 + 1), *to = out;
	for (size_t i = 0; i < length; i += 4) {
		int32_t bits = quantum(text + i, i + 4 == length ? padding : 0);
		if (bits < 0)
			return NULL;
		*to++ = (char)(bits >> 16);
		*to++ = (char)(bits >> 8);
		*to++ = (char)bits;
	}
	*size = length / 4 * 3 - padding;
	out[*size] = '\0';
	return out;
}

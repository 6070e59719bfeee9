/*
 * OpenSSL turns the blocks; we refuse what it would forgive.
 *
 * EVP_DecodeBlock skips white space at both ends, takes '=' anywhere in the
 * last group, counts padding as bytes and drops spare bits. So the alphabet and
 * the padding are checked first, and the spare bits by encoding again: each
 * string of bytes then has one spelling only.
 */
#include "xmpp/base64.h"
#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

char *base64_encode(struct arena *a, const void *from, size_t size)
{
	char *text = arena_bytes(a, (size + 2) / 3 * 4 + 1);
	text[EVP_EncodeBlock((unsigned char *)text, from, (int)size)] = '\0';
	return text;
}

/* How many '=' end the text; -1 when the letters before them cannot be right. */
static int padding(const char *text, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t letters = strspn(text, alphabet);
	if (length % 4 || length > INT_MAX || length - letters > 2)
		return -1;
	if (strspn(text + letters, "=") != length - letters)
		return -1;
	return (int)(length - letters);
}

static bool spare_bits_are_zero(const char *text, size_t length, const unsigned char *bytes, int pads)
{
	unsigned char last[5];
	if (!pads)
		return true;
	EVP_EncodeBlock(last, bytes + length / 4 * 3 - 3, 3 - pads);
	return memcmp(last, text + length - 4, 4) == 0;
}

unsigned char *base64_decode(struct arena *a, const char *text, size_t *size)
{
	size_t length = strlen(text);
	int pads = padding(text, length);
	if (pads < 0)
		return NULL;

	unsigned char *bytes = (unsigned char *)arena_bytes(a, length / 4 * 3 + 1);
	*size = length / 4 * 3 - (size_t)pads;
	if (length)
		EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
	if (!spare_bits_are_zero(text, length, bytes, pads))
		return NULL;
	bytes[*size] = '\0';            /* for those who know it to be text */
	return bytes;
}

unsigned char *base64_decode_url(struct arena *a, const char *text, size_t length, size_t *size)
{
	char *usual = arena_bytes(a, length + 3);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '+' || text[i] == '/' || text[i] == '=' || !text[i])
			return NULL;
		usual[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	}
	while (length % 4 > 1)                   /* one letter too many is nobody's, and base64_decode says so */
		usual[length++] = '=';
	usual[length] = '\0';
	return base64_decode(a, usual, size);
}

/*
 * Prints our verdict on each code point, for precis-codepoints.py to compare:
 * its class, and what the profiles make of it alone and behind an 'a', in
 * hexadecimal, "-" for refused.
 */
#include <stdio.h>
#include <string.h>
#include "xmpp/precis.h"

static size_t utf8(char *to, unsigned code)
{
	if (code < 0x80)
		return to[0] = (char)code, 1;
	int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
	to[0] = (char)(lead[tail] | code >> 6 * tail);
	for (int i = 1; i <= tail; i++)
		to[i] = (char)(0x80 | (code >> 6 * (tail - i) & 0x3F));
	return (size_t)tail + 1;
}

static void print(size_t (*profile)(char *, size_t, const char *, size_t), const char *text, size_t size)
{
	char out[64];
	size_t used = profile(out, sizeof out, text, size);
	putchar(' ');
	for (size_t i = 0; i < used; i++)
		printf("%02x", (unsigned char)out[i]);
	if (!used)
		putchar('-');
}

int main(void)
{
	static const char *const names[] = { "?", "UNASSIGNED", "DISALLOWED", "PVALID", "FREE_PVAL", "CONTEXTJ", "CONTEXTO" };
	for (unsigned code = 0; code < 0x110000; code++) {
		char text[8] = "a";
		printf("%s", names[precis_class(code)]);
		size_t size = utf8(text + 1, code);
		print(precis_username, text + 1, size);
		print(precis_username, text, size + 1);
		print(precis_opaque, text + 1, size);
		print(precis_opaque, text, size + 1);
		putchar('\n');
	}
	return 0;
}

/* libunistring's folding, with its memory for long texts. */
#include "xmpp/fold.h"
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unistr.h>

/* In place; returns the new size. */
static size_t tidy(char *text, size_t size)
{
	size_t to = 0;
	for (size_t i = 0; i < size; i++) {
		bool is_space = strchr(" \t\r\n", text[i]) != NULL;
		if (!is_space)
			text[to++] = text[i];
		else if (to && text[to - 1] != ' ')
			text[to++] = ' ';
	}
	return to && text[to - 1] == ' ' ? to - 1 : to;
}

char *fold(struct arena *a, const char *text)
{
	uint8_t buffer[512];
	size_t size = sizeof buffer;
	if (u8_check((const uint8_t *)text, strlen(text)))
		return NULL;
	uint8_t *folded = u8_casefold((const uint8_t *)text, strlen(text), "", UNINORM_NFKC, buffer, &size);
	if (!folded)
		return NULL;
	char *result = arena_copy(a, folded, size);
	result[tidy(result, size)] = '\0';
	if (folded != buffer)
		free(folded);
	return result;
}

/* Quoted strings may hold anything, commas too, and "\" takes the next character as it is. */
#include "xmpp/digest_md5.h"
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Behind the closing quote; NULL: there is none. */
static const char *read_quoted(const char *at, char *to)
{
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		*to++ = *at;
	}
	*to = '\0';
	return *at ? at + 1 : NULL;
}

static const char *read_value(struct arena *a, const char *at, char **value)
{
	size_t size = strcspn(at, ", \t\r\n");
	if (*at == '"') {
		*value = arena_bytes(a, strlen(at) + 1);
		return read_quoted(at, *value);
	}
	*value = arena_copy(a, at, size);
	return size && !memchr(at, '"', size) ? at + size : NULL;
}

static const char *read_name(struct arena *a, const char *at, char **name)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t size = strspn(at, token);
	*name = arena_copy(a, at, size);
	at = skip_blanks(at + size);
	return size && *at == '=' ? skip_blanks(at + 1) : NULL;
}

bool digest_md5_read(struct arena *a, const char *text, size_t size, const char *name, const char **value)
{
	const char *at = skip_blanks(arena_copy(a, text, size));
	*value = NULL;
	if (memchr(text, '\0', size))
		return false;
	while (*at) {
		char *its, *is;
		at = read_name(a, at, &its);
		at = at ? read_value(a, at, &is) : NULL;
		if (!at || (strcasecmp(its, name) == 0 && *value))
			return false;
		if (strcasecmp(its, name) == 0)
			*value = is;
		at = skip_blanks(at);
		if (*at && *at++ != ',')
			return false;
		at += strspn(at, ", \t\r\n");        /* a list may have empty members */
	}
	return true;
}

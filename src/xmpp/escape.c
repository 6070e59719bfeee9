/*
 * XEP-0106: how what no localpart may hold is written in one.
 *
 * A backslash is escaped only where it would read as an escape; "\20" never
 * begins or ends an escaped localpart, so neither may a space what we escape.
 */
#include "xmpp/jid.h"
#include <string.h>

static const char hex[] = "0123456789abcdef";

static bool must_escape(char c)
{
	return c != 0 && strchr(" \"&'/:<>@", c);
}

/* What the three characters at text stand for; 0 when they are no escape. Case matters: §3.1. */
static char meaning(const char *text)
{
	if (text[0] != '\\' || !text[1] || !text[2])
		return 0;
	const char *high = strchr(hex, text[1]), *low = strchr(hex, text[2]);
	if (!high || !low)
		return 0;
	char c = (char)((high - hex) << 4 | (low - hex));
	return c == '\\' || must_escape(c) ? c : 0;
}

static char *put(char *to, char c)
{
	*to++ = '\\';
	*to++ = hex[(unsigned char)c >> 4];
	*to++ = hex[c & 15];
	return to;
}

const char *jid_escape(struct arena *a, const char *local)
{
	size_t size = strlen(local);
	if (size && (local[0] == ' ' || local[size - 1] == ' '))
		return NULL;
	char *out = arena_bytes(a, size * 3 + 1), *to = out;
	for (; *local; local++)
		if (must_escape(*local) || meaning(local))
			to = put(to, *local);
		else
			*to++ = *local;
	*to = '\0';
	return out;
}

const char *jid_unescape(struct arena *a, const char *local)
{
	const char *from = local;
	char *out = arena_bytes(a, strlen(local) + 1), *to = out;
	while (*from) {
		char c = meaning(from);
		if (!c || (c == ' ' && (from == local || !from[3]))) {
			*to++ = *from++;
			continue;
		}
		*to++ = c;
		from += 3;
	}
	*to = '\0';
	return out;
}

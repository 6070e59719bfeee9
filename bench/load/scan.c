/*
 * Where a stanza ends, and what its first tag says.
 *
 * The scan jumps from `<` to `>`: our own texts have neither inside a quoted
 * value, and servers escape what they print. It goes on where it stopped, so
 * that a stanza in many pieces is looked at once.
 */
#include "load.h"
#include <string.h>

/* True at the end of the element. The stream's own header ends with its `>`. */
static bool tag(struct client *c, const char *open, const char *close)
{
	bool is_end = open[1] == '/', is_empty = close[-1] == '/';
	if (open[1] == '?')
		return false;
	if (c->step == STEP_HEADER && !c->depth && !is_empty && !is_end)
		return true;
	c->depth += is_end ? -1 : is_empty ? 0 : 1;
	return c->depth <= 0;
}

size_t scan_element(struct client *c, const char *text, size_t size)
{
	const char *at = text + c->scanned, *end = text + size, *open, *close;
	while ((open = memchr(at, '<', (size_t)(end - at))) && (close = memchr(open, '>', (size_t)(end - open)))) {
		at = close + 1;
		c->scanned = (size_t)(at - text);
		if (tag(c, open, close)) {
			size_t length = c->scanned;
			c->scanned = 0;
			c->depth = 0;
			return length;
		}
	}
	return 0;
}

struct piece piece_trimmed(const char *at, size_t size)
{
	const char *end = at + size;
	while (at < end && *at != '<')
		at++;
	if (piece_is((struct piece){ at, (size_t)(end - at) }, "<?xml"))
		return piece_trimmed(at + 1, size - 1);
	return (struct piece){ at, (size_t)(end - at) };
}

bool piece_is(struct piece p, const char *beginning)
{
	size_t size = strlen(beginning);
	return p.size >= size && memcmp(p.at, beginning, size) == 0;
}

bool piece_has(struct piece p, const char *words)
{
	return memmem(p.at, p.size, words, strlen(words)) != NULL;
}

bool piece_same(struct piece p, const char *text)
{
	return p.size == strlen(text) && memcmp(p.at, text, p.size) == 0;
}

struct piece piece_attribute(struct piece p, const char *name)
{
	size_t size = strlen(name);
	const char *end = memchr(p.at, '>', p.size);
	for (const char *at = p.at; end && (at = memchr(at, ' ', (size_t)(end - at))); at++) {
		if ((size_t)(end - at) <= size + 3 || memcmp(at + 1, name, size) != 0 || at[1 + size] != '=')
			continue;
		const char *value = at + size + 3, *quote = memchr(value, at[size + 2], (size_t)(end - value));
		if (quote)
			return (struct piece){ value, (size_t)(quote - value) };
	}
	return (struct piece){ "", 0 };
}

uint64_t digits(const char **at)
{
	uint64_t n = 0;
	for (; **at >= '0' && **at <= '9'; ++*at)
		n = n * 10 + (uint64_t)(**at - '0');
	return n;
}

char *put_number(char *at, uint64_t n)
{
	char text[20], *from = text + sizeof text;
	do {
		*--from = (char)('0' + n % 10);
	} while (n /= 10);
	size_t size = (size_t)(text + sizeof text - from);
	memcpy(at, from, size);
	return at + size;
}

unsigned piece_sender(struct piece p)
{
	struct piece from = piece_attribute(p, "from");
	if (!piece_is(from, "user"))
		return options.users;
	const char *at = from.at + 4;
	uint64_t n = digits(&at);
	return *at == '@' && n >= options.first && n - options.first < options.users ? (unsigned)(n - options.first) : options.users;
}

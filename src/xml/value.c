/* XML 1.0 §2.11 line ends, §3.3.3 attribute values, §4.1 references. */
#include "xml/value.h"
#include <stdint.h>
#include <string.h>
#include "xml/chars.h"

enum { NOTHING = 0xffffffff };

static uint32_t digit(char c, uint32_t base)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (base == 16 && ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
		return (uint32_t)((c | 0x20) - 'a' + 10);
	return NOTHING;
}

/* XML 1.0 production 2, as far as a number can miss it. */
static bool is_char(uint32_t code)
{
	if (code < ' ')
		return code == '\t' || code == '\n' || code == '\r';
	return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code < 0x110000);
}

/* `&#…;`: p is behind the `#`; moved behind the `;`. */
static uint32_t number(const char **at, const char *end)
{
	const char *p = *at;
	uint32_t base = p < end && *p == 'x' ? 16 : 10, code = 0, d;
	if (base == 16)
		p++;
	const char *first = p;
	for (; p < end && (d = digit(*p, base)) != NOTHING; p++)
		code = code < 0x110000 ? code * base + d : code;
	if (p == first || p == end || *p != ';' || !is_char(code))
		return NOTHING;
	*at = p + 1;
	return code;
}

static uint32_t entity(const char *name, size_t size)
{
	static const struct { char name[6]; char means; } known[] = {
		{ "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' }, { "apos", '\'' },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strlen(known[i].name) == size && memcmp(known[i].name, name, size) == 0)
			return (uint32_t)known[i].means;
	return NOTHING;
}

/* p is behind the `&`. An entity that XMPP doesn't know could only come from a DTD: RFC 6120 §11.1. */
static uint32_t reference(const char **at, const char *end, enum xml_fault *fault)
{
	const char *p = *at, *e;
	*fault = XML_NOT_WELL_FORMED;
	if (p < end && *p == '#') {
		*at = p + 1;
		return number(at, end);
	}
	e = chars_name(p, end);
	if (e == p || e == end || *e != ';')
		return NOTHING;
	*at = e + 1;
	*fault = XML_RESTRICTED;
	return entity(p, (size_t)(e - p));
}

static char *put(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	*to++ = (char)(lead[more] | code >> 6 * more);
	while (more--)
		*to++ = (char)(0x80 | (code >> 6 * more & 0x3f));
	return to;
}

/* A carriage return, with the line feed behind it, is one line end. */
static const char *line_end(const char *p, const char *end)
{
	return p + 1 < end && p[1] == '\n' ? p + 2 : p + 1;
}

static char *move(char *to, const char *from, const char *end)
{
	size_t size = (size_t)(end - from);
	memmove(to, from, size);
	return to + size;
}

ssize_t value_attribute(char *s, size_t size, enum xml_fault *fault)
{
	const char *p = s, *end = s + size;
	char *to = s;
	while (p < end) {
		if (*p == '&') {
			p++;
			uint32_t code = reference(&p, end, fault);
			if (code == NOTHING)
				return -1;
			to = put(to, code);
		} else if (chars_is(*p, CHARS_SPACE)) {
			p = *p == '\r' ? line_end(p, end) : p + 1;
			*to++ = ' ';
		} else {
			*to++ = *p++;
		}
	}
	return to - s;
}

static char *cdata(char *to, const char *p, const char *end)
{
	while (p < end) {
		if (*p == '\r') {
			p = line_end(p, end);
			*to++ = '\n';
		} else {
			*to++ = *p++;
		}
	}
	return to;
}

ssize_t value_in_text(char *s, size_t size, enum xml_fault *fault)
{
	const char *p = s, *end = s + size;
	char *to = s;
	while (p < end) {
		const char *plain = p;
		p = chars_plain(p, end, '<', '&', '\r');
		to = to == plain ? to + (p - plain) : move(to, plain, p);
		if (p == end)
			break;
		if (*p == '&') {
			p++;
			uint32_t code = reference(&p, end, fault);
			if (code == NOTHING)
				return -1;
			to = put(to, code);
		} else if (*p == '<') {         /* lex_token lets only CDATA pass */
			const char *from = p + strlen("<![CDATA[");
			p = memmem(from, (size_t)(end - from), "]]>", 3);
			to = cdata(to, from, p);
			p += strlen("]]>");
		} else if (*p == '\r') {
			p = line_end(p, end);
			*to++ = '\n';
		} else {
			*to++ = *p++;
		}
	}
	return to - s;
}

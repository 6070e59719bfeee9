/*
 * Printing trees.
 *
 * Prefixes are few: `stream:` and `xml:`, which are always declared, and
 * ns1, ns2, … for an attribute with a namespace, declared right beside it.
 * Elements declare their namespace as the default one.
 */
#include <stdio.h>
#include <string.h>
#include "xml/chars.h"
#include "xml/known.h"
#include "xml/xml.h"

static inline __attribute__((always_inline)) void put(struct buf *b, const char *s, size_t size)
{
	if (b->size - b->end < size)
		buf_room(b, size);
	memcpy(b->data + b->end, s, size);
	b->end += size;
}

#define PUT(b, literal) put(b, literal, sizeof literal - 1)

static void put_string(struct buf *b, const char *s)
{
	put(b, s, strlen(s));
}

/* A character that no XML may hold can only come from ourselves; it must not end somebody's stream. */
static void put_strange(struct buf *b, char c)
{
	switch (c) {
	case '<':  PUT(b, "&lt;");   break;
	case '>':  PUT(b, "&gt;");   break;
	case '&':  PUT(b, "&amp;");  break;
	case '\'': PUT(b, "&apos;"); break;
	case '\t': PUT(b, "&#x9;");  break;
	case '\n': PUT(b, "&#xA;");  break;
	case '\r': PUT(b, "&#xD;");  break;
	default:   PUT(b, "\xef\xbf\xbd");
	}
}

static void put_text(struct buf *b, const char *s)
{
	const char *end = s + strlen(s), *from = s;
	while ((s = chars_plain(s, end, '<', '&', '>')) < end) {
		if ((signed char)*s < 0 || *s == '\n' || *s == '\t') {
			s++;
			continue;
		}
		put(b, from, (size_t)(s - from));
		put_strange(b, *s++);
		from = s;
	}
	put(b, from, (size_t)(end - from));
}

static void put_quoted(struct buf *b, const char *s)
{
	const char *end = s + strlen(s), *from = s;
	PUT(b, "='");
	while ((s = chars_plain(s, end, '<', '&', '\'')) < end) {
		if ((signed char)*s < 0) {
			s++;
			continue;
		}
		put(b, from, (size_t)(s - from));
		put_strange(b, *s++);
		from = s;
	}
	put(b, from, (size_t)(end - from));
	PUT(b, "'");
}

static void put_foreign(struct buf *b, const struct xml *attr, unsigned number)
{
	char prefix[16];
	snprintf(prefix, sizeof prefix, "ns%u", number);
	PUT(b, " xmlns:");
	put_string(b, prefix);
	put_quoted(b, attr->ns);
	PUT(b, " ");
	put_string(b, prefix);
	PUT(b, ":");
}

static void put_attribute(struct buf *b, const struct xml *attr, const char *value, unsigned *foreign)
{
	if (!attr->ns || !*attr->ns)
		PUT(b, " ");
	else if (known_same(attr->ns, known_xml))
		PUT(b, " xml:");
	else
		put_foreign(b, attr, ++*foreign);
	put_string(b, attr->name);
	put_quoted(b, value);
}

/* The prefix of an element that has one; for any other the namespace is the default. */
static const char *prefix(const struct xml *el)
{
	if (known_same(el->ns, known_streams))
		return "stream:";
	return known_same(el->ns, known_xml) ? "xml:" : NULL;
}

static void put_name(struct buf *b, const struct xml *el, const char *p)
{
	if (p)
		put_string(b, p);
	put_string(b, el->name);
}

static void print_head(struct buf *b, const struct xml *el, const char *p, const char *around, const char *to)
{
	unsigned foreign = 0;
	PUT(b, "<");
	put_name(b, el, p);
	if (!p && !known_same(el->ns, around)) {
		PUT(b, " xmlns");
		put_quoted(b, el->ns);
	}
	for (const struct xml *a = el->attrs; a; a = a->next) {
		bool addressed = to && !a->ns && strcmp(a->name, "to") == 0;
		put_attribute(b, a, addressed ? to : a->text, &foreign);
		if (addressed)
			to = NULL;
	}
	if (to) {
		PUT(b, " to");
		put_quoted(b, to);
	}
}

static bool is_empty(const struct xml *el)
{
	const struct xml *c = el->first;
	while (c && !c->name && !*c->text)
		c = c->next;
	return !c;
}

static void print(struct buf *b, const struct xml *el, const char *p, const char *around);

static void print_rest(struct buf *b, const struct xml *el, const char *p, const char *around)
{
	if (is_empty(el)) {
		PUT(b, "/>");
		return;
	}
	const char *inside = p ? around : el->ns;
	PUT(b, ">");
	for (const struct xml *c = el->first; c; c = c->next) {
		if (!c->name)
			put_text(b, c->text);
		else    /* an element without prefix passes that on to children in its namespace */
			print(b, c, !p && c->ns == el->ns ? NULL : prefix(c), inside);
	}
	PUT(b, "</");
	put_name(b, el, p);
	PUT(b, ">");
}

static void print(struct buf *b, const struct xml *el, const char *p, const char *around)
{
	print_head(b, el, p, around, NULL);
	print_rest(b, el, p, around);
}

void xml_print(struct buf *b, const struct xml *el, const char *around)
{
	print(b, el, prefix(el), around);
}

void xml_print_head(struct buf *b, const struct xml *el, const char *around, const char *to)
{
	print_head(b, el, prefix(el), around, to);
}

void xml_print_rest(struct buf *b, const struct xml *el, const char *around)
{
	print_rest(b, el, prefix(el), around);
}

char *xml_string(struct arena *a, const struct xml *el, const char *around)
{
	struct buf b = { 0 };
	xml_print(&b, el, around);
	char *s = arena_copy(a, buf_start(&b), buf_length(&b));
	buf_clear(&b);
	return s;
}

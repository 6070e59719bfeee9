/*
 * Headers are text of our own making, because they are never closed like an
 * element; every value in them is escaped by the printer.
 */
#include "streams/header.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum stream_kind header_kind(const struct xml_found *open)
{
	const char *around = open->around;
	return strcmp(around, NS_CLIENT) == 0 ? STREAM_CLIENT : strcmp(around, NS_SERVER) == 0 ? STREAM_SERVER
		: strcmp(around, NS_COMPONENT) == 0 ? STREAM_COMPONENT : STREAM_STRANGE;
}

/* RFC 6120 §4.7.5: a version without or before 1.0 is one we don't speak. */
static bool speaks_1_0(const char *version)
{
	char *end;
	if (!version || *version < '0' || *version > '9')
		return false;
	return strtoul(version, &end, 10) >= 1 && *end == '.';
}

enum stream_error header_check(const struct xml_found *open, bool may_be_old)
{
	if (open->element->ns != NS_STREAMS)
		return STREAM_INVALID_NAMESPACE;
	if (strcmp(open->element->name, "stream") != 0)
		return STREAM_BAD_FORMAT;
	if (header_kind(open) != STREAM_CLIENT)              /* servers: not yet (§4.9.3.10) */
		return STREAM_INVALID_NAMESPACE;
	if (!may_be_old && !speaks_1_0(xml_get(open->element, "version")))
		return STREAM_UNSUPPORTED_VERSION;
	return STREAM_NONE;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* RFC 5646 §2.1: subtags of up to 8 letters and digits, the first of letters; that is one alone only in "x-…" and "i-…". */
bool header_is_language(const char *tag)
{
	size_t size = strspn(tag, LETTERS);
	if (size < 1 || size > 8 || strlen(tag) >= 64 || (size == 1 && !(strchr("xXiI", *tag) && tag[1] == '-')))
		return false;
	for (const char *at = tag + size; *at; at += size) {
		size = strspn(++at, LETTERS "0123456789");
		if (at[-1] != '-' || size < 1 || size > 8)
			return false;
	}
	return true;
}

static void text(struct buf *out, const char *words)
{
	buf_add(out, words, strlen(words));
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	text(out, " ");
	text(out, name);
	text(out, "='");
	for (; *value; value++) {
		switch (*value) {
		case '&':  text(out, "&amp;"); break;
		case '<':  text(out, "&lt;"); break;
		case '>':  text(out, "&gt;"); break;
		case '\'': text(out, "&apos;"); break;
		case '"':  text(out, "&quot;"); break;
		default:   buf_byte(out, *value);
		}
	}
	text(out, "'");
}

void header_write(struct buf *out, const char *from, const char *to, const char *id)
{
	text(out, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'");
	attribute(out, "id", id);
	attribute(out, "from", from);
	attribute(out, "to", to);
	attribute(out, "version", "1.0");
	attribute(out, "xml:lang", "en");      /* RFC 6120 §4.7.4: the language of our words, whatever the client asked for */
	text(out, ">");
}

void header_write_component(struct buf *out, const char *from, const char *id)
{
	text(out, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'");
	attribute(out, "id", id);
	attribute(out, "from", from);
	text(out, ">");
}

void header_write_error(struct buf *out, enum stream_error error, const char *words, const struct xml *application)
{
	struct arena *a = arena_new();
	xml_print(out, stream_error_element(a, error, words, application), NS_CLIENT);
	arena_free(a);
	text(out, "</stream:stream>");
}

enum stream_error header_fault(enum xml_fault fault)
{
	switch (fault) {
	case XML_NOT_WELL_FORMED:      return STREAM_NOT_WELL_FORMED;
	case XML_BAD_NAMESPACE_PREFIX: return STREAM_BAD_NAMESPACE_PREFIX;
	case XML_RESTRICTED:           return STREAM_RESTRICTED_XML;
	case XML_UNSUPPORTED_ENCODING: return STREAM_UNSUPPORTED_ENCODING;
	case XML_TOO_LONG:
	case XML_TOO_DEEP:
	case XML_TOO_MANY:             return STREAM_POLICY_VIOLATION;
	}
	return STREAM_NOT_WELL_FORMED;
}

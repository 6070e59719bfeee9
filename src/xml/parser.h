/*
 * Parser: the bytes of an XMPP stream become stanzas (RFC 6120 §4, §11).
 *
 * One for each stream, incremental and linear in its input; between stanzas it
 * holds no bytes and no arena. It accepts XMPP's subset of XML: UTF-8, the five
 * entities, character references, CDATA (normalised to text); it refuses
 * DTDs, processing instructions, comments and other entities. A fault is told
 * as soon as the token that holds it is complete, and at once where bytes can
 * belong to no XML at all.
 */
#pragma once
#include "xml/xml.h"

enum xml_fault {                     /* the stream error of RFC 6120 §4.9.3 that each becomes */
	XML_NOT_WELL_FORMED,
	XML_BAD_NAMESPACE_PREFIX,    /* a prefix that isn't declared */
	XML_RESTRICTED,              /* comment, PI, DTD, entity: §11.1 */
	XML_UNSUPPORTED_ENCODING,    /* a declaration that names another encoding than UTF-8 */
	XML_TOO_LONG,                /* limits: policy-violation */
	XML_TOO_DEEP,
	XML_TOO_MANY,                /* attributes in an element, or namespace declarations */
};

struct xml_limits {
	size_t   stanza;             /* bytes of one stanza, tags and all; of the stream header too */
	unsigned depth;              /* nested elements in a stanza, itself counted */
	unsigned attributes;         /* of one element, namespace declarations counted */
	size_t   name;               /* bytes of a name with its prefix */
};

enum xml_event {
	XML_MORE,                    /* all bytes were taken; nothing is complete */
	XML_OPEN,                    /* the stream's header: an element without children; nothing is known of its name or namespace but that it parses */
	XML_STANZA,                  /* a whole element at depth one */
	XML_CLOSE,                   /* the header's end tag */
	XML_WRONG,                   /* see `fault`; nothing more can be parsed */
};

struct xml_found {
	struct arena *arena;         /* OPEN, STANZA: the caller's now; holds `element` */
	struct xml   *element;
	const char   *around;        /* OPEN: the default namespace it declares for what follows, "" when none; lives in the arena */
	size_t        bytes;         /* STANZA: how long it was on the wire */
	enum xml_fault fault;        /* WRONG */
};

struct xml_parser;

struct xml_parser *xml_parser_new(const struct xml_limits *);        /* expects a stream header */
void xml_parser_free(struct xml_parser *);
void xml_parser_limit(struct xml_parser *, const struct xml_limits *);   /* from the next token on */
void xml_parser_restart(struct xml_parser *);                         /* a new header comes: after STARTTLS or SASL */
/* For what has no header (WebSocket frames, a stored stanza): the next complete element is a STANZA, with `around` the default namespace and `stream:` declared. */
void xml_parser_headless(struct xml_parser *, const char *around);

/* Takes bytes from *at up to `end` and moves *at behind what it took. Call again until it says XML_MORE. */
enum xml_event xml_parser_next(struct xml_parser *, const char **at, const char *end, struct xml_found *);
size_t xml_parser_held(const struct xml_parser *);                    /* bytes of an unfinished stanza */

/* One whole element from a string, as printed by xml_print with the same `around`; NULL when it isn't one. */
struct xml *xml_parse(struct arena *, const char *text, size_t size, const char *around);

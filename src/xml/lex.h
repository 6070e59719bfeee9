/*
 * Lex: one token of a stream, found in bytes that it doesn't change.
 *
 * A token is a tag, a run of text with its CDATA sections, or the XML
 * declaration. When the bytes end before the token does, the caller keeps them
 * and goes on later: a text from its mark, a tag when lex_ends has seen its
 * end. So no byte is looked at more than a few times, however they come.
 */
#pragma once
#include <stddef.h>
#include "base/arena.h"
#include "xml/parser.h"

enum lex_kind { LEX_MORE, LEX_START, LEX_EMPTY, LEX_END, LEX_TEXT, LEX_DECLARATION, LEX_WRONG };

struct lex_name {
	const char *at;
	size_t size, prefix;         /* with prefix and colon; of the prefix alone, 0 without */
};

struct lex_attr {
	struct lex_name name;
	const char *value;
	size_t size;
	bool   plain;                /* nothing in it to unescape */
};

struct lex_mark {                    /* where a token that wasn't complete goes on; all zero at its begin */
	size_t at;                   /* text: how far it was read */
	bool   cdata, marked_up;     /* text: inside a CDATA section; something to unescape was seen */
	unsigned char state;         /* tag: see lex_ends, and how far that has read */
	size_t tag;
};

enum { LEX_FEW = 16 };

struct lex {
	const struct xml_limits *limits;
	struct arena *arena;         /* for what doesn't fit into `few` */
	bool may_declare, may_text;  /* what the place of the token allows */

	const char *end;             /* behind the token */
	enum xml_fault fault;        /* LEX_WRONG */
	struct lex_name name;        /* tags */
	struct lex_attr *attrs;      /* LEX_START, LEX_EMPTY */
	size_t count, room;
	bool plain;                  /* LEX_TEXT */
	struct lex_attr few[LEX_FEW];
};

/* `p` is the begin of a token, with at least one byte; for text the mark says what is known of it. */
enum lex_kind lex_token(struct lex *, const char *p, const char *end, struct lex_mark *);

/* Is it worth to call lex_token? Goes on from the mark; false: the token surely has no end and no fault yet. */
bool lex_ends(const char *p, const char *end, struct lex_mark *);

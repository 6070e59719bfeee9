/*
 * Our parser against expat: the same bytes, in pieces that the bytes
 * themselves choose, must give the same events and the same verdict.
 *
 * The first byte of the input seeds the sizes of the pieces; the rest is the
 * stream. What each parser saw is written down as lines: the header, each
 * stanza as it prints, the close. Then each stanza we saw is printed and
 * parsed again, which must give the same tree.
 *
 * A fault may be told at different moments inside one token: expat checks
 * some things only at its end, and so do we. When just one of the two found a
 * fault, the token is therefore completed, and then the other must find one.
 *
 * Tolerated, each on purpose:
 *  - A character that only the fifth edition of XML 1.0 allows in a name (expat
 *    knows the fourth's tables): expat must stop exactly at such a character.
 *  - A byte order mark, which RFC 6120 §11.6 wants read as a character, so as
 *    text before the root element; expat skips it.
 *  - A DTD, which we refuse by its first word: expat's handler may have to wait for the name behind it.
 *  - UTF-16, which expat finds out by the first two bytes whatever it was told.
 */
#include <expat.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "xml/chars.h"
#include "xml/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const interned[] = {
	"http://www.w3.org/XML/1998/namespace", "http://etherx.jabber.org/streams", "jabber:client", "jabber:server", "urn:xmpp:ping",
};

static const struct xml_limits limits = { 1 << 20, 3000, 20000, 1 << 20 };

struct run {
	struct buf log;              /* a line for each event */
	bool fault;
};

enum { SEPARATOR = '\x01' };         /* between namespace and name; no XML contains it */

/* --- ours --- */

static void log_tree(struct buf *log, const char *what, const struct xml *el)
{
	buf_add(log, what, 1);
	xml_print(log, el, "");
	buf_byte(log, '\n');
}

static void must_survive_printing(const struct xml *el)
{
	static const char *const arounds[] = { "", "jabber:client", "http://etherx.jabber.org/streams", "a" };
	for (size_t i = 0; i < sizeof arounds / sizeof *arounds; i++) {
		struct arena *a = arena_new();
		const char *text = xml_string(a, el, arounds[i]);
		struct xml *again = xml_parse(a, text, strlen(text), arounds[i]);
		if (!again || !xml_same(el, again) || strcmp(xml_string(a, again, arounds[i]), text) != 0)
			abort();
		struct xml *clone = xml_clone(a, el);
		if (!xml_same(clone, again))
			abort();
		arena_free(a);
	}
}

static void feed_ours(struct run *r, struct xml_parser *p, const char *from, size_t size)
{
	const char *at = from, *end = from + size;
	struct xml_found found;
	while (!r->fault) {
		enum xml_event event = xml_parser_next(p, &at, end, &found);
		if (event == XML_MORE)
			break;
		if (event == XML_WRONG)
			r->fault = true;
		if (event == XML_CLOSE)
			buf_add(&r->log, "close\n", 6);
		if (event == XML_OPEN || event == XML_STANZA) {
			log_tree(&r->log, event == XML_OPEN ? "O" : "S", found.element);
			must_survive_printing(found.element);
		}
		arena_free(found.arena);
	}
	if (!r->fault && at != end)
		abort();
}

/* --- expat --- */

struct judge {
	struct run *run;
	XML_Parser p;
	struct arena *arena;
	struct xml *open[4096];
	unsigned depth;
	struct buf text;
	const char *bytes;           /* the stream */
	size_t size;
};

static void stop(struct judge *j)
{
	j->run->fault = true;
	XML_StopParser(j->p, XML_FALSE);
}

/* "namespace SEPARATOR name" or "name" */
static const char *split(struct arena *a, const char *joined, const char **ns)
{
	char *copy = arena_string(a, joined), *at = strchr(copy, SEPARATOR);
	*ns = NULL;
	if (!at)
		return copy;
	*at = '\0';
	*ns = copy;
	return at + 1;
}

static void flush(struct judge *j)
{
	if (buf_length(&j->text))
		xml_append_text(j->arena, j->open[j->depth - 1], arena_copy(j->arena, buf_start(&j->text), buf_length(&j->text)));
	buf_clear(&j->text);
}

static void on_start(void *with, const XML_Char *joined, const XML_Char **attrs)
{
	struct judge *j = with;
	if (!j->arena)
		j->arena = arena_new();
	const char *ns, *name = split(j->arena, joined, &ns);
	struct xml *el = xml_element(j->arena, ns ? ns : "", name, (struct xml *const[]){ &xml_end });
	struct xml **last = &el->attrs;
	for (; *attrs; attrs += 2) {
		name = split(j->arena, attrs[0], &ns);
		*last = xml_attribute(j->arena, name, arena_string(j->arena, attrs[1]));
		(*last)->ns = ns;
		last = &(*last)->next;
	}
	if (j->depth == 0) {
		log_tree(&j->run->log, "O", el);
		arena_free(j->arena);
		j->arena = NULL;
	} else if (j->depth > 1) {
		flush(j);
		xml_append(j->open[j->depth - 1], el);
	}
	if (j->depth >= 2999)
		stop(j);
	else
		j->open[j->depth++] = el;
}

static void on_end(void *with, const XML_Char *name)
{
	struct judge *j = with;
	if (j->depth > 1)
		flush(j);
	j->depth--;
	if (j->depth == 1) {
		log_tree(&j->run->log, "S", j->open[1]);
		arena_free(j->arena);
		j->arena = NULL;
	} else if (j->depth == 0) {
		buf_add(&j->run->log, "close\n", 6);
	}
}

static void on_text(void *with, const XML_Char *s, int size)
{
	struct judge *j = with;
	if (j->depth > 1) {
		buf_add(&j->text, s, (size_t)size);
		return;
	}
	size_t at = (size_t)XML_GetCurrentByteIndex(j->p);
	char c = at < j->size ? j->bytes[at] : ' ';             /* a reference to a space is none */
	for (int i = 0; i < size; i++)
		if (!chars_is(s[i], CHARS_SPACE) || c == '&')
			stop(j);
}

static void on_cdata(void *with)
{
	struct judge *j = with;
	if (j->depth <= 1)
		stop(j);
}

static void on_declaration(void *with, const XML_Char *version, const XML_Char *encoding, int standalone)
{
	if ((version && strcmp(version, "1.0") != 0) || (encoding && strcasecmp(encoding, "UTF-8") != 0))
		stop(with);
}

static void on_comment(void *with, const XML_Char *text)                      { stop(with); }
static void on_pi(void *with, const XML_Char *target, const XML_Char *text)   { stop(with); }
static void on_doctype(void *with, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id, int internal)
{
	stop(with);
}

static void judge_open(struct judge *j, struct run *r, const char *bytes, size_t size)
{
	*j = (struct judge){ .run = r, .bytes = bytes, .size = size };
	j->p = XML_ParserCreateNS("UTF-8", SEPARATOR);
	XML_SetUserData(j->p, j);
	XML_SetReparseDeferralEnabled(j->p, XML_FALSE);
	XML_SetHashSalt(j->p, 1);
	XML_SetElementHandler(j->p, on_start, on_end);
	XML_SetCharacterDataHandler(j->p, on_text);
	XML_SetStartCdataSectionHandler(j->p, on_cdata);
	XML_SetXmlDeclHandler(j->p, on_declaration);
	XML_SetCommentHandler(j->p, on_comment);
	XML_SetProcessingInstructionHandler(j->p, on_pi);
	XML_SetStartDoctypeDeclHandler(j->p, on_doctype);
}

static void judge_close(struct judge *j)
{
	XML_ParserFree(j->p);
	arena_free(j->arena);
	buf_clear(&j->text);
}

static void feed_judge(struct judge *j, const char *from, size_t size)
{
	if (!j->run->fault && XML_Parse(j->p, from, (int)size, 0) != XML_STATUS_OK)
		j->run->fault = true;
}

/* Did expat stop at a character that the fifth edition allows in a name? */
static bool is_newer_name(struct judge *j, const char *bytes, size_t size)
{
	long at = XML_GetCurrentByteIndex(j->p);
	if (XML_GetErrorCode(j->p) != XML_ERROR_INVALID_TOKEN || at < 0 || (size_t)at >= size || (signed char)bytes[at] >= 0)
		return false;
	char name[8] = "a";             /* behind a letter, so that it may be any character of a name */
	uint32_t code;
	int length = chars_utf8(bytes + at, bytes + size, &code);
	if (length <= 0)
		return false;
	memcpy(name + 1, bytes + at, (size_t)length);
	return chars_name(name, name + 1 + length) == name + 1 + length;
}

/* --- the completion of an unfinished token, for bytes that were well-formed so far --- */

static const char *completion(const char *p, const char *end)
{
	enum { TEXT, LESS, TAG, QUOTE, APOSTROPHE, CDATA, PI, COMMENT } in = TEXT;
	for (; p < end; p++) {
		switch (in) {
		case TEXT:
			in = *p == '<' ? LESS : TEXT;
			break;
		case LESS:
			if (*p == '!' && end - p >= 8 && memcmp(p, "![CDATA[", 8) == 0) {
				in = CDATA;
				p += 7;
				break;
			}
			if (*p == '?' || (*p == '!' && end - p >= 3 && memcmp(p, "!--", 3) == 0)) {
				in = *p == '?' ? PI : COMMENT;
				break;
			}
			in = TAG;
			/* fall through */
		case TAG:
			in = *p == '>' ? TEXT : *p == '"' ? QUOTE : *p == '\'' ? APOSTROPHE : TAG;
			break;
		case QUOTE:
			in = *p == '"' ? TAG : QUOTE;
			break;
		case APOSTROPHE:
			in = *p == '\'' ? TAG : APOSTROPHE;
			break;
		case CDATA:
			if (*p == ']' && end - p >= 3 && memcmp(p, "]]>", 3) == 0) {
				in = TEXT;
				p += 2;
			}
			break;
		case PI:
			in = *p == '>' && p[-1] == '?' ? TEXT : PI;
			break;
		case COMMENT:
			break;          /* refused by its begin, so it is the last token */
		}
	}
	/* The spaces are for expat, which looks at a character only when as many bytes are there as its first one says. */
	static const char *const with[] = { "<x    ", "x>    ", ">    ", "\">    ", "'>    ", "]]><x    ", "?>    ", "-->    " };
	return with[in];
}

/* Outside of the root element expat reads quoted words as tokens, for a DTD's sake; for us only a tag may come there. */
static bool is_outside(const struct run *r)
{
	size_t size = buf_length(&r->log);
	return !size || (size >= 6 && memcmp(buf_start(&r->log) + size - 6, "close\n", 6) == 0);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static size_t piece(uint32_t *state, size_t left)
{
	uint32_t r = next_random(state);
	size_t size = r % 4 == 0 ? left : r % 4 == 1 ? 1 : 1 + next_random(state) % 40;
	return size < left ? size : left;
}

static void differ(struct run *a, struct run *b, const char *why)
{
	buf_byte(&a->log, '.');
	buf_byte(&b->log, '.');
	fprintf(stderr, "%s\nours (%s):\n%.*s\nexpat (%s):\n%.*s\n", why, a->fault ? "fault" : "fine", (int)buf_length(&a->log),
		buf_start(&a->log), b->fault ? "fault" : "fine", (int)buf_length(&b->log), buf_start(&b->log));
	abort();
}

static void compare(const char *bytes, size_t size, uint32_t seed)
{
	struct run ours = { 0 }, theirs = { 0 };
	struct judge j;
	struct xml_parser *p = xml_parser_new(&limits);
	judge_open(&j, &theirs, bytes, size);
	for (size_t at = 0, n; at < size; at += n) {
		n = piece(&seed, size - at);
		char *copy = mem_copy(bytes + at, n);           /* so that a read behind the piece is seen */
		feed_ours(&ours, p, copy, n);
		mem_free(copy);
		feed_judge(&j, bytes + at, n);
	}
	bool newer = theirs.fault && is_newer_name(&j, bytes, size);
	size_t ours_said = buf_length(&ours.log), theirs_said = buf_length(&theirs.log);
	if (newer ? ours_said < theirs_said : ours_said != theirs_said)
		differ(&ours, &theirs, "other events");
	if (theirs_said && memcmp(buf_start(&ours.log), buf_start(&theirs.log), theirs_said) != 0)
		differ(&ours, &theirs, "other events");
	if (ours.fault != theirs.fault && !newer) {
		const char *rest[] = { completion(bytes, bytes + size), "'\" <x    " };
		for (int i = 0; i < 2 && ours.fault != theirs.fault && (i == 0 || is_outside(&theirs)); i++) {
			if (ours.fault)
				feed_judge(&j, rest[i], strlen(rest[i]));
			else
				feed_ours(&ours, p, rest[i], strlen(rest[i]));
		}
		if (ours.fault != theirs.fault && !(ours.fault && !theirs_said && memmem(bytes, size, "<!DOCTYPE", 9)))
			differ(&ours, &theirs, "other verdicts");
	}
	xml_parser_free(p);
	judge_close(&j);
	buf_clear(&ours.log);
	buf_clear(&theirs.log);
}

static bool is_other_encoding(const uint8_t *p, size_t size)
{
	return (size >= 1 && (p[0] == 0 || p[0] >= 0xef)) || (size >= 2 && p[1] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	if (!ready)
		xml_intern(interned, sizeof interned / sizeof *interned);
	ready = true;
	if (size >= 1 && !is_other_encoding(data + 1, size - 1))
		compare((const char *)data + 1, size - 1, data[0]);
	return 0;
}

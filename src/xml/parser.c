/*
 * The stream's state, and the bytes of a token that came in pieces.
 *
 * Usually a whole stanza lies in what the caller has, and its tokens are read
 * from there. The rest of an unfinished token is held until its end has come;
 * that, the arena and the tree are the work, which exists only while
 * something is unfinished.
 */
#include "xml/parser.h"
#include <stdint.h>
#include <string.h>
#include "base/check.h"
#include "base/mem.h"
#include "xml/chars.h"
#include "xml/known.h"
#include "xml/tree.h"

enum { PARSER_MAGIC = 0x786d6c70, PIECE = 1024 };

enum state {
	BEGIN,                       /* nothing came: there may be a declaration */
	PROLOG,                      /* the header is next */
	INSIDE,                      /* stanzas, then the header's end tag */
	HEADLESS,                    /* stanzas */
	EMPTY,                       /* the header was an empty element: its end is to be told */
	CLOSED,
	WRONG,
};

struct header {                      /* one allocation, with its binds and strings behind it */
	const char *name;            /* as written; NULL when headless */
	size_t size;
	struct tree_scope scope;
	bool owns;                   /* some namespace lies in here, and stanzas that outlive us need their own copy */
};

struct work {
	struct tree tree;
	struct buf held;             /* the begin of a token */
	struct lex_mark mark;
	size_t bytes;                /* of the tokens before it */
	bool borrowed;               /* the arena is somebody's */
};

struct xml_parser {
	unsigned magic;
	unsigned char state, fault;
	struct xml_limits limits;
	struct header *header;
	struct work *work;           /* in its own arena */
};

static const char *keep(char **to, const char *from, size_t size)
{
	char *at = *to;
	memcpy(at, from, size);
	at[size] = '\0';
	*to += size + 1;
	return at;
}

/* The namespace in a string that lives for ever; NULL when there is none. */
static const char *lasting(const char *ns)
{
	if (!*ns)
		return "";
	return ns == known_streams ? ns : xml_interned(ns, strlen(ns));
}

static size_t size_to_keep(const char *ns)
{
	return lasting(ns) ? 0 : strlen(ns) + 1;
}

static const char *keep_ns(struct header *h, char **to, const char *ns)
{
	const char *same = lasting(ns);
	if (same)
		return same;
	h->owns = true;
	return keep(to, ns, strlen(ns));
}

static size_t header_size(size_t name, const struct tree_scope *scope)
{
	size_t size = sizeof(struct header) + name + 1 + size_to_keep(scope->around);
	for (const struct tree_bind *b = scope->binds; b; b = b->next)
		size += sizeof *b + b->size + 1 + size_to_keep(b->ns);
	return size;
}

static struct header *header_new(const char *name, size_t size, const struct tree_scope *scope)
{
	struct header *h = mem_new(header_size(size, scope));
	struct tree_bind *to = (struct tree_bind *)(h + 1), **last = &h->scope.binds;
	size_t count = 0;
	for (const struct tree_bind *b = scope->binds; b; b = b->next)
		count++;
	char *text = (char *)(to + count);
	h->size = size;
	h->name = name ? keep(&text, name, size) : NULL;
	h->scope.around = keep_ns(h, &text, scope->around);
	for (const struct tree_bind *b = scope->binds; b; b = b->next, to++) {
		*to = (struct tree_bind){ NULL, keep(&text, b->prefix, b->size), keep_ns(h, &text, b->ns), b->size };
		*last = to;
		last = &to->next;
	}
	return h;
}

static struct header *headless(const char *around)
{
	struct tree_bind stream = { NULL, "stream", known_streams, strlen("stream") };
	const struct tree_scope scope = { &stream, around, 0 };
	return header_new(NULL, 0, &scope);
}

static void end_work(struct xml_parser *p)
{
	struct work *w = p->work;
	p->work = NULL;
	if (!w)
		return;
	buf_clear(&w->held);
	if (!w->borrowed)
		arena_free(w->tree.arena);
}

static void reset(struct xml_parser *p, enum state state, struct header *header)
{
	end_work(p);
	mem_free(p->header);
	p->header = header;
	p->state = (unsigned char)state;
}

struct xml_parser *xml_parser_new(const struct xml_limits *limits)
{
	struct xml_parser *p = NEW(struct xml_parser);
	p->magic = PARSER_MAGIC;
	p->limits = *limits;
	return p;
}

void xml_parser_free(struct xml_parser *p)
{
	if (!p)
		return;
	CHECK(p, PARSER_MAGIC);
	reset(p, WRONG, NULL);
	p->magic = 0;
	mem_free(p);
}

void xml_parser_limit(struct xml_parser *p, const struct xml_limits *limits)
{
	CHECK(p, PARSER_MAGIC);
	p->limits = *limits;
}

void xml_parser_restart(struct xml_parser *p)
{
	CHECK(p, PARSER_MAGIC);
	reset(p, BEGIN, NULL);
}

void xml_parser_headless(struct xml_parser *p, const char *around)
{
	CHECK(p, PARSER_MAGIC);
	reset(p, HEADLESS, headless(around));
}

size_t xml_parser_held(const struct xml_parser *p)
{
	CHECK(p, PARSER_MAGIC);
	return p->work ? p->work->bytes + buf_length(&p->work->held) : 0;
}

static enum xml_event wrong(struct xml_parser *p, enum xml_fault fault, struct xml_found *found)
{
	reset(p, WRONG, NULL);
	p->fault = (unsigned char)fault;
	found->fault = fault;
	return XML_WRONG;
}

/* A stanza lives longer than the header: it gets its own copies of what isn't interned. */
static const char *lasting_in(struct arena *a, const char *ns)
{
	const char *same = lasting(ns);
	return same ? same : arena_string(a, ns);
}

static struct tree_scope copy_scope(struct arena *a, const struct tree_scope *from)
{
	struct tree_scope to = { NULL, lasting_in(a, from->around), 0 };
	struct tree_bind **last = &to.binds;
	for (const struct tree_bind *b = from->binds; b; b = b->next) {
		*last = ARENA_NEW(a, struct tree_bind);
		**last = (struct tree_bind){ NULL, b->prefix, lasting_in(a, b->ns), b->size };
		last = &(*last)->next;
	}
	return to;
}

static void begin_work(struct xml_parser *p, struct arena *a)
{
	p->work = ARENA_NEW(a, struct work);
	struct tree *t = &p->work->tree;
	t->arena = a;
	if (!p->header)
		t->inside.around = "";
	else
		t->inside = p->header->owns ? copy_scope(a, &p->header->scope) : p->header->scope;
}

static size_t room_left(const struct xml_parser *p)
{
	size_t used = p->work->bytes;           /* may be above a limit that was lowered */
	return p->limits.stanza > used ? p->limits.stanza - used : 0;
}

/* From the caller's bytes, as far as the limit allows; what is left of them is held. */
static enum lex_kind read_direct(struct xml_parser *p, struct lex *l, const char **at, const char *end)
{
	struct work *w = p->work;
	size_t there = (size_t)(end - *at), room = room_left(p);
	const char *stop = there > room ? *at + room : end;
	enum lex_kind kind = stop == *at ? LEX_MORE : lex_token(l, *at, stop, &w->mark);
	if (kind != LEX_MORE)
		return kind;
	if (stop < end) {
		l->fault = XML_TOO_LONG;
		return LEX_WRONG;
	}
	buf_add(&w->held, *at, there);
	*at = end;
	return LEX_MORE;
}

/* What is held, and then piece by piece the caller's, until the token has an end. */
static enum lex_kind read_held(struct xml_parser *p, struct lex *l, const char **at, const char *end, size_t *taken)
{
	struct work *w = p->work;
	while (*at < end) {
		size_t room = room_left(p), held = buf_length(&w->held);
		size_t piece = (size_t)(end - *at) < PIECE ? (size_t)(end - *at) : PIECE;
		if (held >= room) {
			l->fault = XML_TOO_LONG;
			return LEX_WRONG;
		}
		*taken = piece < room - held ? piece : room - held;
		buf_add(&w->held, *at, *taken);
		*at += *taken;
		const char *from = buf_start(&w->held), *to = from + held + *taken;
		enum lex_kind kind = lex_ends(from, to, &w->mark) ? lex_token(l, from, to, &w->mark) : LEX_MORE;
		if (kind != LEX_MORE)
			return kind;
	}
	return LEX_MORE;
}

/* The token was used. Of the held bytes behind it those just taken go back; a `<` from before stays. */
static void consume(struct work *w, const struct lex *l, const char *from, const char **at, size_t taken)
{
	size_t size = (size_t)(l->end - from);
	w->bytes += size;
	w->mark = (struct lex_mark){ 0 };
	if (!buf_length(&w->held)) {
		*at = l->end;
		return;
	}
	size_t behind = buf_length(&w->held) - size, back = behind < taken ? behind : taken;
	*at -= back;
	w->held.end -= back;
	buf_take(&w->held, size);
}

/* Acts on a token; says MORE when nothing is complete by it. */
static enum xml_event opened(struct xml_parser *p, const struct lex *l, bool empty, struct xml_found *found)
{
	struct tree *t = &p->work->tree;
	enum state state = p->state;
	if (state == CLOSED || !tree_start(t, l, empty, &found->fault)) {
		if (state == CLOSED)
			found->fault = XML_NOT_WELL_FORMED;
		return XML_WRONG;
	}
	if (state == INSIDE || state == HEADLESS)
		return empty && !t->depth ? XML_STANZA : XML_MORE;
	found->around = t->inside.around;
	if (!empty)
		p->header = header_new(t->top->name, t->top->size, &t->inside);
	p->state = empty ? EMPTY : INSIDE;
	return XML_OPEN;
}

static enum xml_event closed(struct xml_parser *p, const struct lex *l, struct xml_found *found)
{
	const struct header *h = p->header;
	struct tree *t = &p->work->tree;
	if (t->depth) {
		if (!tree_end(t, l, &found->fault))
			return XML_WRONG;
		return t->depth ? XML_MORE : XML_STANZA;
	}
	found->fault = XML_NOT_WELL_FORMED;
	if (p->state != INSIDE || h->size != l->name.size || memcmp(h->name, l->name.at, h->size) != 0)
		return XML_WRONG;
	p->state = CLOSED;
	return XML_CLOSE;
}

static enum xml_event act(struct xml_parser *p, enum lex_kind kind, const struct lex *l, const char *from, struct xml_found *found)
{
	switch (kind) {
	case LEX_MORE:
		break;
	case LEX_START:
	case LEX_EMPTY:
		return opened(p, l, kind == LEX_EMPTY, found);
	case LEX_END:
		return closed(p, l, found);
	case LEX_TEXT:
		return tree_text(&p->work->tree, l, from, &found->fault) ? XML_MORE : XML_WRONG;
	case LEX_DECLARATION:
		p->state = PROLOG;
		break;
	case LEX_WRONG:
		found->fault = l->fault;
		return XML_WRONG;
	}
	return XML_MORE;
}

static void deliver(struct xml_parser *p, struct xml_found *found)
{
	struct work *w = p->work;
	found->arena = w->tree.arena;
	found->element = w->tree.root;
	found->bytes = w->bytes;
	p->work = NULL;
}

/* One token. MORE with bytes left only says that it completed nothing. */
static enum xml_event step(struct xml_parser *p, const char **at, const char *end, struct xml_found *found)
{
	struct work *w = p->work;
	struct lex l;
	size_t taken = 0;
	bool direct = !buf_length(&w->held);
	l.limits = &p->limits;
	l.arena = w->tree.arena;
	l.may_declare = p->state == BEGIN;
	l.may_text = w->tree.depth;
	enum lex_kind kind = direct ? read_direct(p, &l, at, end) : read_held(p, &l, at, end, &taken);
	if (kind == LEX_MORE)
		return XML_MORE;
	const char *from = direct ? *at : buf_start(&w->held);
	enum xml_event event = act(p, kind, &l, from, found);
	if (event == XML_WRONG)
		return wrong(p, found->fault, found);
	consume(w, &l, from, at, taken);
	if (event == XML_OPEN || event == XML_STANZA)
		deliver(p, found);
	else if (event == XML_CLOSE || kind == LEX_DECLARATION)
		end_work(p);
	return event;
}

/* Between stanzas: white space keeps the connection alive (RFC 6120 §4.6.1), and only a tag may come. */
static bool skip_to_tag(struct xml_parser *p, const char **at, const char *end)
{
	const char *from = *at;
	*at = chars_spaces(from, end);
	if (*at > from && p->state == BEGIN)
		p->state = PROLOG;
	return *at == end || **at == '<';
}

enum xml_event xml_parser_next(struct xml_parser *p, const char **at, const char *end, struct xml_found *found)
{
	CHECK(p, PARSER_MAGIC);
	*found = (struct xml_found){ 0 };
	if (p->state == WRONG)
		return wrong(p, p->fault, found);
	if (p->state == EMPTY) {
		p->state = CLOSED;
		return XML_CLOSE;
	}
	enum xml_event event = XML_MORE;
	while (event == XML_MORE && *at < end) {
		if (!p->work && !skip_to_tag(p, at, end))
			return wrong(p, XML_NOT_WELL_FORMED, found);
		if (*at == end)
			break;
		if (!p->work)
			begin_work(p, arena_new());
		event = step(p, at, end, found);
	}
	return event;
}

/* Trees of ours may be deeper than a peer's stanza, which they wrap; but they are walked by recursion. */
static const struct xml_limits stored = { SIZE_MAX, 2000, UINT32_MAX, SIZE_MAX };

struct xml *xml_parse(struct arena *a, const char *text, size_t size, const char *around)
{
	struct xml_parser p = { PARSER_MAGIC, HEADLESS, 0, stored, NULL, NULL };
	struct xml_found found;
	const char *end = text + size, *at = chars_spaces(text, end);
	if (at == end || *at != '<')
		return NULL;
	p.header = headless(around);
	begin_work(&p, a);
	p.work->borrowed = true;
	enum xml_event event = xml_parser_next(&p, &at, end, &found);
	reset(&p, WRONG, NULL);
	return event == XML_STANZA && chars_spaces(at, end) == end ? found.element : NULL;
}

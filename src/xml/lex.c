/*
 * Tags and text. A fault in what is there is told even when the end is not:
 * only what may still become well-formed is LEX_MORE.
 */
#include "xml/lex.h"
#include <string.h>
#include <strings.h>
#include "xml/chars.h"

static enum lex_kind wrong(struct lex *l, enum xml_fault fault)
{
	l->fault = fault;
	return LEX_WRONG;
}

/* These return where to go on, or NULL when `*kind` says that there is nothing to go on with. */

static const char *stop(struct lex *l, enum lex_kind *kind, enum xml_fault fault)
{
	*kind = wrong(l, fault);
	return NULL;
}

static const char *name(struct lex *l, const char *p, const char *end, struct lex_name *n, enum lex_kind *kind)
{
	const char *e = chars_name(p, end), *local = p;
	n->at = p;
	n->prefix = 0;
	if (e > p && e < end && *e == ':') {
		n->prefix = (size_t)(e - p);
		local = e + 1;
		e = chars_name(local, end);
	}
	n->size = (size_t)(e - p);
	if (n->size > l->limits->name)
		return stop(l, kind, XML_TOO_LONG);
	if (e == end)
		return NULL;
	return e == local ? stop(l, kind, XML_NOT_WELL_FORMED) : e;
}

static const char *value(struct lex *l, const char *p, const char *end, struct lex_attr *attr, enum lex_kind *kind)
{
	char quote = *p++;
	attr->value = p;
	attr->plain = true;
	while ((p = chars_plain(p, end, quote, '<', '&')) < end && *p != quote) {
		uint32_t code;
		int size = 1;
		if (*p == '&' || chars_is(*p, CHARS_SPACE))
			attr->plain = false;
		else if ((size = chars_utf8(p, end, &code)) == 0)
			return stop(l, kind, XML_NOT_WELL_FORMED);
		if (size < 0)
			return NULL;
		p += size;
	}
	attr->size = (size_t)(p - attr->value);
	return p < end ? p + 1 : NULL;
}

static const char *equals(struct lex *l, const char *p, const char *end, enum lex_kind *kind)
{
	p = chars_spaces(p, end);
	if (p < end && *p != '=')
		return stop(l, kind, XML_NOT_WELL_FORMED);
	p = p < end ? chars_spaces(p + 1, end) : p;
	if (p == end)
		return NULL;
	return *p == '"' || *p == '\'' ? p : stop(l, kind, XML_NOT_WELL_FORMED);
}

static struct lex_attr *another(struct lex *l)
{
	if (l->count == l->room) {
		struct lex_attr *more = arena_alloc(l->arena, 4 * l->room * sizeof *more);
		memcpy(more, l->attrs, l->count * sizeof *more);
		l->attrs = more;
		l->room *= 4;
	}
	return &l->attrs[l->count++];
}

static const char *attribute(struct lex *l, const char *p, const char *end, enum lex_kind *kind)
{
	if (l->count >= l->limits->attributes)
		return stop(l, kind, XML_TOO_MANY);
	struct lex_attr *attr = another(l);
	p = name(l, p, end, &attr->name, kind);
	p = p ? equals(l, p, end, kind) : p;
	return p ? value(l, p, end, attr, kind) : p;
}

static enum lex_kind finish(struct lex *l, const char *end, enum lex_kind kind)
{
	l->end = end;
	return kind;
}

static enum lex_kind start_tag(struct lex *l, const char *p, const char *end)
{
	enum lex_kind kind = LEX_MORE;
	l->attrs = l->few;
	l->room = LEX_FEW;
	l->count = 0;
	p = name(l, p + 1, end, &l->name, &kind);
	while (p) {
		const char *gap = p;
		p = chars_spaces(p, end);
		if (p == end)
			return LEX_MORE;
		if (*p == '>')
			return finish(l, p + 1, LEX_START);
		if (*p == '/') {
			if (p + 1 == end)
				return LEX_MORE;
			return p[1] == '>' ? finish(l, p + 2, LEX_EMPTY) : wrong(l, XML_NOT_WELL_FORMED);
		}
		if (p == gap)
			return wrong(l, XML_NOT_WELL_FORMED);
		p = attribute(l, p, end, &kind);
	}
	return kind;
}

static enum lex_kind end_tag(struct lex *l, const char *p, const char *end)
{
	enum lex_kind kind = LEX_MORE;
	p = name(l, p + 2, end, &l->name, &kind);
	if (!p)
		return kind;
	p = chars_spaces(p, end);
	if (p == end)
		return LEX_MORE;
	return *p == '>' ? finish(l, p + 1, LEX_END) : wrong(l, XML_NOT_WELL_FORMED);
}

/* Does p begin with `what`? LEX_MORE: as far as it goes. */
static enum lex_kind begins(const char *p, const char *end, const char *what)
{
	size_t size = strlen(what), there = (size_t)(end - p);
	if (there >= size)
		return memcmp(p, what, size) == 0 ? LEX_TEXT : LEX_WRONG;
	return memcmp(p, what, there) == 0 ? LEX_MORE : LEX_WRONG;
}

/* What begins with `<!`: LEX_TEXT only for the begin of a CDATA section. */
static enum lex_kind bang(struct lex *l, const char *p, const char *end)
{
	enum lex_kind cdata = begins(p, end, "<![CDATA["), comment = begins(p, end, "<!--"), dtd = begins(p, end, "<!DOCTYPE");
	if (comment == LEX_TEXT || dtd == LEX_TEXT)
		return wrong(l, XML_RESTRICTED);
	if (cdata == LEX_MORE || comment == LEX_MORE || dtd == LEX_MORE)
		return LEX_MORE;
	return cdata == LEX_TEXT && l->may_text ? LEX_TEXT : wrong(l, XML_NOT_WELL_FORMED);
}

/* Text outside of CDATA up to a `<`; LEX_TEXT there, LEX_MORE with *at where to go on. */
static enum lex_kind words(struct lex *l, const char **at, const char *end, struct lex_mark *mark)
{
	const char *p = *at;
	enum lex_kind kind = LEX_MORE;
	while ((p = chars_plain(p, end, '<', '&', ']')) < end) {
		uint32_t code;
		int size = 1;
		if (*p == '<') {
			kind = LEX_TEXT;
			break;
		}
		if (*p == ']') {
			if ((kind = begins(p, end, "]]>")) == LEX_TEXT)
				return wrong(l, XML_NOT_WELL_FORMED);
			if (kind == LEX_MORE)
				break;
			kind = LEX_MORE;
		} else if (*p == '&' || *p == '\r') {
			mark->marked_up = true;
		} else if (!chars_is(*p, CHARS_SPACE) && (size = chars_utf8(p, end, &code)) == 0) {
			return wrong(l, XML_NOT_WELL_FORMED);
		}
		if (size < 0)
			break;
		p += size;
	}
	*at = p;
	return kind;
}

/* Inside a CDATA section up to the `]]>`. */
static enum lex_kind cdata(struct lex *l, const char **at, const char *end)
{
	const char *p = *at;
	enum lex_kind kind = LEX_MORE;
	while ((p = chars_plain(p, end, ']', ']', ']')) < end) {
		uint32_t code;
		int size = 1;
		if (*p == ']') {
			if ((kind = begins(p, end, "]]>")) != LEX_WRONG)
				break;
			kind = LEX_MORE;
		} else if (!chars_is(*p, CHARS_SPACE) && (size = chars_utf8(p, end, &code)) == 0) {
			return wrong(l, XML_NOT_WELL_FORMED);
		}
		if (size < 0)
			break;
		p += size;
	}
	*at = p;
	return kind;
}

static enum lex_kind text(struct lex *l, const char *from, const char *end, struct lex_mark *mark)
{
	const char *p = from + mark->at;
	enum lex_kind kind;
	for (;;) {
		kind = mark->cdata ? cdata(l, &p, end) : words(l, &p, end, mark);
		if (kind != LEX_TEXT)
			break;
		if (mark->cdata) {
			mark->cdata = false;
			p += strlen("]]>");
			continue;
		}
		if (p + 1 < end && p[1] != '!') {
			l->plain = !mark->marked_up;
			return finish(l, p, LEX_TEXT);
		}
		if (p + 1 == end || (kind = bang(l, p, end)) == LEX_MORE) {
			kind = LEX_MORE;
			break;
		}
		if (kind == LEX_WRONG)
			break;
		mark->cdata = mark->marked_up = true;
		p += strlen("<![CDATA[");
	}
	mark->at = (size_t)(p - from);
	return kind;
}

/* Whether *at goes on with a space, `key`, = and a value of harmless characters; then it is moved behind. */
static bool pseudo(const char **at, const char *end, const char *key, const char **from, size_t *size)
{
	const char *p = chars_spaces(*at, end);
	size_t length = strlen(key);
	if (p == *at || (size_t)(end - p) < length || memcmp(p, key, length) != 0)
		return false;
	p = chars_spaces(p + length, end);
	if (p == end || *p != '=')
		return false;
	p = chars_spaces(p + 1, end);
	if (p == end || (*p != '"' && *p != '\''))
		return false;
	char quote = *p++;
	*from = p;
	while (p < end && chars_is(*p, CHARS_NAME))
		p++;
	*size = (size_t)(p - *from);
	if (p == end || *p != quote)
		return false;
	*at = p + 1;
	return true;
}

static bool is_value(const char *from, size_t size, const char *want)
{
	return size == strlen(want) && strncasecmp(from, want, size) == 0;
}

/* RFC 6120 §11.5: version, perhaps encoding, perhaps standalone, in this order. Of XML only 1.0 is XMPP's (§11.8). */
static enum lex_kind declaration(struct lex *l, const char *p, const char *end)
{
	const char *last = memchr(p, '>', (size_t)(end - p)), *from;
	size_t size;
	bool utf8 = true;
	if (!last)
		return LEX_MORE;
	p += strlen("<?xml");
	if (last[-1] != '?' || !pseudo(&p, last - 1, "version", &from, &size) || !is_value(from, size, "1.0"))
		return wrong(l, XML_NOT_WELL_FORMED);
	if (pseudo(&p, last - 1, "encoding", &from, &size)) {
		if (!size || !chars_is(*from, CHARS_START) || *from == '_')
			return wrong(l, XML_NOT_WELL_FORMED);
		utf8 = is_value(from, size, "UTF-8");
	}
	if (pseudo(&p, last - 1, "standalone", &from, &size)
	    && !(size == 2 && memcmp(from, "no", 2) == 0) && !(size == 3 && memcmp(from, "yes", 3) == 0))
		return wrong(l, XML_NOT_WELL_FORMED);
	if (chars_spaces(p, last - 1) != last - 1)
		return wrong(l, XML_NOT_WELL_FORMED);
	return utf8 ? finish(l, last + 1, LEX_DECLARATION) : wrong(l, XML_UNSUPPORTED_ENCODING);
}

/* An XML declaration elsewhere than at the very begin isn't well-formed; any other target is a PI, which §11.1 restricts. */
static enum lex_kind question(struct lex *l, const char *p, const char *end)
{
	enum lex_kind kind = begins(p, end, "<?xml");
	if (kind == LEX_MORE || (kind == LEX_TEXT && p + 5 == end))
		return LEX_MORE;
	if (kind == LEX_TEXT && chars_is(p[5], CHARS_SPACE))
		return l->may_declare ? declaration(l, p, end) : wrong(l, XML_NOT_WELL_FORMED);
	if ((kind == LEX_TEXT && p[5] == '?') || chars_name(p + 2, end) == p + 2)
		return wrong(l, XML_NOT_WELL_FORMED);
	return wrong(l, XML_RESTRICTED);
}

enum lex_kind lex_token(struct lex *l, const char *p, const char *end, struct lex_mark *mark)
{
	if (*p != '<')
		return text(l, p, end, mark);
	if (p + 1 == end)
		return LEX_MORE;
	switch (p[1]) {
	case '/':
		return end_tag(l, p, end);
	case '?':
		return question(l, p, end);
	case '!':
		return l->may_text ? text(l, p, end, mark) : bang(l, p, end);
	}
	return start_tag(l, p, end);
}

/*
 * A tag in pieces is followed by these states, so that a long one is read
 * only once before its end: what each byte leads to, or TAG_DONE, which means
 * that lex_token will know (an end or a fault).
 */
enum { TAG_BEGIN, TAG_NAME, TAG_GAP, TAG_ATTR, TAG_BEFORE, TAG_EQUALS, TAG_QUOTE, TAG_APOSTROPHE, TAG_AFTER, TAG_SLASH,
	TAG_CLOSING, TAG_CLOSING_NAME, TAG_CLOSING_GAP, TAG_DONE };

static bool is_of_name(char c)
{
	return chars_is(c, CHARS_NAME) || c == ':' || ((unsigned char)c >= 0xc2 && (unsigned char)c <= 0xf4) || (c & 0xc0) == 0x80;
}

static bool starts_name(char c)
{
	return is_of_name(c) && (chars_is(c, CHARS_START) || (signed char)c < 0);
}

static unsigned inside(unsigned state, char c, char quote)
{
	if (c == quote)
		return TAG_AFTER;
	bool sound = (unsigned char)c >= ' ' ? c != '<' && (is_of_name(c) || (signed char)c > 0) : chars_is(c, CHARS_SPACE);
	return sound ? state : TAG_DONE;
}

static unsigned follow(unsigned state, char c)
{
	bool space = chars_is(c, CHARS_SPACE), of_name = is_of_name(c);
	switch (state) {
	case TAG_NAME:
		return of_name ? TAG_NAME : space ? TAG_GAP : c == '/' ? TAG_SLASH : TAG_DONE;
	case TAG_BEGIN:
		return starts_name(c) ? TAG_NAME : TAG_DONE;
	case TAG_GAP:
		return starts_name(c) ? TAG_ATTR : space ? TAG_GAP : c == '/' ? TAG_SLASH : TAG_DONE;
	case TAG_ATTR:
		return of_name ? TAG_ATTR : space ? TAG_BEFORE : c == '=' ? TAG_EQUALS : TAG_DONE;
	case TAG_BEFORE:
		return space ? TAG_BEFORE : c == '=' ? TAG_EQUALS : TAG_DONE;
	case TAG_EQUALS:
		return space ? TAG_EQUALS : c == '"' ? TAG_QUOTE : c == '\'' ? TAG_APOSTROPHE : TAG_DONE;
	case TAG_QUOTE:
		return inside(state, c, '"');
	case TAG_APOSTROPHE:
		return inside(state, c, '\'');
	case TAG_AFTER:
		return space ? TAG_GAP : c == '/' ? TAG_SLASH : TAG_DONE;
	case TAG_CLOSING:
		return starts_name(c) ? TAG_CLOSING_NAME : TAG_DONE;
	case TAG_CLOSING_NAME:
		return of_name ? TAG_CLOSING_NAME : space ? TAG_CLOSING_GAP : TAG_DONE;
	case TAG_CLOSING_GAP:
		return space ? TAG_CLOSING_GAP : TAG_DONE;
	}
	return TAG_DONE;
}

bool lex_ends(const char *p, const char *end, struct lex_mark *mark)
{
	if (*p != '<' || end - p < 2 || p[1] == '!')
		return true;                    /* text has its own mark */
	const char *q = p + mark->tag;
	mark->tag = (size_t)(end - p);
	if (p[1] == '?')                        /* what isn't a declaration is refused by its first bytes; of one only the end matters */
		return end - p <= 8 || memchr(q, '>', (size_t)(end - q));
	if (q == p) {
		mark->state = p[1] == '/' ? TAG_CLOSING : TAG_BEGIN;
		q = p + (p[1] == '/' ? 2 : 1);
	}
	while (q < end && mark->state != TAG_DONE)
		mark->state = (unsigned char)follow(mark->state, *q++);
	return mark->state == TAG_DONE;
}

/*
 * Recursive descent over one token of look-ahead (two to tell a section from
 * a setting). After an error we skip to the end of the line and go on, so that
 * one look at the report mends the whole file.
 */
#include "core/config_parse.h"
#include "base/buf.h"
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 16, INCLUDES = 8, FILE_SIZE = 16 * 1024 * 1024, FILES = 20000 };

enum token {
	END, LINE,                           /* nothing more; a new line */
	WORD, STRING,
	OPEN, CLOSE, LIST_OPEN, LIST_CLOSE, EQUALS, SEMICOLON, COMMA,
	WRONG,                               /* reported already */
};

struct parser {
	struct arena *arena;
	struct config_report *report;
	const char *file;
	const char *at, *end, *line_start;
	int line, includes, depth;
	int *files;                          /* opened so far, over all includes */

	enum token token;
	const char *text;                    /* of WORD and STRING */
	struct config_place place;
};

static struct config_place here(const struct parser *p)
{
	return (struct config_place){ p->file, p->line, (int)(p->at - p->line_start) + 1 };
}

static bool is_word_char(char c)
{
	return c && !strchr(" \t\r\n{}[]=;,\"#", c) && (unsigned char)c > 0x20 && c != 0x7f;
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
		p->at++;
	if (p->at < p->end && *p->at == '#')
		while (p->at < p->end && *p->at != '\n')
			p->at++;
}

static void escape(struct parser *p, struct buf *b, char c)
{
	static const char codes[] = "ntr\\\"", means[] = "\n\t\r\\\"";
	const char *found = c ? strchr(codes, c) : NULL;
	if (found)
		buf_byte(b, means[found - codes]);
	else
		config_error(p->report, here(p), "an escape is \\n \\t \\r \\\\ or \\\", not \\%c", c > 0x20 && c < 0x7f ? c : '?');
}

static enum token string(struct parser *p)
{
	struct buf b = { 0 };
	bool closed = false;
	for (p->at++; p->at < p->end && *p->at != '\n' && !closed; p->at++) {
		if (*p->at == '"')
			closed = true;
		else if (*p->at == '\\' && p->at + 1 < p->end && p->at[1] != '\n')
			escape(p, &b, *++p->at);
		else if (*p->at)
			buf_byte(&b, *p->at);
		else
			config_error(p->report, here(p), "a NUL byte in a string");
	}
	p->text = arena_copy(p->arena, buf_length(&b) ? buf_start(&b) : "", buf_length(&b));
	buf_clear(&b);
	if (!closed)
		config_error(p->report, p->place, "this string has no closing quote on its line");
	return closed ? STRING : WRONG;
}

static enum token word(struct parser *p)
{
	const char *start = p->at;
	while (p->at < p->end && is_word_char(*p->at))
		p->at++;
	p->text = arena_copy(p->arena, start, (size_t)(p->at - start));
	return WORD;
}

static enum token scan(struct parser *p)
{
	static const char signs[] = "{}[]=;,";
	static const enum token tokens[] = { OPEN, CLOSE, LIST_OPEN, LIST_CLOSE, EQUALS, SEMICOLON, COMMA };
	skip_blanks(p);
	p->place = here(p);
	if (p->at >= p->end)
		return END;
	char c = *p->at;
	const char *sign = c ? strchr(signs, c) : NULL;
	if (c == '\n') {
		p->line_start = ++p->at;
		p->line++;
		return LINE;
	}
	if (sign) {
		p->at++;
		return tokens[sign - signs];
	}
	if (c == '"')
		return string(p);
	if (is_word_char(c))
		return word(p);
	p->at++;
	config_error(p->report, p->place, "a control character (byte %d)", (unsigned char)c);
	return WRONG;
}

static enum token next(struct parser *p)
{
	return p->token = scan(p);
}

/* The token after the present one, which stays. New lines are passed over when asked. */
static enum token peek(struct parser *p, bool over_lines)
{
	struct config_report silent = *p->report, *report = p->report;
	struct parser saved = *p;
	p->report = &silent;
	silent.error_count = CONFIG_NOTES;           /* whatever is wrong is told when we come there */
	enum token t = scan(p);
	while (over_lines && t == LINE)
		t = scan(p);
	*p = saved;
	p->report = report;
	return t;
}

static void skip_line(struct parser *p)
{
	while (p->token != END && p->token != LINE && p->token != SEMICOLON && p->token != CLOSE && p->token != LIST_CLOSE)
		next(p);
}

static struct config_node *settings(struct parser *, enum token closing);

static struct config_node *node_new(struct parser *p, const char *key, struct config_place place)
{
	struct config_node *n = ARENA_NEW(p->arena, struct config_node);
	n->key = key;
	n->place = place;
	return n;
}

static struct config_word *take_word(struct parser *p)
{
	struct config_word *w = ARENA_NEW(p->arena, struct config_word);
	w->text = p->text;
	w->place = p->place;
	next(p);
	return w;
}

/* Behind the opening sign, up to and with the closing one. */
static bool section(struct parser *p, struct config_node *n, enum token closing)
{
	n->shape = CONFIG_SECTION;
	if (p->depth >= DEPTH)
		return config_error(p->report, n->place, "sections are nested deeper than %d", DEPTH);
	p->depth++;
	next(p);
	n->children = settings(p, closing);
	p->depth--;
	if (p->token != closing)
		return config_error(p->report, n->place, "\"%s\" is not closed by %s", n->key, closing == CLOSE ? "}" : "]");
	next(p);
	return true;
}

static void skip_separators(struct parser *p)
{
	while (p->token == LINE || p->token == COMMA)
		next(p);
}

/* [ a, b ] or [ key = value, key = value ]: the second sign decides. */
static bool list(struct parser *p, struct config_node *n)
{
	struct config_word **last = &n->words;
	struct parser opening = *p;
	next(p);
	skip_separators(p);
	if ((p->token == WORD || p->token == STRING) && peek(p, false) == EQUALS) {
		*p = opening;
		return section(p, n, LIST_CLOSE);
	}
	n->shape = CONFIG_LIST;
	while (p->token == WORD || p->token == STRING) {
		*last = take_word(p);
		last = &(*last)->next;
		skip_separators(p);
	}
	if (p->token != LIST_CLOSE)
		return p->token != WRONG && config_error(p->report, p->place, "a list holds words and ends with ]");
	next(p);
	return true;
}

static bool value(struct parser *p, struct config_node *n)
{
	if (p->token == LIST_OPEN)
		return list(p, n);
	if (p->token == WRONG)
		return false;
	if (p->token != WORD && p->token != STRING)
		return config_error(p->report, p->place, "\"%s\" needs a value", n->key);
	n->words = take_word(p);
	return true;
}

static bool is_text(enum token t)
{
	return t == WORD || t == STRING;
}

/* We stand on a key: key {, or key title {. */
static bool is_section(struct parser *p, bool *titled)
{
	*titled = false;
	enum token second = peek(p, true);
	if (second == OPEN)
		return true;
	if (!is_text(peek(p, false)))
		return false;
	struct parser saved = *p;
	next(p);
	*titled = peek(p, true) == OPEN;
	*p = saved;
	return *titled;
}

static bool named_section(struct parser *p, struct config_node *n, bool titled)
{
	next(p);
	if (titled) {
		n->title = p->text;
		next(p);
	}
	while (p->token == LINE)
		next(p);
	return section(p, n, CLOSE);
}

static bool setting(struct parser *p, struct config_node **made, bool first)
{
	struct config_node *n = *made = node_new(p, p->text, p->place);
	bool titled;
	if (is_section(p, &titled))
		return named_section(p, n, titled);
	next(p);
	if (p->token == EQUALS)
		next(p);
	else if (!first)
		return config_error(p->report, n->place, "\"%s\" needs a ; before it or a = behind it, because it isn't the first setting on its line", n->key);
	return value(p, n);
}

static struct config_node *parse_file(struct parser *from, const char *file);

static struct config_node **append(struct config_node **last, struct config_node *chain)
{
	*last = chain;
	while (*last)
		last = &(*last)->next;
	return last;
}

/* What it brings takes its place in the tree, after the setting itself. */
static struct config_node **include(struct parser *p, struct config_node *n, struct config_node **last)
{
	if (n->shape != CONFIG_SETTING || p->includes >= INCLUDES) {
		config_error(p->report, n->place, p->includes >= INCLUDES ? "files include each other" : "include needs one pattern");
		return last;
	}
	glob_t found = { 0 };
	const char *pattern = n->words->text = config_path(p->arena, p->file, n->words->text);
	last = append(last, n);
	bool is_pattern = strpbrk(pattern, "*?[") != NULL;
	int rc = glob(pattern, is_pattern ? 0 : GLOB_NOCHECK, NULL, &found);
	if (rc != 0 && rc != GLOB_NOMATCH)
		config_error(p->report, n->words->place, "cannot look for %s", pattern);
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
		last = append(last, parse_file(p, arena_string(p->arena, found.gl_pathv[i])));
	globfree(&found);
	return last;
}

/* After a setting: is what follows the first on its line? A brace opens or ends like a new line. */
static bool ends_setting(enum token t)
{
	return t == LINE || t == SEMICOLON || t == COMMA;
}

static struct config_node *settings(struct parser *p, enum token closing)
{
	struct config_node *head = NULL, **last = &head, *n;
	bool first = true;
	while (p->token != END && p->token != closing) {
		if (ends_setting(p->token) || p->token == WRONG) {
			first = p->token != WRONG;
			next(p);
			continue;
		}
		if (!is_text(p->token)) {
			config_error(p->report, p->place, "expected a setting or a section");
			next(p);
			skip_line(p);
			continue;
		}
		if (!setting(p, &n, first))
			skip_line(p);
		else if (n->shape != CONFIG_SECTION && strcasecmp(n->key, "include") == 0)
			last = include(p, n, last);
		else
			last = append(last, n);
		first = n->shape == CONFIG_SECTION;
	}
	return head;
}

static struct config_node *parse_text(struct parser *p)
{
	p->line = 1;
	p->line_start = p->at;
	next(p);
	struct config_node *head = settings(p, END);
	return head;
}

struct config_node *config_parse(struct arena *a, const char *file, const char *text, size_t size, struct config_report *report)
{
	int files = 0;
	struct parser p = { .arena = a, .report = report, .file = file, .at = text, .end = text + size, .files = &files };
	return parse_text(&p);
}

static bool read_file(const char *file, struct buf *b)
{
	struct stat st;
	FILE *f = fopen(file, "re");
	if (!f)
		return false;
	errno = fstat(fileno(f), &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
	bool ok = errno == 0;
	while (ok && !feof(f) && buf_length(b) <= FILE_SIZE) {
		buf_added(b, fread(buf_room(b, 65536), 1, 65536, f));
		ok = !ferror(f);
	}
	if (ok && buf_length(b) > FILE_SIZE)
		ok = (errno = EFBIG, false);
	int error = errno;
	fclose(f);
	errno = error;
	return ok;
}

static struct config_node *parse_file(struct parser *from, const char *file)
{
	struct buf b = { 0 };
	struct config_node *head = NULL;
	struct parser p = { .arena = from->arena, .report = from->report, .file = file, .files = from->files,
			    .includes = from->includes + 1, .depth = from->depth };
	if (++*p.files > FILES) {
		config_error(p.report, (struct config_place){ file, 0, 0 }, "more than %d files", FILES);
	} else if (!read_file(file, &b)) {
		config_error(p.report, (struct config_place){ file, 0, 0 }, "cannot be read: %s", strerror(errno));
	} else {
		p.at = buf_length(&b) ? buf_start(&b) : "";
		p.end = p.at + buf_length(&b);
		head = parse_text(&p);
	}
	buf_clear(&b);
	return head;
}

struct config_node *config_parse_file(struct arena *a, const char *file, struct config_report *report)
{
	int files = 0;
	struct parser from = { .arena = a, .report = report, .files = &files };
	return parse_file(&from, arena_string(a, file));
}

const char *config_path(struct arena *a, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	if (*path == '/' || !slash)
		return arena_string(a, path);
	return arena_printf(a, "%.*s/%s", (int)(slash - file), file, path);
}

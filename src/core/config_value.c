/*
 * Numbers are read by hand and not by strtoll, so that overflow, signs and
 * what follows the digits are refused in one place.
 */
#include "core/config_value.h"
#include "base/buf.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit counts[] = { { "g", 1000000000 }, { "m", 1000000 }, { "k", 1000 }, { "", 1 }, { NULL } };
static const struct unit sizes[] = {
	{ "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 }, { "b", 1 }, { "kb", 1 << 10 }, { "mb", 1 << 20 },
	{ "gb", 1 << 30 }, { "kib", 1 << 10 }, { "mib", 1 << 20 }, { "gib", 1 << 30 }, { NULL } };
static const struct unit durations[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "min", 60000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 }, { "", 1000 },
	{ "sec", 1000 }, { "w", 604800000 }, { NULL } };

static const struct unit *units_of(enum option_type type)
{
	return type == OPTION_SIZE ? sizes : type == OPTION_DURATION ? durations : counts;
}

/* Digits and one unit, or the whole fails. */
static bool read_number(const char *text, const struct unit *units, int64_t *number)
{
	int64_t n = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			return false;
	if (p == text)
		return false;
	for (; units->name; units++)
		if (strcasecmp(units->name, p) == 0)
			return !__builtin_mul_overflow(n, units->factor, number);
	return false;
}

static bool read_octal(const char *text, int64_t *number)
{
	*number = 0;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '7' || p - text > 5)
			return false;
		*number = *number * 8 + (*p - '0');
	}
	return *text != '\0';
}

static bool read_bool(const char *text, int64_t *number)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		*number = (int64_t)(i & 1);
		if (strcasecmp(words[i], text) == 0)
			return true;
	}
	return false;
}

/* The place of a word in "one two three"; -1: it isn't there. `length` bytes are compared. */
static int word_place(const char *words, const char *text, size_t length, const char **found)
{
	for (int i = 0; *words; i++) {
		size_t n = strcspn(words, " ");
		*found = words;
		if (n == length && strncasecmp(words, text, n) == 0)
			return i;
		words += n + (words[n] == ' ');
	}
	return -1;
}

/* A word as the table spells it. */
static const char *known_word(struct arena *a, const char *words, const char *text, int64_t *place)
{
	const char *found;
	size_t length = strlen(text);
	int i = word_place(words, text, length, &found);
	if (place)
		*place = i;
	return i < 0 ? NULL : arena_copy(a, found, length);
}

static bool in_range(const struct setting *s, int64_t n)
{
	return (s->min == 0 && s->max == 0) || (n >= s->min && n <= s->max);
}

static bool read_uri(struct arena *a, const struct setting *s, const struct config_word *w, struct config_value *v)
{
	const char *found, *colon = strchr(w->text, ':');
	if (!colon || word_place(s->words, w->text, (size_t)(colon - w->text), &found) < 0)
		return false;
	bool is_file = strncasecmp(w->text, "file:", 5) == 0 || strncasecmp(w->text, "sqlite:", 7) == 0;
	v->text = arena_string(a, w->text);
	if (is_file && colon[1] && colon[1] != '/')
		v->text = arena_printf(a, "%.*s:%s", (int)(colon - w->text), w->text, config_path(a, w->place.file, colon + 1));
	return true;
}

static bool read_word(struct arena *a, const struct setting *s, const struct config_word *w, struct config_value *v)
{
	switch (s->type) {
	case OPTION_BOOL:
		return read_bool(w->text, &v->number);
	case OPTION_INT: case OPTION_SIZE: case OPTION_DURATION:
		return read_number(w->text, units_of(s->type), &v->number) && in_range(s, v->number);
	case OPTION_MODE:
		return read_octal(w->text, &v->number) && in_range(s, v->number);
	case OPTION_ENUM:
		return (v->text = known_word(a, s->words, w->text, &v->number)) != NULL;
	case OPTION_PATH:
		if (s->words && (v->text = known_word(a, s->words, w->text, NULL)))
			return true;
		return *w->text && (v->text = config_path(a, w->place.file, w->text));
	case OPTION_URI:
		return read_uri(a, s, w, v);
	case OPTION_STRING: case OPTION_SECRET:
		v->text = arena_string(a, w->text);
		return s->max == 0 || strlen(w->text) <= (size_t)s->max;
	case OPTION_LIST: case OPTION_ADDRESSES: case OPTION_PATHS: case OPTION_MAP:
		break;
	}
	return false;
}

static bool wrong(struct arena *a, const struct config_entry *e, const struct config_word *w, struct config_report *r)
{
	bool hide = e->setting.type == OPTION_SECRET || e->setting.type == OPTION_URI;
	return config_error(r, w->place, "%s is %s, not %s", e->path, config_entry_expects(a, e), hide ? "this" : config_quote(a, w->text));
}

static size_t count_words(const struct config_word *w)
{
	size_t n = 0;
	for (; w; w = w->next)
		n++;
	return n;
}

/* RFC 3986 §3: a scheme, a colon, and characters that may stand in a URI. */
static bool is_uri(const char *text)
{
	const char *p = text;
	while (isalnum((unsigned char)*p) || (*p && strchr("+-.", *p)))
		p++;
	if (!isalpha((unsigned char)*text) || *p != ':' || !p[1])
		return false;
	while (*p > ' ' && *p < 0x7F && !strchr("<>\"\\^`{|}", *p))
		p++;
	return !*p;
}

/* NULL: it may not stand in this list. */
static const char *list_word(struct arena *a, const struct setting *s, const struct config_word *w)
{
	if (s->type == OPTION_PATHS)
		return *w->text ? config_path(a, w->place.file, w->text) : NULL;
	if (s->type == OPTION_ADDRESSES && !is_uri(w->text))
		return NULL;
	return s->words ? known_word(a, s->words, w->text, NULL) : arena_string(a, w->text);
}

static bool read_list(struct arena *a, const struct config_entry *e, const struct config_node *node, struct config_value *v, struct config_report *r)
{
	bool ok = true;
	const char **list = arena_alloc(a, (count_words(node->words) + 1) * sizeof *list);
	v->list = list;
	for (const struct config_word *w = node->words; w; w = w->next) {
		*list = list_word(a, &e->setting, w);
		if (!*list++)
			return wrong(a, e, w, r);
	}
	v->text = e->setting.type == OPTION_PATHS ? v->list[0] : NULL;
	return ok;
}

static bool read_map(struct arena *a, const struct config_entry *e, const struct config_node *node, struct config_value *v, struct config_report *r)
{
	size_t count = 0;
	for (const struct config_node *n = node->children; n; n = n->next)
		count++;
	const char **list = arena_alloc(a, (count + 1) * sizeof *list);
	v->list = list;
	for (const struct config_node *n = node->children; n; n = n->next) {
		if (n->shape != CONFIG_SETTING)
			return config_error(r, n->place, "%s holds settings of one word", e->path);
		const char *word = e->setting.words ? known_word(a, e->setting.words, n->words->text, NULL) : n->words->text;
		if (!word)
			return wrong(a, e, n->words, r);
		*list++ = arena_printf(a, "%s=%s", n->key, word);
	}
	return true;
}

bool config_value_read(struct arena *a, const struct config_entry *e, const struct config_node *node, struct config_value *v, struct config_report *r)
{
	*v = (struct config_value){ .entry = e, .place = node->place };
	bool is_empty_list = node->shape == CONFIG_LIST && !node->words;
	if (e->setting.type == OPTION_MAP && (node->shape == CONFIG_SECTION || is_empty_list))
		return read_map(a, e, node, v, r);
	if ((e->setting.type == OPTION_LIST || e->setting.type == OPTION_ADDRESSES || e->setting.type == OPTION_PATHS) && node->shape != CONFIG_SECTION)
		return read_list(a, e, node, v, r);
	if (node->shape != CONFIG_SETTING || e->setting.type == OPTION_MAP)
		return config_error(r, node->place, "%s is %s", e->path, config_entry_expects(a, e));
	return read_word(a, &e->setting, node->words, v) || wrong(a, e, node->words, r);
}

const char *config_number_print(struct arena *a, enum option_type type, int64_t n)
{
	if (type == OPTION_BOOL)
		return n ? "yes" : "no";
	if (type == OPTION_MODE)
		return arena_printf(a, "%04" PRIo64, n);
	if (type == OPTION_INT || n == 0)
		return arena_printf(a, "%" PRId64, n);
	const struct unit *u = units_of(type);       /* the usual ones come first, largest first */
	while (n % u->factor)
		u++;
	return arena_printf(a, "%" PRId64 "%s", n / u->factor, u->name);
}

/* Only what could be read as something else needs quotes. */
const char *config_quote(struct arena *a, const char *text)
{
	struct buf b = { 0 };
	bool plain = *text != '\0';
	buf_byte(&b, '"');
	for (const char *p = text; *p; p++) {
		const char *escape = strchr("\n\t\r\\\"", *p);
		plain = plain && (isalnum((unsigned char)*p) || strchr("._-/:*%+@", *p));
		if (escape)
			buf_byte(&b, '\\');
		buf_byte(&b, *p == '\n' ? 'n' : *p == '\t' ? 't' : *p == '\r' ? 'r' : *p);
	}
	buf_add(&b, "\"", 2);
	const char *quoted = plain ? text : arena_string(a, buf_start(&b));
	buf_clear(&b);
	return quoted;
}

static const char *print_list(struct arena *a, const char *const *list, bool is_map)
{
	const char *text = "[";
	for (const char *const *item = list; *item; item++) {
		const char *equals = is_map ? strchr(*item, '=') : NULL;
		const char *comma = item == list ? "" : ",";
		if (equals)
			text = arena_printf(a, "%s%s %s = %s", text, comma,
				config_quote(a, arena_copy(a, *item, (size_t)(equals - *item))), config_quote(a, equals + 1));
		else
			text = arena_printf(a, "%s%s %s", text, comma, config_quote(a, *item));
	}
	return arena_printf(a, "%s ]", text);
}

/* scheme://user:password@host: the password is nobody's business. */
static const char *hide_password(struct arena *a, const char *uri)
{
	const char *start = strstr(uri, "://"), *at = start ? strrchr(start, '@') : NULL;
	const char *colon = at ? memchr(start + 3, ':', (size_t)(at - start - 3)) : NULL;
	return colon ? arena_printf(a, "%.*s:********%s", (int)(colon - uri), uri, at) : uri;
}

static const char *print(struct arena *a, const struct config_value *v, bool hide)
{
	enum option_type type = v->entry->setting.type;
	switch (type) {
	case OPTION_BOOL: case OPTION_INT: case OPTION_SIZE: case OPTION_DURATION: case OPTION_MODE:
		return config_number_print(a, type, v->number);
	case OPTION_PATHS:
		if (v->list && v->list[0] && !v->list[1])
			return config_quote(a, v->list[0]);
		return v->list ? print_list(a, v->list, false) : "[ ]";
	case OPTION_LIST: case OPTION_ADDRESSES: case OPTION_MAP:
		return v->list ? print_list(a, v->list, type == OPTION_MAP) : "[ ]";
	case OPTION_SECRET:
		return !v->text ? "\"\"" : hide ? "\"********\"" : config_quote(a, v->text);
	case OPTION_URI:
		return !v->text ? "\"\"" : config_quote(a, hide ? hide_password(a, v->text) : v->text);
	case OPTION_STRING: case OPTION_PATH: case OPTION_ENUM:
		break;
	}
	return v->text ? config_quote(a, v->text) : "\"\"";
}

const char *config_value_print(struct arena *a, const struct config_value *v)
{
	return print(a, v, true);
}

const char *config_value_text(struct arena *a, const struct config_value *v)
{
	return print(a, v, false);
}

static const char *one_of(struct arena *a, const char *words)
{
	char *list = arena_printf(a, "%s", words);
	for (char *p = list; *p; p++)
		if (*p == ' ')
			*p = '|';
	return list;
}

static const char *range(struct arena *a, const struct setting *s)
{
	if (s->min == 0 && s->max == 0)
		return "";
	if (s->max == INT64_MAX)
		return arena_printf(a, " from %s", config_number_print(a, s->type, s->min));
	return arena_printf(a, " from %s to %s", config_number_print(a, s->type, s->min), config_number_print(a, s->type, s->max));
}

const char *config_entry_expects(struct arena *a, const struct config_entry *e)
{
	const struct setting *s = &e->setting;
	switch (s->type) {
	case OPTION_BOOL:     return "yes or no";
	case OPTION_INT:      return arena_printf(a, "a whole number%s", range(a, s));
	case OPTION_SIZE:     return arena_printf(a, "a size%s, as 64k or 1m", range(a, s));
	case OPTION_DURATION: return arena_printf(a, "a duration%s, as 30s, 5min, 1h or 7d", range(a, s));
	case OPTION_MODE:     return "an octal mode from 0000 to 0777";
	case OPTION_STRING: case OPTION_SECRET:
		return s->max ? arena_printf(a, "a text of at most %" PRId64 " bytes", s->max) : "a text";
	case OPTION_PATH:     return s->words ? arena_printf(a, "a path or %s", one_of(a, s->words)) : "a path";
	case OPTION_URI:      return arena_printf(a, "a URI (%s)", one_of(a, s->words));
	case OPTION_ENUM:     return arena_printf(a, "one of %s", one_of(a, s->words));
	case OPTION_LIST:     return s->words ? arena_printf(a, "a list of %s", one_of(a, s->words)) : "a list [ a, b ]";
	case OPTION_ADDRESSES: return "a list of URIs [ mailto:a@b, https://c/d ]";
	case OPTION_PATHS:    return "a path, or a list of them [ a, b ]";
	case OPTION_MAP:      return s->words ? arena_printf(a, "a list [ a = b ] with values of %s", one_of(a, s->words)) : "a list [ a = b ]";
	}
	return "";
}

/* A format is read once into pieces, each a text or a macro; printing goes along them. */
#include "modules/traffic_format.h"
#include "xmpp/redact.h"
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum macro { A_TEXT, TIME, STANZA_NAME, OUTLINE, RAW, FROM, TO, ID, TYPE, PEER };

static const struct { const char *name; enum macro macro; } macros[] = {
	{ "t", TIME }, { "st", STANZA_NAME }, { "so", OUTLINE }, { "sr", RAW }, { "af", FROM }, { "at", TO }, { "ai", ID }, { "ay", TYPE }, { "H", PEER },
};
enum { MACROS = sizeof macros / sizeof *macros };

struct traffic_format {              /* a piece, and the next */
	struct traffic_format *next;
	enum macro  macro;
	const char *text;            /* of A_TEXT */
};

/* --- reading --- */

static struct traffic_format *piece(struct arena *a, enum macro macro, const char *text, size_t size)
{
	struct traffic_format *f = ARENA_NEW(a, struct traffic_format);
	f->macro = macro;
	f->text = arena_copy(a, text, size);
	return f;
}

/* The macro that is meant, or that is nearest: in another case, or of the same group. */
static const char *nearest(const char *asked)
{
	for (int i = 0; i < MACROS; i++)
		if (strncasecmp(asked, macros[i].name, strlen(macros[i].name)) == 0)
			return macros[i].name;
	for (int i = 0; i < MACROS; i++)
		if (*asked && tolower((unsigned char)*asked) == macros[i].name[0])
			return macros[i].name;
	return "t";
}

static bool unknown(const char *at, struct fail *why)
{
	int size = (*at == 's' || *at == 'a') && at[1] ? 2 : *at != '\0';
	return fail(why, "there is no macro \"%%%.*s\"; did you mean \"%%%s\"? There are %%t %%st %%so %%sr %%af %%at %%ai %%ay %%H, and %%%%",
		size, at, nearest(at));
}

static const char *read_macro(struct arena *a, const char *at, bool is_of_a_stanza, struct traffic_format **f, struct fail *why)
{
	for (int i = 0; i < MACROS; i++) {
		size_t n = strlen(macros[i].name);
		if (strncmp(at, macros[i].name, n) != 0)
			continue;
		if (!is_of_a_stanza && macros[i].macro != TIME) {
			fail(why, "\"%%%s\" is of a stanza, and here is none: there is %%t", macros[i].name);
			return NULL;
		}
		*f = piece(a, macros[i].macro, "", 0);
		return at + n;
	}
	if (*at == '%') {
		*f = piece(a, A_TEXT, at, 1);
		return at + 1;
	}
	unknown(at, why);
	return NULL;
}

struct traffic_format *traffic_format_read(struct arena *a, const char *text, bool is_of_a_stanza, struct fail *why)
{
	struct traffic_format *first = piece(a, A_TEXT, "", 0), **end = &first->next;
	while (*text) {
		size_t n = strcspn(text, "%");
		if (n)
			*end = piece(a, A_TEXT, text, n);
		text = n ? text + n : read_macro(a, text + 1, is_of_a_stanza, end, why);
		if (!text)
			return NULL;
		end = &(*end)->next;
	}
	return first;
}

/* --- printing --- */

/* Length of a character that would end a line or turn its direction; 0: it doesn't. What was parsed is well-formed UTF-8. */
static size_t unsafe(const unsigned char *p, unsigned *code)
{
	*code = *p;
	if (*p < 0x20 || *p == 0x7f)
		return 1;
	if (*p == 0xc2 && p[1] < 0xa0) {
		*code = p[1];
		return 2;
	}
	if (*p != 0xe2 || (p[1] != 0x80 && p[1] != 0x81))
		return 0;
	*code = 0x2000 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	return (*code >= 0x2028 && *code <= 0x202e) || (*code >= 0x2066 && *code <= 0x2069) ? 3 : 0;
}

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static void add_code(struct buf *b, const char *format, unsigned code)
{
	char escape[16];
	snprintf(escape, sizeof escape, format, code);
	add(b, escape);
}

static void add_value(struct buf *b, const char *text, char stop)
{
	unsigned code;
	for (const unsigned char *p = (const unsigned char *)(text ? text : ""); *p; ) {
		size_t n = unsafe(p, &code);
		if (n || *p == '\\' || *p == (unsigned char)stop)
			add_code(b, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
		else
			buf_byte(b, (char)*p);
		p += n ? n : 1;
	}
}

static void add_xml(struct buf *b, const char *text)
{
	unsigned code;
	for (const unsigned char *p = (const unsigned char *)text; *p; ) {
		size_t n = unsafe(p, &code);
		if (n)
			add_code(b, "&#x%X;", code);
		else
			buf_byte(b, (char)*p);
		p += n ? n : 1;
	}
}

static void add_stanza(struct buf *b, const struct xml *stanza, bool is_outline)
{
	struct arena *a = arena_new();
	add_xml(b, is_outline ? redact_outline(a, stanza, NS_CLIENT) : redact_print(a, stanza, NS_CLIENT));
	arena_free(a);
}

static void add_peer(struct buf *b, const struct tap_view *v, char stop)
{
	char peer[64];
	tap_peer(v, peer);
	add_value(b, peer, stop);
}

static void add_time(struct buf *b, msec wall)
{
	char seconds[24];
	snprintf(seconds, sizeof seconds, "%lld", (long long)(wall / 1000));
	add(b, seconds);
}

void traffic_format_print(struct buf *b, const struct traffic_format *f, const struct tap_view *v, msec wall)
{
	for (; f; f = f->next) {
		char stop = f->next && f->next->macro == A_TEXT ? *f->next->text : '\0';
		switch (f->macro) {
		case A_TEXT:      add(b, f->text); break;
		case TIME:        add_time(b, wall); break;
		case STANZA_NAME: add_value(b, v->stanza->name, stop); break;
		case OUTLINE:     add_stanza(b, v->stanza, true); break;
		case RAW:         add_stanza(b, v->stanza, false); break;
		case FROM:        add_value(b, v->from, stop); break;
		case TO:          add_value(b, v->to, stop); break;
		case ID:          add_value(b, v->id, stop); break;
		case TYPE:        add_value(b, tap_type_word(v), stop); break;
		case PEER:        add_peer(b, v, stop); break;
		}
	}
	buf_byte(b, '\n');
}

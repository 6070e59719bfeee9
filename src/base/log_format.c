/*
 * Words may hold what a peer sent, so nothing of them is trusted: control
 * characters, characters that turn the direction of writing and bytes that
 * are not UTF-8 are written as escapes in every format.
 */
#include "base/log_format.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STAMP = 32 };

/* The length of the character at p, 0 when it isn't well-formed UTF-8. */
static size_t utf8_length(const unsigned char *p, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
	if (n == 0 || p[0] > 0xf4)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;                    /* the NUL at the end stops us here too */
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*code = c;
	return n;
}

static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);   /* line ends and turns of direction */
}

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static void add_escape(struct buf *b, enum log_format format, uint32_t c)
{
	char text[16];
	if (c == '\n' || c == '\t' || c == '\r')
		snprintf(text, sizeof text, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else
		snprintf(text, sizeof text, format == LOG_JSON ? "\\u%04x" : c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
	add(b, text);
}

static void add_words(struct buf *b, enum log_format format, const char *words)
{
	for (const unsigned char *p = (const unsigned char *)words; *p; ) {
		uint32_t c = 0;
		size_t n = utf8_length(p, &c);
		if (n == 0)
			add_escape(b, format, format == LOG_JSON ? 0xfffd : *p);
		else if (is_unsafe(c))
			add_escape(b, format, c);
		else if (format == LOG_JSON && (c == '"' || c == '\\'))
			buf_byte(b, '\\'), buf_byte(b, (char)c);
		else
			buf_add(b, p, n);
		p += n ? n : 1;
	}
}

static void add_stamp(struct buf *b, msec wall)
{
	time_t seconds = (time_t)(wall / 1000);
	struct tm tm;
	char text[STAMP], whole[STAMP + 8];
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(whole, sizeof whole, "%s.%03dZ", text, (int)(wall % 1000));
	add(b, whole);
}

static void add_field(struct buf *b, enum log_format format, const char *name, const char *value, const char *end)
{
	if (!value || !*value)
		return;
	add(b, name);
	add_words(b, format, value);
	add(b, end);
}

static void text_line(struct buf *b, enum log_level level, const struct log_who *who, const char *words, msec wall)
{
	add_stamp(b, wall);
	buf_byte(b, ' ');
	add(b, log_level_name(level));
	buf_byte(b, ' ');
	add_words(b, LOG_TEXT, who->tag);
	buf_byte(b, ' ');
	add_words(b, LOG_TEXT, words);
	add_field(b, LOG_TEXT, " jid=", who->jid, "");
	add_field(b, LOG_TEXT, " peer=", who->peer, "");
	buf_byte(b, '\n');
}

static void json_line(struct buf *b, enum log_level level, const struct log_who *who, const char *words, msec wall)
{
	add(b, "{\"time\":\"");
	add_stamp(b, wall);
	add(b, "\",\"level\":\"");
	add(b, log_level_name(level));
	add_field(b, LOG_JSON, "\",\"tag\":\"", who->tag, "\"");
	add_field(b, LOG_JSON, ",\"jid\":\"", who->jid, "\"");
	add_field(b, LOG_JSON, ",\"peer\":\"", who->peer, "\"");
	add(b, ",\"text\":\"");
	add_words(b, LOG_JSON, words);
	add(b, "\"}\n");
}

/* The journal's native protocol: FIELD=value lines. It stamps the time itself. */
static void journal_entry(struct buf *b, enum log_level level, const struct log_who *who, const char *words)
{
	static const char *const priority[] = { "2", "5", "4", "6", "7" };     /* as syslog counts */
	add(b, "SYSLOG_IDENTIFIER=jackdaw\nPRIORITY=");
	add(b, priority[level]);
	add(b, "\nJACKDAW_LEVEL=");
	add(b, log_level_name(level));
	add_field(b, LOG_JOURNAL, "\nJACKDAW_TAG=", who->tag, "\n");
	add_field(b, LOG_JOURNAL, "JACKDAW_JID=", who->jid, "\n");
	add_field(b, LOG_JOURNAL, "JACKDAW_PEER=", who->peer, "\n");
	add_field(b, LOG_JOURNAL, "MESSAGE=", who->tag, " ");
	add_words(b, LOG_JOURNAL, words);
	add_field(b, LOG_JOURNAL, " jid=", who->jid, "");
	add_field(b, LOG_JOURNAL, " peer=", who->peer, "");
	buf_add(b, "\n", 2);                         /* with the NUL that ends a record */
}

void log_format(struct buf *b, enum log_format format, enum log_level level, const struct log_who *who, const char *words, msec wall)
{
	switch (format) {
	case LOG_TEXT:    text_line(b, level, who, words, wall); break;
	case LOG_JSON:    json_line(b, level, who, words, wall); break;
	case LOG_JOURNAL: journal_entry(b, level, who, words); break;
	}
}

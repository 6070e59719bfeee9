/*
 * Two passes: how wide, then print. Width counts characters, not bytes; wide
 * ones (CJK) count as one. Control characters, which a peer may have chosen,
 * become '?': they could move a terminal's cursor. Lines of a value stand side
 * by side.
 */
#include "admin/table.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 32, GAP = 2 };

struct column { const char *name; size_t width; };

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t width(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += !is_continuation(*text);
	return n;
}

/* A value in words; numbers are printed into `room`. */
static const char *words(const json_t *value, char room[32])
{
	if (json_is_string(value))
		return *json_string_value(value) ? json_string_value(value) : "-";
	if (json_is_boolean(value))
		return json_is_true(value) ? "yes" : "no";
	if (!json_is_integer(value))
		return "-";
	snprintf(room, 32, "%lld", (long long)json_integer_value(value));
	return room;
}

static void add_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_byte(out, *text == '\n' ? ';' : (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void add_blanks(struct buf *out, size_t n)
{
	while (n--)
		buf_byte(out, ' ');
}

static void add_cell(struct buf *out, const char *text, const struct column *column, bool is_last)
{
	add_text(out, text);
	if (is_last)
		buf_byte(out, '\n');
	else
		add_blanks(out, column->width + GAP - width(text));
}

static struct column *column_named(struct column *columns, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	if (*count == COLUMNS)
		return NULL;
	columns[*count] = (struct column){ name, width(name) };
	return &columns[(*count)++];
}

static void measure(struct column *columns, size_t *count, json_t *row)
{
	const char *name;
	json_t *value;
	char room[32];
	json_object_foreach(row, name, value) {
		struct column *c = column_named(columns, count, name);
		size_t wide = width(words(value, room));
		if (c && wide > c->width)
			c->width = wide;
	}
}

static void indented(struct buf *out, const json_t *rows, size_t indent)
{
	struct column columns[COLUMNS];
	size_t count = 0;
	char room[32];
	for (size_t i = 0; i < json_array_size(rows); i++)
		measure(columns, &count, json_array_get(rows, i));
	if (!count)
		return;
	add_blanks(out, indent);
	for (size_t k = 0; k < count; k++)
		add_cell(out, columns[k].name, &columns[k], k + 1 == count);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		add_blanks(out, indent);
		for (size_t k = 0; k < count; k++)
			add_cell(out, words(json_object_get(json_array_get(rows, i), columns[k].name), room), &columns[k], k + 1 == count);
	}
}

void table_print(struct buf *out, const json_t *rows)
{
	indented(out, rows, 0);
}

void table_print_card(struct buf *out, const json_t *row)
{
	struct column names = { "", 0 };
	const char *name;
	json_t *value, *fields = json_incref((json_t *)(uintptr_t)row);      /* iterating changes nothing that shows */
	char room[32];
	json_object_foreach(fields, name, value)
		if (!json_is_array(value) && width(name) > names.width)
			names.width = width(name);
	json_object_foreach(fields, name, value) {
		add_cell(out, name, &names, json_is_array(value));
		if (json_is_array(value)) {
			indented(out, value, GAP);
		} else {
			add_text(out, words(value, room));
			buf_byte(out, '\n');
		}
	}
	json_decref(fields);
}

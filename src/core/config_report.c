/* Notes are copied into the report's own arena: it outlives the tree it speaks of. */
#include "core/config_report.h"
#include <stdarg.h>
#include <string.h>

void config_report_init(struct config_report *r)
{
	*r = (struct config_report){ .arena = arena_new() };
}

void config_report_clear(struct config_report *r)
{
	arena_free(r->arena);
	*r = (struct config_report){ 0 };
}

static void add(struct config_report *r, struct config_note *notes, int *count, struct config_place place,
		const char *format, va_list ap)
{
	if ((*count)++ >= CONFIG_NOTES)
		return;
	place.file = arena_string(r->arena, place.file);
	notes[*count - 1] = (struct config_note){ place, arena_vprintf(r->arena, format, ap) };
}

bool config_error(struct config_report *r, struct config_place place, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add(r, r->errors, &r->error_count, place, format, ap);
	va_end(ap);
	return false;
}

void config_warn(struct config_report *r, struct config_place place, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add(r, r->warnings, &r->warning_count, place, format, ap);
	va_end(ap);
}

static bool is_later(const struct config_place *a, const struct config_place *b)
{
	return strcmp(a->file, b->file) == 0 && (a->line > b->line || (a->line == b->line && a->column > b->column));
}

void config_report_sort(struct config_report *r)
{
	int count = r->error_count < CONFIG_NOTES ? r->error_count : CONFIG_NOTES;
	for (int i = 1; i < count; i++) {
		struct config_note note = r->errors[i];
		int to = i;
		for (int j = i; j > 0; j--)
			if (is_later(&r->errors[j - 1].place, &note.place))
				to = j - 1;
		memmove(&r->errors[to + 1], &r->errors[to], (size_t)(i - to) * sizeof note);
		r->errors[to] = note;
	}
}

const char *config_note_text(struct arena *a, const struct config_note *n)
{
	if (n->place.line == 0)
		return arena_printf(a, "%s: %s", n->place.file, n->text);
	return arena_printf(a, "%s:%d:%d: %s", n->place.file, n->place.line, n->place.column, n->text);
}

const char *config_report_errors(struct arena *a, const struct config_report *r)
{
	const char *text = NULL;
	for (int i = 0; i < r->error_count && i < CONFIG_NOTES; i++)
		text = arena_printf(a, "%s%s%s", text ? text : "", text ? "\n" : "", config_note_text(a, &r->errors[i]));
	return r->error_count > CONFIG_NOTES ? arena_printf(a, "%s\nand %d more", text, r->error_count - CONFIG_NOTES) : text;
}

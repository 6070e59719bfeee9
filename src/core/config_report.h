/*
 * What is wrong with a configuration: every error with its place, not only
 * the first. Warnings are for what is accepted and has no effect.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

enum { CONFIG_NOTES = 20 };                  /* of each kind are kept; the others are counted */

struct config_place {
	const char *file;                    /* lives as long as the report or the configuration */
	int line, column;                    /* 0: the whole file */
};

struct config_note {
	struct config_place place;
	const char *text;
};

struct config_report {
	struct arena *arena;
	int error_count, warning_count;
	struct config_note errors[CONFIG_NOTES], warnings[CONFIG_NOTES];
};

void config_report_init(struct config_report *);
void config_report_clear(struct config_report *);

/* Returns false, as fail() does. */
bool config_error(struct config_report *, struct config_place, const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_warn(struct config_report *, struct config_place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* By line within each file: syntax is found before meaning. */
void config_report_sort(struct config_report *);

/* "file:line:column: text", in the arena. */
const char *config_note_text(struct arena *, const struct config_note *);
/* All errors, one a line; NULL: there is none. */
const char *config_report_errors(struct arena *, const struct config_report *);

/*
 * Line file: lines for a file, written by a thread of its own.
 *
 * Whoever adds a line copies it and goes on; the disk is the thread's affair.
 * At most LINE_FILE_QUEUE bytes wait: what comes beyond is dropped and
 * counted, and the log says how many lines are missing. The thread replaces
 * the file when it is full, or a new period begins: PATH becomes PATH.1, that
 * PATH.2, and so on. Or somebody else renames it, and says line_file_reopen.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/fail.h"

struct line_file;

enum { LINE_FILE_QUEUE = 4 * 1024 * 1024 };

struct line_file_options {
	const char *path;
	const char *tag;             /* of what the log says of it */
	unsigned    mode;            /* access rights */
	int64_t     size;            /* no file is larger than this, but for one line that is; 0: any size */
	msec        period;          /* a file holds lines of one such period, counted from 1970; 0: of any time */
	unsigned    older;           /* files beside the one that is written */
};

/* Opens, or makes, the file and starts the thread. Copies the strings. */
struct line_file *line_file_open(const struct line_file_options *, struct fail *why);
const char *line_file_path(const struct line_file *);
void line_file_set(struct line_file *, const struct line_file_options *);    /* all but path and tag */
void line_file_add(struct line_file *, const char *line, size_t size);       /* a whole line with its end; from any thread */
void line_file_reopen(struct line_file *);   /* it was renamed: what is added from now on goes to a new one */
/* Both write what waits, end the thread and free; NULL is fine. The first waits for it. */
void line_file_close(struct line_file *);
void line_file_leave(struct line_file *);

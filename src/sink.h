/*
 * Sink: where the client puts the parts of a long answer: a file, whole or
 * not at all, or its output.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/fail.h"

struct sink {
	int   fd;
	char *path, *unfinished;             /* NULL: it is our output */
	bool  has_taken;
};

/* "-" or NULL: our output. A file is for its owner only, and must not exist yet. */
bool sink_open(struct sink *, const char *path, struct fail *why);
bool sink_take(void *sink, const void *bytes, size_t size, struct fail *why);
bool sink_close(struct sink *, bool is_good, struct fail *why);      /* not good: what was written goes */

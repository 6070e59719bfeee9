/*
 * How a log line looks: as text, as a JSON object, as an entry of the journal.
 */
#pragma once
#include <stddef.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

/* Adds one record with its end: a newline, or for the journal a NUL (no field can hold one). */
void log_format(struct buf *, enum log_format, enum log_level, const struct log_who *, const char *words, msec wall);

/*
 * Where log records go: a descriptor, and before it a bounded queue with a
 * thread that empties it.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/log.h"

enum { LOG_QUEUE = 1024 * 1024 };            /* bytes that may wait; what comes beyond is counted and dropped */

enum log_format log_output_format(void);

/* A whole record. `must` is never dropped, and is on its way out (or two seconds passed) when this returns. */
void log_output(const struct buf *record, bool must);

/*
 * Control: the Unix socket by which commands come in.
 *
 * A line of JSON asks, {"args":["user","list"],"stdin":"…"}, and a line
 * answers (core/command.h), in order. Only root and the server's own user are
 * heard; the socket file's mode says so too.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

enum { CONTROL_LINE = 16 << 20 };            /* bytes: the longest question */

bool control_open(const char *path, struct fail *why);       /* at start, before privileges are dropped */
void control_start(void);                    /* on loop 0 */
void control_stop(void);                     /* there too: no more questions; answers under way are written. The file goes */

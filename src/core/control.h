/*
 * Control: the Unix socket by which commands come in.
 *
 * A line of JSON asks, {"args":["user","list"],"stdin":"…"}, and a line
 * answers (core/command.h), in order. Only root and the server's own user are
 * heard; the socket file's mode says so too.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "base/fail.h"

enum { CONTROL_LINE = 16 << 20 };            /* bytes: the longest question */

struct config;

/* Where it is: the client looks there too. */
const char *control_path(struct arena *, const struct config *);
bool control_open(const struct config *, struct fail *why);  /* at start, once we are who may ask; needs no loop yet */
void control_start(void);                    /* on loop 0 */
void control_stop(void);                     /* there too: no more questions; answers under way are written. The file goes */

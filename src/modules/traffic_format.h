/*
 * Traffic format: how a stanza becomes a line of the traffic log.
 *
 *   %t   when, in seconds since 1970      %af  from            %ai  id
 *   %st  message, presence or iq          %at  to              %ay  type
 *   %so  the stanza, its texts hidden     %H   address and port of the peer
 *   %sr  the stanza, secrets hidden       %%   a percent sign
 *
 * A line stays a line, and its fields can be told apart: in a value, control
 * characters, the backslash and the character that follows the macro in the
 * format are written as \xNN; in a stanza, control characters as references.
 */
#pragma once
#include "base/fail.h"
#include "core/tap.h"

struct traffic_format;

/* In the arena. NULL: it names a macro that there is none of, or that has no meaning here (of no stanza: all but %t). */
struct traffic_format *traffic_format_read(struct arena *, const char *text, bool is_of_a_stanza, struct fail *why);
/* Adds a line with its end. `view` NULL: of no stanza. */
void traffic_format_print(struct buf *, const struct traffic_format *, const struct tap_view *, msec wall);

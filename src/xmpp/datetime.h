/*
 * Dates and times as XMPP writes them (XEP-0082).
 *
 * We print UTC. We read each profile whole: any offset, any number of digits
 * in the fraction (cut to milliseconds). Years are four digits.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "base/clock.h"

char *datetime_print(struct arena *, msec wall);             /* to the second */
char *datetime_print_msec(struct arena *, msec wall);
char *datetime_print_legacy(struct arena *, msec wall);      /* XEP-0091's "CCYYMMDDThh:mm:ss" */

/* All false, and nothing written, when it isn't such a text. */
bool datetime_parse(const char *text, msec *wall);           /* DateTime: milliseconds since 1970 UTC */
bool datetime_parse_date(const char *text, msec *wall);      /* Date, perhaps with a zone: its first moment */
bool datetime_parse_time(const char *text, msec *of_day);    /* Time: milliseconds since midnight UTC; without a zone it's taken as UTC */

/* Milliseconds since 1970 become a date; what is before it cannot be. */
#include "xmpp/stamp.h"
#include <stdlib.h>
#include <time.h>

const char *stamp_text(struct arena *a, msec wall)
{
	time_t seconds = (time_t)(wall / 1000);
	struct tm tm;
	char date[32];
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(a, "%s.%03dZ", date, (int)(wall % 1000));
}

const char *stamp_zone(struct arena *a, long seconds)
{
	long minutes = labs(seconds) / 60;
	return arena_printf(a, "%c%02ld:%02ld", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

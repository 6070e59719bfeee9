/* XEP-0202 Entity Time: what our clock says, and in which time zone we are. */
#include "modules/modules.h"
#include "xmpp/datetime.h"
#include <stdlib.h>
#include <time.h>

static const char *zone(struct arena *a, msec wall)
{
	time_t seconds = (time_t)(wall / 1000);
	struct tm tm;
	localtime_r(&seconds, &tm);
	long minutes = labs(tm.tm_gmtoff) / 60;
	return arena_printf(a, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static enum stanza_error tell_time(struct turn *t)
{
	struct arena *a = t->arena;
	msec now = clock_wall();

	turn_reply(t, EL(a, NS_TIME, "time",
		EL(a, NS_TIME, "tzo", TEXT(a, zone(a, now))),
		EL(a, NS_TIME, "utc", TEXT(a, datetime_print(a, now)))));
	return OK;
}

const struct module mod_time = {
	.name     = "time",
	.title    = "Entity Time",
	.xep      = 202,
	.features = FEATURES(NS_TIME),
	.iqs      = IQS({ NS_TIME, "time", IQ_GET, TO_HOST, tell_time }),
};

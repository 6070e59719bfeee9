/* The names; the counters are each home's own. */
#include "core/limit.h"
#include "core/home.h"

#define LIMIT_SETTING(name, setting) setting,
static const char *const settings[] = { LIMITS(LIMIT_SETTING) };

void limit_reached(enum limit limit)
{
	home_here()->reached[limit]++;
}

const char *limit_setting(enum limit limit)
{
	return settings[limit];
}

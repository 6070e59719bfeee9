/*
 * Read by a cursor that each piece moves on; a piece that isn't there makes
 * the whole false. Days are counted by the civil calendar, as XML Schema has
 * it, so neither the C library's zone nor its locale has a say.
 */
#include "xmpp/datetime.h"
#include <time.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static bool digits(const char **at, int count, int low, int high, int *value)
{
	int v = 0;
	for (int i = 0; i < count; i++) {
		unsigned digit = (unsigned)(*at)[i] - '0';
		if (digit > 9)
			return false;
		v = v * 10 + (int)digit;
	}
	*at += count;
	*value = v;
	return v >= low && v <= high;
}

static bool sign(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static msec days_before(int year, int month)
{
	int y = year - 1;
	msec days = (msec)y * 365 + y / 4 - y / 100 + y / 400 - 719162;   /* of 1970 */
	for (int m = 1; m < month; m++)
		days += days_in(year, m);
	return days;
}

static bool date(const char **at, msec *wall)
{
	int year, month, day;
	if (!digits(at, 4, 1, 9999, &year) || !sign(at, '-') || !digits(at, 2, 1, 12, &month) || !sign(at, '-'))
		return false;
	if (!digits(at, 2, 1, days_in(year, month), &day))
		return false;
	*wall = (days_before(year, month) + day - 1) * DAY;
	return true;
}

/* ".sss": one digit at least; those after the third don't count. */
static bool fraction(const char **at, int *value)
{
	*value = 0;
	if (!sign(at, '.'))
		return true;
	int digit, worth = 100;
	if (!digits(at, 1, 0, 9, &digit))
		return false;
	do {
		*value += digit * worth;
		worth /= 10;
	} while (**at >= '0' && **at <= '9' && digits(at, 1, 0, 9, &digit));
	return true;
}

/* XML Schema, which XEP-0082 §3 lets overrule itself, has 24:00:00 for the end of a day. */
static bool clock_time(const char **at, msec *of_day)
{
	int hour, minute, second, rest;
	if (!digits(at, 2, 0, 24, &hour) || !sign(at, ':') || !digits(at, 2, 0, 59, &minute) || !sign(at, ':'))
		return false;
	if (!digits(at, 2, 0, 59, &second) || !fraction(at, &rest))
		return false;
	*of_day = (msec)hour * HOUR + minute * MINUTE + second * SECOND + rest;
	return *of_day <= DAY;
}

/* How far ahead of UTC; XML Schema has 14:00 as the farthest. */
static bool zone(const char **at, msec *ahead)
{
	int hour, minute;
	*ahead = 0;
	if (sign(at, 'Z'))
		return true;
	bool behind = **at == '-';
	if (!sign(at, '-') && !sign(at, '+'))
		return false;
	if (!digits(at, 2, 0, 14, &hour) || !sign(at, ':') || !digits(at, 2, 0, hour == 14 ? 0 : 59, &minute))
		return false;
	*ahead = (behind ? -1 : 1) * (msec)(hour * HOUR + minute * MINUTE);
	return true;
}

/* The end of the text, or a zone and then the end. */
static bool zone_or_end(const char *at, msec *ahead)
{
	*ahead = 0;
	return !*at || (zone(&at, ahead) && !*at);
}

bool datetime_parse(const char *text, msec *wall)
{
	msec day, of_day, ahead;
	if (!date(&text, &day) || !sign(&text, 'T') || !clock_time(&text, &of_day) || !zone(&text, &ahead) || *text)
		return false;
	*wall = day + of_day - ahead;
	return true;
}

bool datetime_parse_date(const char *text, msec *wall)
{
	msec day, ahead;
	if (!date(&text, &day) || !zone_or_end(text, &ahead))
		return false;
	*wall = day - ahead;
	return true;
}

bool datetime_parse_time(const char *text, msec *of_day)
{
	msec local, ahead;
	if (!clock_time(&text, &local) || !zone_or_end(text, &ahead))
		return false;
	*of_day = (local - ahead + DAY) % DAY;
	return true;
}

static msec whole_seconds(msec wall)
{
	return wall / SECOND - (wall % SECOND < 0);
}

static struct tm broken_down(msec wall)
{
	time_t seconds = whole_seconds(wall);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	return tm;
}

static char *print(struct arena *a, msec wall, bool fine)
{
	struct tm tm = broken_down(wall);
	char *day = arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
	return fine ? arena_printf(a, "%s.%03dZ", day, (int)(wall - whole_seconds(wall) * SECOND)) : arena_printf(a, "%sZ", day);
}

char *datetime_print(struct arena *a, msec wall)
{
	return print(a, wall, false);
}

char *datetime_print_msec(struct arena *a, msec wall)
{
	return print(a, wall, true);
}

char *datetime_print_legacy(struct arena *a, msec wall)
{
	struct tm tm = broken_down(wall);
	return arena_printf(a, "%04d%02d%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/*
 * The last tick's readings, for each thread.
 *
 * A key is 44 bits of milliseconds since 2020 (till 2577), 8 of the loop and
 * 11 of a counter; a loop that makes more than 2048 in a millisecond borrows
 * from the next, and a clock that steps back makes the last one go on, so
 * keys of one loop always grow.
 */
#include "base/clock.h"
#include <time.h>

static _Thread_local msec now, wall;
static _Thread_local bool ticked, fixed;
static _Thread_local unsigned key_loop;
static _Thread_local int64_t last_key;

static msec read_clock(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

msec clock_now(void)
{
	return ticked ? now : read_clock(CLOCK_MONOTONIC);
}

msec clock_wall(void)
{
	return ticked ? wall : read_clock(CLOCK_REALTIME);
}

void clock_tick(void)
{
	if (fixed)
		return;
	now = read_clock(CLOCK_MONOTONIC);
	wall = read_clock(CLOCK_REALTIME);
	ticked = true;
}

void clock_set(msec to, msec wall_to)
{
	now = to;
	wall = wall_to;
	ticked = fixed = true;
}

void clock_key_loop(unsigned loop)
{
	key_loop = loop & 255;
}

static const msec year_2020 = 1577836800000;

/* What is older than our count lies in its first days, pressed together and in order. */
int64_t clock_key_at(msec at)
{
	int64_t ms = at >= year_2020 ? at - year_2020 : at > 0 ? at >> 11 : 0;
	return ms << 19 | 255 << 11;
}

int64_t clock_key(void)
{
	int64_t ms = clock_wall() - year_2020, last_ms = last_key >> 19, count = 0;
	if (ms <= last_ms) {
		ms = last_ms;
		count = (last_key & 2047) + 1;
		if (count > 2047) {
			ms++;
			count = 0;
		}
	}
	return last_key = ms << 19 | (int64_t)key_loop << 11 | count;
}

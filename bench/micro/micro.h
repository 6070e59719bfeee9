/* What the micro-benches share: the processor's time, and how a figure is printed. */
#pragma once
#include <stdio.h>
#include <time.h>

static inline double clock_ns(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of this thread: neighbours on the machine matter less than with time on the wall. */
static inline double cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* One line of the table that `make micro` prints. */
static inline void figure(const char *what, double value, const char *unit)
{
	printf("%-62s %10.1f %s\n", what, value, unit);
	fflush(stdout);
}

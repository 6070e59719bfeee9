/*
 * Wheel: many timers, cheap to start and stop.
 *
 * It has no clock: the owner tells it what time it is and asks when it must be
 * run next. A timer fires at the first tick (50 ms) that isn't before its time.
 */
#pragma once
#include "net/loop.h"

enum { WHEEL_TICK_MS = 50, WHEEL_LEVELS = 4, WHEEL_SLOTS = 64 };

struct wheel {
	int64_t     tick;                    /* ticks up to this one have been run */
	uint64_t    filled[WHEEL_LEVELS];    /* a bit for each slot that may hold timers */
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *, msec now);
void wheel_put(struct wheel *, struct timer *);  /* by its `at`; it must not be running */
void wheel_run(struct wheel *, msec now);        /* fires what is due */
msec wheel_next(struct wheel *);                 /* when to run it again; -1: it is empty */

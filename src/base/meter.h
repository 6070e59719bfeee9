/*
 * Meter: how fast somebody may go.
 *
 * The owner takes units as it uses them and is told how long to pause. A
 * connection pauses reading; nothing is ever dropped. The clock is an
 * argument, so tests do not sleep. One loop only: there is no lock.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"

struct meter {                       /* small, so embedded in its owner and not opaque */
	int64_t per_second, burst;   /* per_second 0: no limit */
	int64_t level;               /* units in hand; below zero is debt */
	msec    filled_at;
};

void meter_init(struct meter *, int64_t per_second, int64_t burst, msec now);
/* Takes units; returns the pause until they are paid for, 0 when they are. */
msec meter_take(struct meter *, int64_t units, msec now);

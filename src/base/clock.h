/*
 * Clock: milliseconds, read once per round of a loop.
 *
 * clock_now is monotonic, for time-outs; clock_wall is the time of day since
 * 1970, for stamps. Both are what this thread's last clock_tick read (a thread
 * that never ticks reads the system's clock). The simulation sets them.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef int64_t msec;

msec clock_now(void);
msec clock_wall(void);
void clock_tick(void);                       /* loops call it when they wake */
void clock_set(msec now, msec wall);         /* the simulation: stands still until set again */

/* A key for a row: 64 bits, grows with time within this process, unique across loops
 * (milliseconds since 2020, loop, a counter). Signed and positive, as SQL wants it. */
void    clock_key_loop(unsigned loop);       /* this thread's part of its keys; below 256 */
int64_t clock_key(void);
/* For a row that comes from elsewhere and belongs to that time: the first of CLOCK_KEYS that no loop ever makes. */
enum { CLOCK_KEYS = 2048 };
int64_t clock_key_at(msec wall);

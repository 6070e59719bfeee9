/*
 * Loop: one thread, its sockets, its timers, and an inbox.
 *
 * A round: read every ready socket, run timers and the inbox, let the owner
 * work (loop_on_round), hand over what is for other loops (once for each), and
 * flush every connection that was written to (one system call each). The
 * simulation links another implementation of this header.
 */
#pragma once
#include <stdbool.h>
#include "base/clock.h"
#include "base/list.h"

struct loop;

struct loop *loop_new(unsigned number);              /* 0, 1, … */
void loop_free(struct loop *);
void loop_start(struct loop *, void (*first)(void *), void *with);   /* starts its thread, which calls `first` and then runs */
void loop_stop(struct loop *);                       /* from any thread: leaves after the round; */
void loop_join(struct loop *);                       /* waits until its thread has ended */
struct loop *loop_here(void);                        /* this thread's; NULL on other threads */
unsigned loop_number(const struct loop *);
void loop_name(struct loop *, const char *name);     /* before it starts: its thread's, as ps and top show it; at most 15 bytes count */

/* Gives `thing` away: fn(thing) runs on that loop. From any thread; never blocks, never fails; in order for each pair of threads. */
void post(struct loop *, void (*fn)(void *), void *thing);

/* Called once in every round, after the sockets and the inbox. Returns true when it has more to do: then the next round doesn't sleep. */
void loop_on_round(struct loop *, bool (*fn)(void *), void *with);
/* Called now and then (every second), for sweeping. */
void loop_on_second(struct loop *, void (*fn)(void *), void *with);

/* Work for the pool of worker threads: `work` there, then `done` here, on the loop that asked. */
void loop_work(void (*work)(void *), void (*done)(void *), void *thing);
void loop_workers(unsigned threads);                 /* before the first loop starts; default 2 */
bool loop_is_working(void);                          /* something that this loop asked for isn't done */
void loop_workers_stop(void);                        /* when the loops have ended: waits for what is being done, leaves what isn't begun */

/*
 * Timers, in a wheel: coarse (50 ms), cheap to start and stop, embedded in
 * their owner. On this thread's loop.
 */
struct timer {
	struct list link;
	msec   at;
	void (*fn)(struct timer *);
};
void timer_start(struct timer *, msec after, void (*fn)(struct timer *));    /* started again: moves */
void timer_stop(struct timer *);                     /* one that isn't running: nothing happens */
bool timer_is_running(const struct timer *);

/*
 * Listen: the sockets of the configuration's addresses, opened, changed and
 * closed as snapshots come (core/entrance.h says what they say).
 *
 * Each loop of an address's pool has a socket of its own (SO_REUSEPORT), so
 * connections are spread by the kernel; a Unix socket is served by the pool's
 * first loop.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "core/entrance.h"

/* At start, before privileges are dropped: opens every address. */
bool listen_open(const struct config *, struct fail *why);
void listen_start(unsigned loop);            /* on that loop */
void listen_stop(unsigned loop);             /* accepts no more; on that loop */

/*
 * A reload, in two steps under its lock: opens what is new, so that it can
 * still be refused; and when the homes have the snapshot, begins with that,
 * changes what is open and closes what is gone. Who is inside stays. *waits
 * gets what only root may open, and so waits for a restart (NULL: nothing).
 */
bool listen_prepare(const struct entrances *, struct arena *, const char **waits, struct fail *why);
void listen_follow(const struct entrances *);

/* For guest.c: fewer are waiting at the gate. */
void listen_pause(struct gate *);            /* on a loop that accepts for it, when too many wait */
void listen_wake(struct gate *);             /* those that were paused go on */

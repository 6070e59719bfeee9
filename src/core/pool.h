/*
 * Pool: the loops that accept for a listener.
 *
 * Without a word all listeners share the common loops, on which the accounts
 * live. `threadpool "name" { concurrency = 2 }` and `pool_name = name`, or
 * `concurrency` in a listener, give it loops of its own: a connection is
 * accepted and authenticated there, and then moves to its account's home, as
 * it does between loops anyhow. Fixed at start.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

struct config;
struct config_scope;

struct pool {
	const char *name;                    /* "": the common one */
	unsigned    first, count;            /* loops [first, first + count) */
};

/* At start: the common pool has so many loops; the others follow it. */
bool pools_read(const struct config *, unsigned common, struct fail *why);
unsigned pools_loops(void);                          /* of all */
unsigned pools_count(void);
const struct pool *pool_number(unsigned);            /* 0: the common one */
const struct pool *pool_of_loop(unsigned loop);
/* Of a `listen` scope, in any snapshot. One that came with a reload has the common loops until the next start. */
const struct pool *pool_of(const struct config_scope *listen);

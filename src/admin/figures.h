/*
 * Figures, read: a loop's are summed over all loops.
 */
#pragma once
#include <stdint.h>
#include "base/arena.h"

/* On a loop. `values` are in the order of core/figure.h's table, in the arena. */
void figures_read(struct arena *, void (*done)(void *with, const int64_t *values), void *with);

/*
 * Clear sweep: passwords in the clear go when no mechanism of their domain
 * needs them any more.
 */
#pragma once
#include "core/host.h"
#include "store/store.h"

/* At the start and after each reload. From any thread; doesn't wait. */
void clear_sweep(struct store *, const struct hosts *);

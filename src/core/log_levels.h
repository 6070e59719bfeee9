/*
 * Log levels: what the configuration says of how detailed the log is.
 */
#pragma once
#include "core/config.h"

/* All of it anew: `log { level tags }` and each module's debug_level. What a command had set is gone. */
void log_levels_take(const struct config *);

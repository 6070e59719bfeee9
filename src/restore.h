/*
 * Restore: a backup becomes the data folder of a server that is not running.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"
#include "core/config.h"

/* The folder must be empty or not there. False: nothing of it was kept. */
bool restore(const struct config *, const char *path, struct fail *why);

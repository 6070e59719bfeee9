/*
 * Migrate: brings a database to the form that this program expects.
 */
#pragma once
#include "store/driver.h"

/* Refuses a database that a newer program has changed, and one whose migrations were edited afterwards. */
bool migrate(const struct driver *, struct connection *, const struct migration *, size_t count, struct fail *why);

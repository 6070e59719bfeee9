/*
 * What differs between two snapshots, and which of it needs a restart.
 */
#pragma once
#include "core/config.h"

struct config_change {
	const char *scope;                           /* config_scope_text */
	const struct config_entry *entry;            /* NULL: the scope itself came or went */
	const char *before, *after;                  /* for eyes (secrets hidden); of a scope: NULL where it isn't */
	const char *origin;                          /* where the new value is from */
	enum option_reload reload;                   /* when it counts */
	struct config_change *next;
};

/* In the arena, in the order of the scopes; NULL: nothing differs. Values that only inherit a change are not repeated. */
struct config_change *config_diff(struct arena *, const struct config *before, const struct config *after);

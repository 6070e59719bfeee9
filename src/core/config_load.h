/*
 * The inside of a snapshot, for the two files that make it and answer from it.
 */
#pragma once
#include <stdatomic.h>
#include "base/arena.h"
#include "base/hash.h"
#include "core/config.h"

enum { CONFIG_MAGIC = 0x434f4e46 };

struct config {
	unsigned magic;
	atomic_uint shares;
	struct arena *arena;
	const char *file, *data_dir;
	struct config_include *includes;
	struct config_scope *global;
	struct hash scopes;                  /* by their text */
};

/* The text of a scope that may not exist: the key of `scopes`. */
const char *config_scope_key(struct arena *, const struct config_scope *parent, enum config_kind, const char *name, const char *protocol);

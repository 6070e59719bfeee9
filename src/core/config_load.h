/*
 * The inside of a snapshot, for the files that make it, check it and answer from it.
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
/* As if a file of this name held it; no other file is read, but what it includes. For tests of what is in no file. */
struct config *config_load_text(const char *path, const char *text, size_t size, struct config_report *);
/* config_check.c: errors of the whole, for the report. */
void config_check_together(const struct config *, struct config_report *);

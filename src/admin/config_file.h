/*
 * The configuration, as commands read it and tell of it.
 */
#pragma once
#include <jansson.h>
#include "core/command.h"
#include "core/config.h"
#include "core/config_diff.h"

/* The one that the program was told to use, config_find_file. NULL: the run has failed with its errors, and is gone. */
struct config *config_file_load(struct command_run *, unsigned flags);

/* Rows of what differs: those of `config diff` and of what a reload changes. A new reference. */
json_t *config_changes(const struct config_change *);
extern const struct command_field config_change_fields[];

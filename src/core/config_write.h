/*
 * What is changed at run time: changes.conf of the data folder, and one file
 * for each domain in its domains.d/. Same language, written whole beside the
 * old one, synced and renamed. The main file is never written.
 *
 * A change counts from the next config_load. These functions wait for the
 * disk, so they run on a worker, and one at a time.
 */
#pragma once
#include "base/fail.h"
#include "core/config.h"

/* The value as one would write it, without quotes; lists with their brackets. A path must be absolute. */
bool config_change_set(const struct config *, const struct config_scope *, const char *path, const char *value, struct fail *why);
bool config_change_unset(const struct config *, const struct config_scope *, const char *path, struct fail *why);

bool config_domain_add(const struct config *, const char *name, struct fail *why);
/* Refused for a domain that a file written by a person names: it says which line. */
bool config_domain_remove(const struct config *, const char *name, struct fail *why);

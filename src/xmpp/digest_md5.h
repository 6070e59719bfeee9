/*
 * DIGEST-MD5's directives: name=value, name="value", … (RFC 2831 §7.1), of
 * which a value is wanted before a library reads the whole.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

/* False: these are no directives, or that one is there twice. *value NULL: it isn't there. */
bool digest_md5_read(struct arena *, const char *text, size_t size, const char *name, const char **value);

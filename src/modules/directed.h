/*
 * Directed: to whom a session sent presence by name (RFC 6121 §4.6).
 *
 * Packed addresses, one behind the other. A session that never did so has
 * none; one in fifty rooms has fifty.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct directed {
	size_t used, size;           /* bytes */
	char   text[];               /* addresses, each ends in NUL */
};

/* They take NULL for an empty one. */
bool directed_has(const struct directed *, const char *jid);
bool directed_fits(const struct directed *, const char *jid, size_t limit);  /* it is there, or there is room within `limit` bytes */
struct directed *directed_add(struct directed *, const char *jid);   /* may have moved */
void directed_remove(struct directed *, const char *jid);
const char *directed_next(const struct directed *, const char *last);        /* last NULL: the first. NULL: that was all */

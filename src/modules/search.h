/*
 * Search: what can be looked up of a card, written together with it.
 */
#pragma once
#include "core/turn.h"

struct search_row {                  /* one statement */
	const char  *sql;
	struct value values[11];
	unsigned     count;
};

/* For a card that takes the place of any before; or, when it is added only, counts if there is none yet. */
struct search_row search_row(struct arena *, int64_t account, const char *host, const struct xml *card, bool is_added_only);

/*
 * SCRAM downgrade protection (XEP-0474): a hash of what was advertised, for
 * the server's first message. Who took something out of the list on its way
 * can't make the client's proof.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "xmpp/scram.h"

/* "h=…". Sorts the lists. No bindings: they weren't advertised. */
const char *scram_downgrade_attribute(struct arena *, enum scram_hash, const char **mechanisms, size_t mechanism_count,
	const char **bindings, size_t binding_count);

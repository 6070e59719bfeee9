/*
 * Acks: what of a stream has arrived, both ways (XEP-0198 §4, without resumption).
 *
 * Inbound, `h` is what the session's receipts have settled. Outbound, a copy
 * of every stanza is kept until the client acknowledges it.
 */
#pragma once
#include <stdbool.h>
#include "core/session.h"
#include "net/conn.h"

struct acks;

struct acks *acks_new(void);
void acks_free(struct acks *);

/* A stanza was written to the connection: these bytes. Asks for an answer if none is awaited. */
void acks_sent(struct acks *, struct conn *, const char *bytes, size_t size);
/* <r/> came: <a/> at once, and again as more of what was `received` settles. */
void acks_answer(struct acks *, struct conn *, uint32_t settled, uint32_t received);
void acks_settled(struct acks *, struct conn *, uint32_t settled);
void acks_request(struct acks *, struct conn *);                      /* <r/>, if none is awaited */
/* <a h='…'/> came. False: it counts more than was sent (XEP-0198 §4): *sent tells. *taken is the number of the newest that arrived. Asks about the rest. */
bool acks_taken(struct acks *, struct conn *, uint32_t h, uint64_t *taken, uint32_t *sent);
size_t acks_held(const struct acks *);                                /* bytes */
/* What the client may not have, parsed again into the arena, ending with NULL; *first is its number. */
const struct xml *const *acks_untaken(const struct acks *, struct arena *, uint64_t *first);

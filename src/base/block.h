/*
 * Block: a page of memory for an arena, from a pool that is apart from malloc.
 *
 * Stanzas come by the thousand and go within a moment. Were they in malloc's
 * heap, what is made meanwhile and stays (sessions, rosters) would lie between
 * them, and a burst could never be given back. Here each block is a page of
 * its own, so every free one can go back to the system.
 *
 * A thread keeps the blocks that it frees, for its next arenas; now and then it
 * passes on what it didn't need.
 */
#pragma once
#include <stdbool.h>

enum { BLOCK_SIZE = 4096 };

void *block_get(void);                       /* not zeroed */
void  block_put(void *);                     /* on any thread */

void  blocks_pass_on(void);                  /* now and then: what this thread didn't need since the last call is there for all threads */
void  blocks_release(void);                  /* what no thread has goes back to the system, on any thread: it takes milliseconds */

extern const bool blocks_are_pooled;         /* false: this build takes each from malloc */

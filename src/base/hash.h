/*
 * A hash table keyed by text, whose nodes lie in its members.
 *
 * The owner keeps the key's text alive while the node is in. The hash is keyed
 * with a number made at start, so that nobody can choose names that collide.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/list.h"

struct hash_node {
	struct hash_node *next;
	const char *key;
	uint32_t hash;
};

struct hash {
	struct hash_node **buckets;
	uint32_t mask;               /* buckets - 1; 0 before the first member */
	uint32_t count;
};

uint64_t hash_bytes(uint64_t seed, const void *data, size_t size);   /* spreads well; not for secrets */
uint32_t hash_text(const char *key);                                 /* with this process's seed */

struct hash_node *hash_find(const struct hash *, const char *key);   /* NULL when it isn't there */
struct hash_node *hash_find_hashed(const struct hash *, const char *key, uint32_t hash);
void hash_put(struct hash *, struct hash_node *, const char *key);   /* the key must not be there yet */
void hash_remove(struct hash *, struct hash_node *);
void hash_clear(struct hash *);                                      /* forgets the members, frees the buckets */

/* Calls for each; fn may remove the node it is given, and no other. Stops when fn returns false. */
void hash_each(struct hash *, bool (*fn)(struct hash_node *, void *), void *with);

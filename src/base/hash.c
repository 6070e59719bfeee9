/*
 * Chains, doubled when there are as many members as buckets. The mixing is
 * one 64×64→128 multiplication per eight bytes, folded.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include <string.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 wide = (unsigned __int128)a * b;
	return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

static uint64_t word(const unsigned char *p, size_t size)
{
	uint64_t w = 0;
	memcpy(&w, p, size);
	return w;
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t size)
{
	const uint64_t odd1 = 0x9e3779b97f4a7c15u, odd2 = 0xd6e8feb86659fd93u;
	const unsigned char *p = data;
	uint64_t h = seed ^ mix(size ^ odd1, odd2);
	for (; size > 8; p += 8, size -= 8)
		h = mix(h ^ word(p, 8), odd1);
	h = mix(h ^ word(p, size), odd2);
	return mix(h ^ seed, odd1);
}

static uint64_t process_seed(void)
{
	static uint64_t seed;           /* the same value from any thread that comes first is not needed: made before threads start */
	if (!seed)
		random_fill(&seed, sizeof seed);
	return seed;
}

__attribute__((constructor)) static void make_seed(void)
{
	process_seed();
}

uint32_t hash_text(const char *key)
{
	return (uint32_t)hash_bytes(process_seed(), key, strlen(key));
}

struct hash_node *hash_find_hashed(const struct hash *h, const char *key, uint32_t hash)
{
	if (!h->buckets)
		return NULL;
	for (struct hash_node *n = h->buckets[hash & h->mask]; n; n = n->next)
		if (n->hash == hash && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

struct hash_node *hash_find(const struct hash *h, const char *key)
{
	return h->buckets ? hash_find_hashed(h, key, hash_text(key)) : NULL;
}

static void grow(struct hash *h)
{
	uint32_t old = h->buckets ? h->mask + 1 : 0, size = old ? old * 2 : 8;
	struct hash_node **buckets = mem_new(size * sizeof *buckets);
	for (uint32_t i = 0; i < old; i++) {
		for (struct hash_node *n = h->buckets[i], *next; n; n = next) {
			next = n->next;
			n->next = buckets[n->hash & (size - 1)];
			buckets[n->hash & (size - 1)] = n;
		}
	}
	mem_free(h->buckets);
	h->buckets = buckets;
	h->mask = size - 1;
}

void hash_put(struct hash *h, struct hash_node *n, const char *key)
{
	if (!h->buckets || h->count > h->mask)
		grow(h);
	n->key = key;
	n->hash = hash_text(key);
	n->next = h->buckets[n->hash & h->mask];
	h->buckets[n->hash & h->mask] = n;
	h->count++;
}

void hash_remove(struct hash *h, struct hash_node *n)
{
	if (!h->buckets)
		return;
	for (struct hash_node **at = &h->buckets[n->hash & h->mask]; *at; at = &(*at)->next) {
		if (*at == n) {
			*at = n->next;
			h->count--;
			return;
		}
	}
}

void hash_clear(struct hash *h)
{
	mem_free(h->buckets);
	memset(h, 0, sizeof *h);
}

void hash_each(struct hash *h, bool (*fn)(struct hash_node *, void *), void *with)
{
	for (uint32_t i = 0; h->buckets && i <= h->mask; i++) {
		for (struct hash_node *n = h->buckets[i], *next; n; n = next) {
			next = n->next;
			if (!fn(n, with))
				return;
		}
	}
}

/*
 * Three places for a free block: its thread's pool, the spare ones of all
 * threads, and the cold ones, which hold no memory. Builds with
 * AddressSanitizer take all from malloc, so that a use after the end is seen.
 *
 *   the system → cold → pool of a thread ⇄ spare → cold
 */
#include "base/block.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define POOLED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOLED 0
#endif
#endif
#ifndef POOLED
#define POOLED 1
#endif

const bool blocks_are_pooled = POOLED;

/* Blocks: that a thread takes at once; that it keeps at most; of one region; that are released at once. */
enum { BATCH = 16, MOST = 8192, REGION = 256, RUN = 512 };

struct free_block { struct free_block *next; };

static _Thread_local struct free_block *pool;
static _Thread_local size_t pooled, least;           /* least: the fewest since the last passing on; nobody needed those */

/* Guards all that follows, and is held for a few steps of a list, or to map a region; no other lock of ours is taken meanwhile. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct free_block *spare;
static void **cold;                                  /* apart, because writing a link into such a block would give it memory again */
static size_t cold_count, mapped;                    /* there is room in `cold` for as many as are mapped */

static void map_region(void)                         /* its lowest addresses come out first */
{
	char *region = mem_pages((size_t)REGION * BLOCK_SIZE);
	mapped += REGION;
	cold = mem_resize(cold, mapped * sizeof *cold);
	for (size_t i = REGION; i--;)
		cold[cold_count++] = region + i * BLOCK_SIZE;
}

static void *from_others(void)
{
	struct free_block *b = spare;
	if (b)
		spare = b->next;
	else if (cold_count)
		b = cold[--cold_count];
	return b;
}

static void keep(struct free_block *b)
{
	b->next = pool;
	pool = b;
	pooled++;
}

static void refill(void)
{
	pthread_mutex_lock(&lock);
	if (!spare && !cold_count)
		map_region();
	struct free_block *b;
	while (pooled < BATCH && (b = from_others()))
		keep(b);
	pthread_mutex_unlock(&lock);
}

void *block_get(void)
{
	if (!POOLED)
		return mem_resize(NULL, BLOCK_SIZE);
	if (!pool)
		refill();
	struct free_block *b = pool;
	pool = b->next;
	if (--pooled < least)
		least = pooled;
	return b;
}

void blocks_pass_on(void)                            /* the oldest, which are in no cache any more */
{
	struct free_block **cut = &pool;
	for (size_t kept = pooled - least; kept; kept--)
		cut = &(*cut)->next;
	struct free_block *unneeded = *cut, **end = cut;
	while (*end)
		end = &(*end)->next;
	if (unneeded) {
		pthread_mutex_lock(&lock);
		*end = spare;
		spare = unneeded;
		pthread_mutex_unlock(&lock);
		*cut = NULL;
	}
	pooled -= least;
	least = pooled;
}

void block_put(void *block)
{
	if (!POOLED) {
		mem_free(block);
		return;
	}
	keep(block);
	if (pooled == MOST) {                        /* a thread that only frees */
		least = MOST / 2;
		blocks_pass_on();
	}
}

/* --- back to the system --- */

static size_t take_spare(void **to)
{
	size_t count = 0;
	pthread_mutex_lock(&lock);
	for (; count < RUN && spare; spare = spare->next)
		to[count++] = spare;
	pthread_mutex_unlock(&lock);
	return count;
}

static void put_cold(void **from, size_t count)
{
	pthread_mutex_lock(&lock);
	while (count)
		cold[cold_count++] = from[--count];
	pthread_mutex_unlock(&lock);
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)*(void *const *)a, y = (uintptr_t)*(void *const *)b;
	return (x > y) - (x < y);
}

static size_t neighbours(void **sorted, size_t count)
{
	size_t n = 1;
	while (n < count && (char *)sorted[n] == (char *)sorted[0] + n * BLOCK_SIZE)
		n++;
	return n;
}

void blocks_release(void)
{
	void *some[RUN];
	for (size_t count; (count = take_spare(some)); put_cold(some, count)) {
		qsort(some, count, sizeof *some, by_address);
		for (size_t at = 0, n; at < count; at += n) {
			n = neighbours(some + at, count - at);
			madvise(some[at], n * BLOCK_SIZE, MADV_DONTNEED);
		}
	}
}

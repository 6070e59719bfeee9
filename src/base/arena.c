/*
 * A chain of blocks, filled from the front; the arena itself lies in the
 * first one. Blocks of the usual size come from the pool (base/block.h); larger
 * ones, and the first one of a small arena, from malloc.
 */
#include "base/arena.h"
#include "base/block.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16 };

struct block {
	struct block *next;
	size_t size;                 /* with this head; it says whose the block is: the pool's are BLOCK_SIZE, all others aren't */
};

struct arena {
	struct block *last;          /* newest first; the oldest holds the arena */
	char  *at, *end;
	size_t held;
};

static struct block *take(size_t size)
{
	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	struct block *b = size == BLOCK_SIZE ? block_get() : mem_resize(NULL, size);
	b->size = size;
	return b;
}

static void give_back(struct block *b)
{
	if (b->size == BLOCK_SIZE)
		block_put(b);
	else
		mem_free(b);
}

size_t arena_room(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static struct arena *begin(struct block *b)
{
	b->next = NULL;
	struct arena *a = (struct arena *)((char *)b + arena_room(sizeof *b));
	a->last = b;
	a->at = (char *)a + arena_room(sizeof *a);
	a->end = (char *)b + b->size;
	a->held = b->size;
	return a;
}

struct arena *arena_new(void)
{
	return begin(take(BLOCK_SIZE));
}

struct arena *arena_new_small(size_t size)
{
	size = arena_room(sizeof(struct block)) + arena_room(sizeof(struct arena)) + arena_room(size);
	if (size == BLOCK_SIZE)
		size += ALIGN;
	struct block *b = mem_resize(NULL, size);
	b->size = size;
	return begin(b);
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	struct block *b = a->last;
	while (b) {
		struct block *next = b->next;   /* the last one holds the arena itself */
		give_back(b);
		b = next;
	}
}

/* A large thing gets a block of its own behind the current one, which goes on being filled. */
static char *grow(struct arena *a, size_t size)
{
	size_t head = arena_room(sizeof(struct block));
	struct block *b = take(head + size);
	a->held += b->size;
	if (b->size > BLOCK_SIZE && (size_t)(a->end - a->at) >= 256) {
		b->next = a->last->next;
		a->last->next = b;
		return (char *)b + head;
	}
	b->next = a->last;
	a->last = b;
	a->at = (char *)b + head + size;
	a->end = (char *)b + b->size;
	return (char *)b + head;
}

char *arena_bytes(struct arena *a, size_t size)
{
	if (size > (size_t)(a->end - a->at))
		return grow(a, size);
	char *p = a->at;
	a->at += size;
	return p;
}

/* Inline for the linker, which sees all callers: most sizes are known there. */
inline void *arena_alloc(struct arena *a, size_t size)
{
	size_t skip = -(uintptr_t)a->at & (ALIGN - 1);
	char *p;
	if (size + skip > (size_t)(a->end - a->at)) {
		p = grow(a, arena_room(size));
	} else {
		p = a->at + skip;
		a->at = p + size;
	}
	return memset(p, 0, size);
}

char *arena_copy(struct arena *a, const void *from, size_t size)
{
	char *p = arena_bytes(a, size + 1);
	if (size)
		memcpy(p, from, size);
	p[size] = '\0';
	return p;
}

char *arena_string(struct arena *a, const char *text)
{
	return text ? arena_copy(a, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *format, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	char none[1];
	int size = vsnprintf(none, sizeof none, format ? format : "", again);       /* gcc 12 takes the plain NULL for the format, with sanitizers */
	va_end(again);
	char *p = arena_bytes(a, (size_t)size + 1);
	vsnprintf(p, (size_t)size + 1, format, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	char *p = arena_vprintf(a, format, ap);
	va_end(ap);
	return p;
}

size_t arena_size(const struct arena *a)
{
	return a->held;
}

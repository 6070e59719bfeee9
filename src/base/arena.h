/*
 * Arena: memory that ends all at once.
 *
 * A stanza, its tree and everything its turn builds live in one arena. An
 * arena moves between threads whole; it is never used by two at a time. Its
 * blocks come from the pool of the thread that allocates and join the pool of
 * the thread that frees (base/block.h), so malloc hardly ever sees a stanza.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
struct arena *arena_new_small(size_t size);                  /* for what lives long: its first block holds just that much, and joins no pool */
size_t arena_room(size_t size);                              /* what arena_alloc takes for that many bytes: for the sum that a small arena is to hold */
void  arena_free(struct arena *);                            /* NULL is fine */

void *arena_alloc(struct arena *, size_t size);              /* zeroed, aligned for any type */
char *arena_bytes(struct arena *, size_t size);              /* not zeroed, not aligned: for text */
char *arena_copy(struct arena *, const void *from, size_t size);   /* a NUL is added behind */
char *arena_string(struct arena *, const char *text);        /* NULL gives NULL */
char *arena_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *format, va_list);

size_t arena_size(const struct arena *);                     /* bytes held from the system */

#define ARENA_NEW(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

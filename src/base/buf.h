/*
 * Buf: bytes that grow at the end and are taken from the front.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char  *data;
	size_t start, end, size;     /* the bytes are data[start..end) */
};

void   buf_add(struct buf *, const void *from, size_t size);
char  *buf_room(struct buf *, size_t size);        /* where `size` more may be written; then buf_added */
void   buf_added(struct buf *, size_t size);
void   buf_take(struct buf *, size_t size);        /* forgets that many from the front; frees all when empty */
void   buf_clear(struct buf *);                    /* frees */

static inline size_t buf_length(const struct buf *b) { return b->end - b->start; }
static inline char  *buf_start(const struct buf *b)  { return b->data + b->start; }

static inline void buf_byte(struct buf *b, char c)
{
	if (b->end < b->size)
		b->data[b->end++] = c;
	else
		buf_add(b, &c, 1);
}

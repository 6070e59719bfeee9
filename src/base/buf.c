/* Doubles when full; moves to the front first when half of it is free there. Holds nothing when empty. */
#include "base/buf.h"
#include "base/mem.h"
#include <string.h>

static void make_room(struct buf *b, size_t size)
{
	size_t used = buf_length(b);
	if (b->start >= used && b->size - used >= size) {
		if (used)
			memmove(b->data, b->data + b->start, used);
	} else {
		size_t want = b->size ? b->size : 256;
		while (want - b->start < used + size)
			want *= 2;
		b->data = mem_resize(b->data, want);
		b->size = want;
		return;
	}
	b->start = 0;
	b->end = used;
}

char *buf_room(struct buf *b, size_t size)
{
	if (b->size - b->end < size)
		make_room(b, size);
	return b->data + b->end;
}

void buf_added(struct buf *b, size_t size)
{
	b->end += size;
}

void buf_add(struct buf *b, const void *from, size_t size)
{
	if (!size)
		return;
	memcpy(buf_room(b, size), from, size);
	b->end += size;
}

void buf_take(struct buf *b, size_t size)
{
	b->start += size;
	if (b->start == b->end)
		buf_clear(b);
}

void buf_clear(struct buf *b)
{
	mem_free(b->data);
	memset(b, 0, sizeof *b);
}

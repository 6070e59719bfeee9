/* The last one to let go frees. */
#include "base/bytes.h"
#include "base/mem.h"
#include <string.h>

struct bytes *bytes_new(const void *from, size_t size)
{
	struct bytes *b = mem_resize(NULL, sizeof *b + size);
	atomic_init(&b->shares, 1);
	b->size = size;
	memcpy(b->data, from, size);
	return b;
}

struct bytes *bytes_share(struct bytes *b)
{
	atomic_fetch_add_explicit(&b->shares, 1, memory_order_relaxed);
	return b;
}

void bytes_drop(struct bytes *b)
{
	if (b && atomic_fetch_sub_explicit(&b->shares, 1, memory_order_acq_rel) == 1)
		mem_free(b);
}

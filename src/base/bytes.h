/*
 * Bytes: immutable, counted, shared by many.
 *
 * A payload for a whole room is printed once into one of these; each loop and
 * each queue holds a share. The count is atomic, the bytes never change.
 */
#pragma once
#include <stdatomic.h>
#include <stddef.h>

struct bytes {
	atomic_uint shares;
	size_t size;
	char   data[];
};

struct bytes *bytes_new(const void *from, size_t size);      /* one share */
struct bytes *bytes_share(struct bytes *);
void bytes_drop(struct bytes *);                             /* NULL is fine */

/*
 * Random bytes from the kernel, and ids made of them.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

void random_fill(void *to, size_t size);
uint64_t random_number(void);                        /* any 64 bits */
/* Unguessable text of n characters of [A-Za-z0-9_-], six bits each, and a NUL: `to` holds n + 1. */
char *random_text(char *to, size_t n);

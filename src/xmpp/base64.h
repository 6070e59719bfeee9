/*
 * Base64, strict (RFC 4648 §4): padding where it belongs, nothing between, no
 * bits left over. So each text has one meaning and each meaning one text.
 */
#pragma once
#include <stddef.h>
#include "base/arena.h"

char *base64_encode(struct arena *, const void *data, size_t size);
/* The bytes with a NUL behind, and how many; NULL when it isn't base64. An empty text gives no bytes. */
char *base64_decode(struct arena *, const char *text, size_t *size);

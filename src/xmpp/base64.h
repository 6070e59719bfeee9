/*
 * Base64, strictly: RFC 4648 §4, with padding and without white space; and its cousin for tokens.
 */
#pragma once
#include <stddef.h>
#include "base/arena.h"

char *base64_encode(struct arena *, const void *from, size_t size);
/* NULL when it isn't base64, or its spare bits are not zero. A lone "=", SASL's empty message, is the caller's. */
unsigned char *base64_decode(struct arena *, const char *text, size_t *size);
/* The alphabet of RFC 4648 §5, without padding (RFC 7515 §2), as strictly. `text` need not end with a NUL. */
unsigned char *base64_decode_url(struct arena *, const char *text, size_t length, size_t *size);

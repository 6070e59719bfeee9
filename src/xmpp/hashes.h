/*
 * Hash functions by the names that XMPP gives them (XEP-0300), as far as
 * XEP-0414 recommends them. BLAKE2b of 256 bits isn't among them: OpenSSL 3.0
 * has none.
 */
#pragma once
#include "base/arena.h"

/* Base64 of the digest; NULL: we don't know that function, or nobody should use it any more. */
char *hash_base64(struct arena *, const char *name, const void *from, size_t size);
/* The same in lower-case hex; "sha1" is known here, by which XEP-0231 names what is short and was seen before. */
char *hash_hex(struct arena *, const char *name, const void *from, size_t size);

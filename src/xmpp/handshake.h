/*
 * Handshake: how a component proves that it knows the secret (XEP-0114 §3).
 */
#pragma once
#include <stdbool.h>

enum { HANDSHAKE = 41 };             /* 40 hexadecimal digits and a NUL */

void handshake_make(char to[HANDSHAKE], const char *stream_id, const char *secret);
bool handshake_is(const char *said, const char *stream_id, const char *secret);      /* takes as long for any 40 characters */

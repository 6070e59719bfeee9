/*
 * Online: everybody who is logged in, told at once.
 *
 * Nobody waits for it. Each home gathers the names of its accounts with
 * sessions, and tells some of them in every round of its loop, between other
 * people's turns.
 */
#pragma once
#include "core/turn.h"

/* A message to each such account of this domain (NULL: of all), from its host. It is copied. */
void online_send(const char *domain, const struct xml *message, enum type);
/* A call (core/call.h) to each; nobody hears the answers. */
void online_call(const char *domain, const struct xml *question);

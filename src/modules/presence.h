/*
 * Presence: what subscriptions ask of it (RFC 6121 §4).
 */
#pragma once
#include "core/turn.h"

/* What each available session of this account last broadcast, to somebody who may see it from now on. */
void presence_show(struct turn *, const char *bare);
/* That each of them is gone, to somebody who may see it no longer. */
void presence_hide(struct turn *, const char *bare);

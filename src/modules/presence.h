/*
 * Presence: what subscriptions ask of it (RFC 6121 §4).
 */
#pragma once
#include "core/turn.h"

/* Its client wants nobody to see it (XEP-0186). */
bool presence_is_invisible(const struct session *);
/* That session of the turn goes, as all who heard of it hear, but takes what comes for the account as before. */
void presence_vanish(struct turn *);
/* It is as it was before its initial presence; who was told by name while it was invisible is told when it goes. */
void presence_begin_again(struct turn *);
void presence_look_around(struct turn *);            /* hears of the account's other sessions and contacts */

/* What each available session of this account last broadcast, to somebody who may see it from now on. */
void presence_show(struct turn *, const char *bare);
/* That each of them is gone, to somebody who may see it no longer. */
void presence_hide(struct turn *, const char *bare);

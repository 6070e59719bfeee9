/*
 * Roster: who is whose contact, as far as other modules may ask.
 */
#pragma once
#include <stdbool.h>
#include "core/account.h"

/* May this sender know of the account's presence: the account itself, and whoever is subscribed to it ("from" or "both"). */
bool roster_may_see(const struct account *, const struct jid *who);

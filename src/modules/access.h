/* Whom a domain's users may speak with, for who sends without being told to. */
#pragma once
#include "core/turn.h"

/* May this account's stanzas go to that bare address? What clients send was looked at before. */
bool access_is_open(const struct turn *, const char *bare);

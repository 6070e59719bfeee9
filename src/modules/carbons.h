/*
 * Carbons: which sessions get copies of their user's messages (XEP-0280).
 */
#pragma once
#include "core/session.h"

void carbons_enable(struct session *, bool is_wanted);

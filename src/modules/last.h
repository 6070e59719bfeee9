/*
 * Last activity: what others must tell it (XEP-0012).
 */
#pragma once
#include "core/turn.h"

/* The turn's session is still seen, and will be no longer (XEP-0186 §3.1.2). */
void last_vanishes(struct turn *);

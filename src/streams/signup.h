/*
 * Signup: making an account on a stream that isn't authenticated yet (XEP-0077 §3.1).
 *
 * Only where the domain allows it (registration { auto_signup }); changing a
 * password and cancelling are for sessions: modules/register.c.
 */
#pragma once
#include "streams/c2s.h"

bool signup_is_asked(const struct c2s *, const struct xml *);
void signup_element(struct c2s *, const struct xml *);
void signup_features(struct c2s *, struct arena *, struct xml *features);

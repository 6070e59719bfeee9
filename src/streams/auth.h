/*
 * Auth: SASL as RFC 6120 §6 wraps it.
 */
#pragma once
#include "streams/c2s.h"

void auth_element(struct c2s *, const struct xml *);         /* an element in NS_SASL */
/* Adds <mechanisms/> (and XEP-0440's channel bindings) to the features, if any may be used now. */
void auth_features(struct c2s *, struct arena *, struct xml *features);

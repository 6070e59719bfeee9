/*
 * Auth: one SASL exchange of a client's stream (RFC 6120 §6).
 */
#pragma once
#include "streams/c2s.h"

struct auth;

void auth_element(struct c2s *, const struct xml *);         /* an element in NS_SASL */
void auth_free(struct auth *);                               /* NULL is fine; the stream ends */
/* Adds <mechanisms/> (and XEP-0440's channel bindings) to the features, if any may be used now. */
void auth_features(struct c2s *, struct arena *, struct xml *features);

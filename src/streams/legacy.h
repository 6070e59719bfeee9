/*
 * Legacy: jabber:iq:auth (XEP-0078), the login of clients from before SASL.
 *
 * One IQ logs in and binds. Off unless `auth { legacy }` says so. `password`
 * goes where PLAIN would, `digest` where CRAM-MD5 is among the mechanisms.
 */
#pragma once
#include "streams/c2s.h"

bool legacy_is_asked(const struct c2s *, const struct xml *iq);
void legacy_element(struct c2s *, const struct xml *iq);
void legacy_features(struct c2s *, struct arena *, struct xml *features);
bool legacy_is_on(struct c2s *);                             /* then a stream without a version is taken too */
struct xml *legacy_error(struct arena *, enum stanza_error); /* with its old code (§6) */

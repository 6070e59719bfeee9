/*
 * Inside: what the files of SASL2 know of each other, and nobody else.
 */
#pragma once
#include "streams/sasl2.h"
#include "xmpp/sasl_failure.h"

/* sasl2.c */
void sasl2_end(struct c2s *);                                /* forgets the request */
void sasl2_fail(struct c2s *, enum sasl_failure, const char *why);

/* sasl2_upgrade.c: XEP-0480 */
void sasl2_offer_upgrades(struct c2s *, struct arena *, struct xml *authentication);
void sasl2_next_task(struct c2s *);                          /* the next that is to be done, or the way home */
void sasl2_task(struct c2s *, const struct xml *);           /* <next/> or <task-data/> */

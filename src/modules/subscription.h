/*
 * Subscriptions: what the roster and presence modules ask of them (RFC 6121 §3).
 */
#pragma once
#include "modules/roster.h"

/* A session becomes available: calls `online` with the requests that wait (NULL: none), at once or after a read. */
enum stanza_error subscription_recall(struct turn *, read_function *online);
/* Delivers those requests to t->session, and asks again for what we asked and nobody answered (§3.1.2, §3.1.3). */
void subscription_remind(struct turn *, const struct rows *requests);
/* Tells a contact that both directions are over, as far as there were any (§2.5.2). The roster stays as it is. */
void subscription_end(struct turn *, const struct contact *);

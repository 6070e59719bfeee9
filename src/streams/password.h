/*
 * Password: checks one that came in the clear, for the mechanisms that send it.
 */
#pragma once
#include "streams/exchange.h"

/* x->jid and x->authzid are set. Ends the exchange: success, or refusal. `user` and `text` are as sent, in x->arena. */
void password_check(struct exchange *, const char *user, char *text);
void password_forget(struct exchange *);             /* for the mechanism's `clear`: wipes the password, if one came */

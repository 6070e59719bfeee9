/*
 * Keys: what the account's home answers to a mechanism that works with SCRAM's
 * keys, or, for who isn't there, ones that fit no password.
 */
#pragma once
#include "streams/exchange.h"
#include "xmpp/scram.h"

/* Those of <credentials/>, or fake ones of the hash `usual`: for <refused/>. `user` is as the client wrote it. */
void keys_take(struct exchange *, struct scram_keys *, enum scram_hash usual, const char *user, const struct xml *answer);
/* What the home remembers a checked password by: it says nothing to another process, nor of another account. */
const char *keys_verifier(struct exchange *, const char *password);

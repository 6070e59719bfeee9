/*
 * The calls of credentials.h that manage accounts, done at once on a store
 * that no server has open: for commands.
 */
#pragma once
#include "core/credentials.h"

/* <account-add/>, <account-passwd/> and <account-remove/> as a call would answer them; NULL: the store failed. Waits for the disk. */
struct xml *credentials_direct(struct store *, const struct config *, struct arena *, const struct jid *, const struct xml *question, struct fail *why);

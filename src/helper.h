/*
 * Helper: the child that starts what the server itself can't, once it is
 * locked in: programs that check passwords (exec:), and PAM (pam:).
 *
 * Forked before privileges go and the sandbox closes; there is none unless the
 * configuration names such a source. It reads small orders and nothing else of
 * the server's (core/source_helper.h), and starts only what was named at the
 * start. Programs run as `user`, without capabilities; PAM runs as whoever
 * started the server, since that is what many of its modules need.
 */
#pragma once
#include "base/arena.h"
#include "base/fail.h"
#include "core/config.h"

/* While we may still be root, and before files are opened that it shall not have. */
bool helper_start(const struct config *, struct fail *why);
/* Which program or service the new snapshot names that it doesn't know, in words; NULL: none. */
const char *helper_lacks(struct arena *, const struct config *fresh);

/* helper_pam.c: answers with PAM of this service what is asked on descriptor 0, until that ends. */
int helper_pam(const char *service);

/*
 * Auth terms: what a domain and a listener each say about logins, and what
 * comes of both.
 *
 * Each may say nothing. Where both do, the stricter one counts; where neither
 * does, what is said globally. A listener's mechanisms leave out some of the
 * domain's and add none: a domain's accounts have keys for its own.
 */
#pragma once
#include <stdbool.h>
#include "base/clock.h"
#include "core/config.h"

struct auth_terms {
	const char *const *mechanisms;       /* of a listener or one of its peers: these only; NULL: it says nothing */
	int  plain_without_tls, legacy;      /* yes 1, no 0, nothing -1 */
	msec verifier_cache;                 /* how long a password seen in the clear is recognised without its keys; 0: never; -1: nothing said */
};

void auth_terms_read(struct auth_terms *, const struct config_scope *);      /* what is said there, and below the global scope */
void auth_terms_read_global(struct auth_terms *, const struct config_scope *);
/* All said. `domain` may be NULL. */
struct auth_terms auth_terms_both(const struct auth_terms *global, const struct auth_terms *domain, const struct auth_terms *listener);

/* What is kept of a password of this domain: keys for each hash of its mechanisms. */
struct password_terms {
	unsigned hashes;                     /* bits of enum scram_hash; never 0 */
	unsigned rounds;
	bool     keeps_clear;                /* some mechanism needs the password itself */
};
void password_terms_read(struct password_terms *, const struct config_scope *domain);

/*
 * Password keys: what is kept of a password, by its domain's terms.
 *
 * Keys for each hash of the domain's mechanisms (RFC 5802, XEP-0438); the
 * password itself only while some mechanism of the domain needs it. What was
 * kept of an earlier password goes, whatever its hash.
 */
#pragma once
#include "core/auth_terms.h"
#include "store/store.h"
#include "xmpp/scram.h"

struct password_keys {
	const char *password;        /* prepared */
	struct password_terms terms;
	struct scram_keys keys[SCRAM_HASHES];        /* those of terms.hashes */
};

void password_keys_make(void *keys);             /* slow: on a worker. Takes a struct password_keys with its password and terms set */
/* Hands out the statements; their values lie in `keys`. */
typedef void password_put(void *with, const char *sql, const struct value *, size_t count);
void password_keys_write(const struct password_keys *, int64_t account, const char *domain, password_put *, void *with);

/* No domain of ours: as by default. */
const struct password_terms *password_terms_usual(void);

extern const char Q_CREDENTIAL_PUT[];            /* account, hash, rounds, salt, stored, server */
extern const char Q_CREDENTIAL_REMOVE[];         /* account */
extern const char Q_CLEAR_REMOVE[];              /* account */

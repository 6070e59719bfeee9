/*
 * Credentials: what the server keeps of a password, and who may guess.
 *
 * SCRAM keys for each mechanism that is offered (RFC 5802, XEP-0438); no clear
 * text. They are asked of the account's home by a call, which throttles there:
 *
 *   <credentials mechanism='SCRAM-SHA-256'/>   →  <credentials rounds='…' salt='…' stored='…' server='…'/>
 *   <credentials/> for PLAIN (the strongest there are)
 *   <refused/>  the account doesn't exist: the asker goes on with fake keys
 *   <wait/>     too many wrong passwords lately
 *   <verdict good='yes|no'/>  told to the home afterwards, no answer
 */
#pragma once
#include "core/module.h"
#include "xmpp/scram.h"

enum { CREDENTIAL_ROUNDS = 10000 };

/* Writes the statements that set a password: in a turn (after turn_work made the keys), or offline. */
struct password_keys { struct scram_keys sha1, sha256; };
void password_keys_make(struct password_keys *, const char *prepared_password);      /* slow: on a worker */

extern const struct module mod_credentials;      /* its calls; in the core's own list */

/* The statements, for commands without a server. */
extern const char Q_ACCOUNT_ADD[];               /* id, jid, local, host, created */
extern const char Q_ACCOUNT_FIND[];              /* jid → id */
extern const char Q_ACCOUNT_REMOVE[];            /* id */
extern const char Q_ACCOUNT_LIST[];              /* host → jid, created */
extern const char Q_CREDENTIAL_PUT[];            /* account, hash, rounds, salt, stored, server */
extern const char Q_CREDENTIAL_REMOVE[];         /* account */

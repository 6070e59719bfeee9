/*
 * Credentials: what the server keeps of a password, and who may guess.
 *
 * SCRAM keys for each hash that is offered (RFC 5802, XEP-0438); no clear
 * text. They are asked of the account's home by a call, which throttles there:
 *
 *   <credentials hash='SCRAM-SHA-256' [or='SCRAM-SHA-1'] [verifier='…']/>
 *        → <credentials hash='…' rounds='…' salt='…' stored='…' server='…'/>   (base64)
 *        → <verified/>   the verifier is that of a password seen lately (PLAIN)
 *        → <refused/>    no such account, or no keys of that hash: go on with fake keys
 *        → <wait/>       too many wrong passwords lately
 *   <verdict good='yes|no' [verifier='…']/>      told afterwards; no answer
 *   <account-add password='…'/>, <account-passwd password='…'/>, <account-remove/>
 *        → <done/> or <failed why='exists|missing|password'/>
 *   <kick [resource='…'] [why='…']/>             → <done sessions='N'/>
 *
 * No answer at all (NULL): the account could not be read, try later.
 */
#pragma once
#include "core/module.h"
#include "xmpp/scram.h"

enum { CREDENTIAL_ROUNDS = 10000 };

struct password_keys {
	const char *password;        /* prepared */
	struct scram_keys sha1, sha256;
};
void password_keys_make(void *keys);             /* slow: on a worker. Takes a struct password_keys with its password set */
/* Queues the writes that make it the account's password. */
void credentials_write(struct turn *, const struct password_keys *);
/* Sets a new password in this turn: return credentials_change(t, password, done); `done` replies. */
enum stanza_error credentials_change(struct turn *, const char *prepared, hook_function *done);
/* Makes t->account (ACCOUNT_UNKNOWN) exist: the same way. */
enum stanza_error credentials_create(struct turn *, const char *prepared, hook_function *done);
/* Queues all that removes t->account; its sessions end with `not-authorized` once it is gone. */
enum stanza_error credentials_remove(struct turn *);

extern const struct module mod_credentials;
extern const struct portable credentials_portable;

/* The statements, for commands without a server. */
extern const char Q_ACCOUNT_ADD[];               /* id, jid, host, created */
extern const char Q_ACCOUNT_FIND[];              /* jid → id */
extern const char Q_ACCOUNT_REMOVE[];            /* id */
extern const char Q_CREDENTIAL_PUT[];            /* account, hash, rounds, salt, stored, server */
extern const char Q_CREDENTIAL_REMOVE[];         /* account */

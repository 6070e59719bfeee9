/*
 * Credentials: what the server keeps of a password, and who may guess.
 *
 * SCRAM keys for each hash that is offered, and the password itself where a
 * mechanism needs that (core/password_keys.h). They are asked of the account's
 * home by a call, which throttles there:
 *
 *   <credentials hash='SCRAM-SHA-256' [or='any'] [verifier='…']/>
 *        → <credentials hash='…' rounds='…' salt='…' stored='…' server='…' [stale='yes']/>   (base64)
 *          stale: less is kept of it than the domain wants by now; who sees the password tells <renew/>
 *        → <verified/>   the verifier is that of a password seen lately (PLAIN)
 *        → <refused/>    no such account, or no keys of that hash: go on with fake keys
 *        → <wait/>       too many wrong passwords lately
 *   <keys-add hash='…' rounds='…' salt='…' stored='…' server='…'/>      keys that its client made (XEP-0480) → <done/>
 *   <clear/>
 *        → <clear password='…'/>, <refused/> or <wait/>
 *   <identity [make='yes']/>     of whom something else than a password has told; who isn't there may be made, without one
 *        → <known/> or <refused/>
 *   <verdict good='yes|no' [verifier='…' for='MS'] [stamp='…']/>     told afterwards; no answer
 *   <renew password='…' hash='…' stored='…'/>    makes all keys of a password that fits these; no answer
 *   <account-add password='…'/>, <account-passwd password='…'/>, <account-remove/>
 *        → <done/> or <failed why='exists|missing|password|elsewhere|refused'/>; elsewhere: where the password is we can't write,
 *        and <done why='elsewhere'/> removed all but that; refused: where it is, the new one wasn't taken
 *   <kick [resource='…'] [why='…']/>             → <done sessions='N'/>
 *
 * No answer at all (NULL): the account could not be read, try later.
 *
 * The first two may say source='URI', where the stream's passwords aren't the store's (core/source.h); <credentials/> then brings
 * along the prepared password='…' when that only checks, and <refused/> may say what fake keys should look like there: hash='…',
 * rounds='…', salt-size='…'. A good verdict then makes the account, if it isn't there, and its stamp is the
 * source's from before it was asked (source_stamp).
 */
#pragma once
#include "core/module.h"
#include "core/password_keys.h"

const struct password_terms *credentials_terms(const struct turn *);         /* of the account's domain */
/* Queues the writes that make it the account's password. */
void credentials_write(struct turn *, const struct password_keys *);
/* Sets a new password in this turn: return credentials_change(t, password, done); `done` replies. */
enum stanza_error credentials_change(struct turn *, const char *prepared, hook_function *done);
/* Makes t->account (ACCOUNT_UNKNOWN) exist: the same way. */
enum stanza_error credentials_create(struct turn *, const char *prepared, hook_function *done);
void credentials_forget_verifier(struct turn *, void *);      /* for turn_then: the password is another */
/* A row for an account whose password is elsewhere: queued in this turn. */
enum stanza_error credentials_appear(struct turn *);
/* Queues all that removes t->account; its sessions end with `not-authorized` once it is gone. */
enum stanza_error credentials_remove(struct turn *);

bool credentials_must_wait(const struct account *);          /* too many wrong tries lately: nobody may try now */

extern const struct module mod_credentials;
extern const struct portable credentials_portable;

/* The statements, for commands without a server. */
extern const char Q_ACCOUNT_ADD[];               /* id, jid, host, created */
extern const char Q_ACCOUNT_FIND[];              /* jid → id */
extern const char Q_ACCOUNT_REMOVE[];            /* id */

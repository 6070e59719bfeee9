/*
 * Tokens: a device logs in again without a password (XEP-0484), and which
 * devices an account has (XEP-0388's <user-agent/>).
 *
 * A device is known by the id it made up itself. It has at most two tokens: the
 * one it uses, and a new one that was told and not yet used. Both are good, so
 * a device that never got the answer isn't locked out. A token is bound to one
 * mechanism, and ends with the password it was got by. Asked by calls:
 *
 *   <tokens agent='…' mechanism='…'/>
 *        → <tokens><token secret='…' slot='0|1' [expired='yes']/>…</tokens>, perhaps none
 *        → <wait/>       too many wrong tries lately
 *   <device agent='…' [software='…'] [device='…'] [wants='MECHANISM'] [slot='…' [count='…'] [invalidate='yes']]/>
 *        a login succeeded, by the token of that slot or by a password
 *        → <device [token='…' expiry='…']/>          kept before it is answered
 *   <devices/>           → <devices><device agent='…' software='…' device='…' seen='ms' token='expiry in ms'/>…</devices>
 *   <device-forget [agent='…']/>                     → <done devices='N'/>
 */
#pragma once
#include "core/module.h"

extern const struct module mod_tokens;

/* The password was changed: no token is good any more. */
void tokens_forget(struct turn *);

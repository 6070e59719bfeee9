/*
 * Disabled accounts: all that they have is kept, and nobody can log in.
 *
 * Who knows the password hears `account-disabled` (RFC 6120 §6.5.1); to
 * everybody else such an account is one that doesn't exist. The calls:
 *
 *   <account-disable/>, <account-enable/>   → <done/> or <failed why='missing'/>
 *   <account-show/>                         → <account [disabled='yes']><session resource= since= idle= received= [peer=]/>…</account>
 */
#pragma once
#include "core/module.h"

extern const char Q_DISABLED_SET[];              /* account, when (ms; 0: it is enabled again); a second time changes nothing */

extern const struct module mod_disabled;

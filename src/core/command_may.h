/*
 * Who may run a command: the one place that says so.
 *
 * Server administrators may run all: whoever reaches the control socket (root
 * and the server's own user), and the addresses in the top level's `admins`.
 * The addresses in a domain's `admins` may run what the table says is
 * MAY_DOMAIN_ADMIN, as far as it concerns that domain and no account of a
 * server administrator: else a domain's administrator could give one a new
 * password, and become it.
 */
#pragma once
#include "base/fail.h"
#include "core/command.h"
#include "core/host.h"

/* May this one run the command at all, as far as it concerns this domain? For lists of what there is. */
bool command_may_see(const struct hosts *, const struct command *, const char *domain, const char *jid);
/* `jid` is bare and prepared. False: why not. */
bool command_may(const struct hosts *, const struct command *, const char *const *values, const char *jid, struct fail *why);

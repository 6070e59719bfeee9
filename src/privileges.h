/*
 * Privileges: root opens the ports, and then there is no root any more.
 */
#pragma once
#include "base/fail.h"
#include "core/config.h"

/* As root: gives the data folder and the log to `user`, whom it is about to become. */
bool privileges_prepare(const struct config *, struct fail *why);
/* As root: becomes that user, with its groups. Anybody: keeps no capability. Never undone. */
bool privileges_drop(struct fail *why);
/* As many descriptors as the system lets us have: each connection is one. */
void privileges_raise_descriptors(void);
/* No core dump, and nobody but root may look into our memory: passwords, keys and messages are there. */
void privileges_hide_memory(void);

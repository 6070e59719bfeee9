/*
 * Sandbox: what the process may touch once it serves.
 *
 * Landlock leaves it the folders that the configuration names, each whole,
 * and the few files that libraries read; seccomp leaves it the system calls
 * that a server needs, and no way to start a program. Entered before there is
 * a second thread, and never left: a folder that is named later has to wait
 * for a restart. docs/security.md has the lists.
 */
#pragma once
#include "base/arena.h"
#include "base/fail.h"
#include "core/config.h"

/* As the setting `sandbox` wants it. False: it is required, and this kernel can't. */
bool sandbox_enter(const struct config *, struct fail *why);

/* What the new snapshot names that wasn't admitted, and what to do; NULL: everything was. */
const char *sandbox_lacks(struct arena *, const struct config *fresh);

#ifdef TEST_HOOKS
/* Does what JACKDAW_TRY says, and logs what came of it: "read /etc/shadow;write /etc/x;run /bin/true". */
void sandbox_try(void);
#endif

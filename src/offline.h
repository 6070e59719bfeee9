/*
 * Offline: the data folder opened by a command while no server runs.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"
#include "core/command.h"
#include "core/config.h"

struct offline;

/* Makes the data folder if there is none; root becomes its owner. */
bool offline_folder(const struct config *, struct fail *why);
/* Root does it as the folder's owner, so that the server can read what is written. NULL: a server has it, or the world failed. */
struct offline *offline_open(struct arena *, const struct config *, struct fail *why);
const struct command_direct *offline_direct(const struct offline *);
void offline_close(struct offline *);

/*
 * Batch: a question for each line of a command's input, several under way at
 * once.
 */
#pragma once
#include "core/command.h"

/* Lines of "JID PASSWORD"; empty ones are skipped. Ends the run: with counts, and a row for each line that failed. */
void batch_start(struct command_run *, const char *question, const char *(*reason)(const char *why));

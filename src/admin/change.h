/*
 * Change: settings that a command changes, and a reload behind it.
 *
 * What the server writes is a file of its data folder (core/config_write.h).
 * When the reload refuses, the file is as it was before.
 */
#pragma once
#include "admin/process.h"
#include "core/config_write.h"

/* Writes it, on a worker. The configuration is the one that the files hold now. */
typedef bool change_function(struct process_job *, struct config *, struct fail *);
/* `domain`: whose file it is; NULL: changes.conf. False: nothing was changed, and job->words says why. */
bool change_do(struct process_job *, const char *domain, change_function *);

/* Settings of a domain, or for all of them, as a command's one work. */
struct change_setting { const char *path, *value; };         /* value NULL: it is no longer set */
/* Ends the run by `done`, or with what was wrong. `domain` NULL: globally; else prepared. */
void change_settings(struct command_run *, const char *domain, const struct change_setting *, size_t count, void (*done)(struct command_run *));

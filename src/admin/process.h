/*
 * Process: what changes the whole server is done on a worker, one at a time.
 */
#pragma once
#include <stdbool.h>
#include "core/command.h"

struct process_job {
	struct command_run *run;
	void       *with;
	const char *words;                   /* in the run's arena: what was wrong, or what there is to say; NULL: nothing */
};

/* `work` runs on a worker and touches only the job; if it returned true, `done` ends the run, else it fails with the words. */
void process_do(struct command_run *, bool (*work)(struct process_job *), void (*done)(struct process_job *), void *with);

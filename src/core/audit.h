/*
 * Audit: the trail of administrative acts: who, by which face, what, with what
 * outcome.
 *
 * One JSON object a line, each with the hash (SHA-256) of the line before and
 * its own, so that a change or a removal is noticed: `jackdaw audit verify`.
 * How far the trail has come also stands in FILE.head beside it: so missing
 * lines at its end are noticed too, and the chain goes on in a new file after
 * a rotation, also over a restart. Written on a worker; nobody waits for it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/fail.h"
#include "core/command.h"
#include "core/config.h"

enum { AUDIT_HASH = 64 };            /* hexadecimal digits */

/* Where it is; NULL: there is none. */
const char *audit_path(struct arena *, const struct config *);
/* Before the loops start, or in a command without a server. Failing is a problem for the log, and the trail stays closed. */
void audit_begin(const char *path);
void audit_command(const struct command_run *);              /* an act has ended */
/* The same of what is no command run: arguments may be NULL. */
void audit_act(const char *who, const char *face, const char *command, json_t *arguments, const char *error);

/* Looks through files in their order. */
struct audit_found {
	uint64_t lines, first, last;         /* how many; the numbers of the first and the last */
	bool     has_head;                   /* FILE.head of the last file was there, and fits */
	char     hash[AUDIT_HASH + 1];       /* of the last line */
};
bool audit_verify(const char *const *files, size_t count, struct audit_found *, struct fail *why);

/*
 * A command on the way of a turn: how somebody asks by XMPP for what
 * administrators may do.
 */
#pragma once
#include "core/command.h"
#include "core/turn.h"

struct command_outcome {             /* lives as long as the call of `found` */
	const struct command *command;
	const json_t *answer;                /* command_answer's: rows, words, error */
	enum stanza_error condition;         /* of a run that failed; OK: no code fits */
};

/*
 * One hop to the first loop, where the command runs in the name of t->from, as
 * far as that may (core/command_may.h); then `found` goes on with this turn.
 * Other turns may run between, and reloads: t->host is that of the snapshot
 * then in force, or NULL when the domain has gone. `values` are in the order of command->args.
 */
typedef enum stanza_error command_found(struct turn *, const struct command_outcome *, void *with);
enum stanza_error turn_command(struct turn *, const struct command *, const char *const *values, const char *input,
	command_found *, void *with);

/*
 * From words to a command and its values, and from the table to usage and
 * help. Its pages are in command_page.h.
 */
#pragma once
#include "base/buf.h"
#include "core/command.h"

struct command_words {
	const struct command *command;       /* NULL: there is none of this name */
	const char *values[COMMAND_ARGS];
	const char *error;                   /* what is wrong, in the arena */
};

/* False: `error` says what is wrong, and names what is nearest. Everything lies in the arena. */
bool command_read(struct arena *, const char *const *args, size_t count, struct command_words *);
/* The same for values that are in their places already. */
bool command_check(struct arena *, struct command_words *);

const struct command *command_find(const char *noun, const char *verb);      /* NULL: none */
char *command_name(struct arena *, const struct command *);                  /* "user add" */
char *command_usage(struct arena *, const struct command *);                 /* "user add [JID] [-p PASSWORD]" */
void  command_help(struct buf *, const char *noun);                          /* all commands, or those of a noun with their arguments */

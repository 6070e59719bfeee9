/*
 * Ad-hoc commands (XEP-0050): what administrators may do, asked for by XMPP.
 *
 *   adhoc.c         the protocol: who sees what, sessions, stages, answers
 *   adhoc_table.c   every command of the table (core/command.h), as node `jackdaw:user add`: forms made of its arguments, answers
 *                   of its fields
 *   adhoc_admin.c   XEP-0133's nodes, each declared as a mapping onto a command of the table
 *
 * A node asks for nothing, or for a form in one or two stages. Then its
 * command runs once, or once for each address that was given.
 */
#pragma once
#include "core/command.h"
#include "core/turn_command.h"

struct admin_node;

#define ADHOC_FORM "https://jackdaw.im/commands"     /* FORM_TYPE of the forms that XEP-0133 hasn't */
enum { ADHOC_STAGES = 2 };

struct adhoc_node {
	const char *node, *title;
	const struct command    *command;    /* NULL: the table has none for it */
	const struct admin_node *admin;      /* XEP-0133's; NULL: the command as the table has it */
};

struct adhoc_run {                   /* of the command, once */
	struct adhoc_run *next;
	const char *values[COMMAND_ARGS];
	const char *about;                   /* whom it concerns, where there may be several; NULL: that isn't said */
};

struct adhoc_asked {                 /* what is known when a form is made or read */
	struct arena *arena;
	const struct adhoc_node *node;
	const char   *domain;                /* that was asked: what its commands are about unless another is said */
	int64_t       rows;                  /* of an answer, at most */
	const struct xml *submitted[ADHOC_STAGES];   /* NULL: not yet */
	const json_t *now;                   /* the rows of the command that adhoc_now names; NULL: there are none */
};

size_t adhoc_nodes(struct arena *, struct adhoc_node **nodes);       /* all, in the order in which they are listed */
bool adhoc_node_find(struct arena *, const char *node, struct adhoc_node *);

unsigned adhoc_stages(const struct adhoc_node *);
/* A command to be run before its form is made, so that the form can show what is; NULL: none. */
const struct command *adhoc_now(const struct adhoc_node *);
struct xml *adhoc_form(const struct adhoc_asked *, unsigned stage);
/* Submissions, which fit their forms, become runs; NULL: *fault says why not. */
struct adhoc_run *adhoc_runs(const struct adhoc_asked *, const char **fault);
/* Adds what a run found to the answer's form, which is made when *form is NULL. Returns how many rows there was no room for. */
int64_t adhoc_result(const struct adhoc_asked *, const struct adhoc_run *, const struct command_outcome *, struct xml **form);

/* Service discovery of one of our nodes; false: it is none. *query NULL: *error says why. */
bool adhoc_disco(struct turn *, const char *node, bool wants_items, struct xml **query, enum stanza_error *error);

/* --- between the two files --- */
unsigned command_index(const struct command *, const char *arg);     /* a name that isn't declared is a bug */
const char *adhoc_text(struct arena *, const json_t *value);         /* as a form's value; NULL: there is none */

unsigned table_stages(const struct command *);
struct xml *table_form(const struct adhoc_asked *, unsigned stage);
struct adhoc_run *table_runs(const struct adhoc_asked *);
int64_t table_result(const struct adhoc_asked *, const struct command_outcome *, struct xml **form);

size_t admin_node_count(void);
bool admin_node_at(size_t at, struct adhoc_node *);
unsigned admin_stages(const struct admin_node *);
const struct command *admin_now(const struct admin_node *);
struct xml *admin_form(const struct adhoc_asked *);
struct adhoc_run *admin_runs(const struct adhoc_asked *, const char **fault);
int64_t admin_result(const struct adhoc_asked *, const struct adhoc_run *, const struct command_outcome *, struct xml **form);

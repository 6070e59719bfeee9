/*
 * Accounts, as commands see them: in the server by calls and reads of its
 * store; without one on the store directly. The caller can't tell.
 */
#pragma once
#include "core/command.h"
#include "core/turn.h"
#include "xml/xml.h"
#include "xmpp/jid.h"

/* A bare JID of a domain that we serve, in the run's arena; NULL: *error says what it is instead. */
const struct jid *accounts_jid(const struct command_run *, const char *text, const char **error);
/* A domain that we serve, prepared; NULL: *error says so. */
const char *accounts_domain(const struct command_run *, const char *text, const char **error);
/* All of them, in an array that ends with NULL. */
const char *const *accounts_domains(const struct command_run *);

/* Asks the account: core/credentials.h. `question` is an element without children. `answered` is told later or at once; `why`: when
 * there is no answer. `answer` ends after the call. */
typedef void accounts_answered(void *with, const struct xml *answer, const char *why);
void accounts_ask(const struct command_run *, const struct jid *, const struct xml *question, accounts_answered *, void *with);

/* As below, with rows in this arena, which the caller frees. */
void accounts_read_into(struct command_run *, struct arena *, const char *sql, const struct value *, unsigned count,
	void (*found)(struct command_run *, const struct rows *, const char *why));
/* Reads of the store, one statement; rows in the run's arena, NULL when it failed (`why` says how). */
void accounts_read(struct command_run *, const char *sql, const struct value *, unsigned count,
	void (*found)(struct command_run *, const struct rows *, const char *why));

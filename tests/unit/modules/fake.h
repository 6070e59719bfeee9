/*
 * Fake: a core that writes down what a module says to it.
 *
 * One account, `juliet@example`, on one host; modules are asked turn by turn,
 * and a test looks at what they answered, wrote and delivered. A read waits
 * until the test gives it its rows.
 */
#pragma once
#include "core/account.h"
#include "core/component.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/module.h"
#include "core/session.h"
#include "core/turn_command.h"

enum { FAKE_MANY = 128 };

struct fake_delivery { struct session *session; const struct xml *stanza; int64_t key; };
struct fake_write { const char *sql; struct value values[12]; };

struct fake {
	enum limit reached;                  /* the last */
	struct arena  *arena;
	struct account account;
	struct hosts   hosts;
	struct host    host;
	const struct xml *reply;             /* the payload of the last result */
	bool           has_replied, may_see, is_changed, is_removed;
	unsigned       delivered, written, appended, sessions, ended;
	struct fake_delivery deliveries[FAKE_MANY];
	struct fake_write writes[FAKE_MANY], appends[FAKE_MANY];
	struct session session[4];
	int64_t        flight, kept;         /* of this turn */
	msec           since;                /* as turn_since says; 0: now */
	int64_t        in_flight[4];         /* keys that somebody was sent */
	read_function *found;                /* waits for rows */
	const char    *sql;
	const struct xml *later;             /* what turn_later was told */
	const struct xml *answer;            /* to a call */
	void          *data, *live;
	bool           may_administrate;     /* what command_may_see and command_may say */
	const struct command *command;       /* that turn_command was asked to run, with these values; its outcome goes to `ran` */
	const char    *values[COMMAND_ARGS];
	command_found *ran;
	void          *ran_with;
	const char    *condition;            /* the application's, of the last turn_refuse */
	const char    *option[4], *value[4];
	bool           is_slow;
	const char    *peer;                 /* from where its sessions come */
	const char    *connected;            /* a component; NULL: none */
	struct component component;
	const char *const *items;            /* what any list for all hosts says */
};
extern struct fake fake;

int fake_begin(void **state);
int fake_end(void **state);
struct session *fake_session(const char *resource, int priority);
void fake_option(const char *name, const char *value);
/* A new turn of the account; `to` NULL: none was given. */
struct turn *fake_turn(const struct xml *stanza, enum kind, enum type, const char *from, const char *to);
struct xml *fake_parse(const char *text);
/* What the module answers to this payload: the result as text, or the error's name. */
const char *fake_ask(const struct module *, enum type, unsigned asked, const char *from, const char *payload);
/* Runs the hooks of this event and station. */
enum stanza_error fake_hook(const struct module *, enum event, enum station, struct turn *);
/* Rows for a read that waits: `columns` values for each. */
const struct rows *fake_rows(const struct value *, unsigned columns, unsigned count);

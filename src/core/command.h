/*
 * Command: what an administrator may ask, declared once.
 *
 * One const struct says a command's words, its arguments, what its answer
 * holds, who may run it, its help and its handler. The command line, its
 * completion, the manual, the pages docs/commands.md and docs/json.md and ad-hoc
 * commands (modules/adhoc.h) are made from the table, and so will be HTTP and
 * web pages. A handler runs on loop 0 (or in the client, see `where`); it adds rows of
 * named fields and ends, now or later, with command_done or command_refuse:
 *
 *   static void list(struct command_run *run)
 *   {
 *           for (…) {
 *                   command_row(run);
 *                   command_text(run, "name", m->name);
 *           }
 *           command_done(run);
 *   }
 *
 * What is long (a backup, lines that come as they happen) goes in parts before
 * the answer: command_part, and on when command_when_taken says so.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "xmpp/stanza_error.h"

struct command_run;
struct store;

enum command_where {
	COMMAND_SERVER,              /* in the running server */
	COMMAND_STORE,               /* there, or without a server on the store itself: then run->direct is set */
	COMMAND_ANYWHERE,            /* in the client: it needs neither */
	COMMAND_PROGRAM,             /* the program's own (serve, init): declared for the help */
};

enum command_may { MAY_SERVER_ADMIN, MAY_DOMAIN_ADMIN };     /* the least that may: see command_may.h */

struct command_arg {
	const char *name;            /* "JID": by its place; "-p PASSWORD": an option with a value; "--batch": a switch */
	const char *help;
	unsigned    flags;
	const char *words;           /* "one two": what it may be, in any case; NULL: anything */
	int64_t     least, most;     /* of ARG_NUMBER */
};
enum {
	ARG_OPTIONAL = 1,            /* options and switches always are */
	ARG_ASKED    = 2,            /* an option: when it isn't given, the client asks for it without echo, or takes the first line of its input */
	ARG_INPUT    = 4,            /* a switch: all of the client's input belongs to the command */
	ARG_UNLESS_INPUT = 16,       /* by its place: needed, but not together with a switch of ARG_INPUT */
	ARG_REST     = 8,            /* the last by its place: takes all remaining words, joined with blanks */
	ARG_TO_FILE  = 32,           /* a file that the client writes: the answer's parts go there, "-" is its output */
	ARG_FROM_FILE = 64,          /* a file that the client reads, "-" is its input; it is given piece by piece (src/cli.c) */
	ARG_HIDDEN   = 128,          /* a secret: never logged, nor in the audit trail */
	ARG_DOMAIN   = 256,          /* a domain: who asks one of ours by XMPP means that one, unless another is said */
	ARG_LINES    = 512,          /* a text of several lines, perhaps */
	ARG_NUMBER   = 1024,         /* a whole number, from `least` to `most` */
	ARG_MOST     = 2048,         /* how many rows, at most: who asks by XMPP gets no more than a page */
};
#define ARGS(...) ((const struct command_arg[]){ __VA_ARGS__, { NULL, NULL, 0, NULL, 0, 0 } })

struct command_field {               /* of a row of its answer */
	const char *name, *help;
	unsigned    type;            /* one FIELD_…, and what may be instead */
	const struct command_field *fields;  /* of FIELD_ROWS: what is in each */
};
enum {
	FIELD_TEXT, FIELD_NUMBER, FIELD_YES, FIELD_TIME, FIELD_ROWS, FIELD_TYPES = 7,
	OR_NULL = 8,                 /* there, and empty */
	OR_MISSING = 16,             /* left out */
};
#define FIELDS(...) ((const struct command_field[]){ __VA_ARGS__, { NULL, NULL, 0 } })       /* a type that isn't said is FIELD_TEXT */

struct command {
	const char *noun, *verb;     /* verb NULL: the noun alone */
	const char *help;            /* one sentence */
	const struct command_arg *args;
	enum command_where where;
	enum command_may   may;
	const char *concerns;        /* of MAY_DOMAIN_ADMIN: the argument, an address or a domain, by which it is known whose it is */
	const struct command_field *fields;  /* of its rows; NULL: it has none, and answers in words */
	const struct command_field *beside;  /* of the answer itself, beside its rows; NULL: nothing */
	bool        is_card;         /* its one row is shown with a field on each line */
	bool        is_local;        /* not for others to ask by way of XMPP: its answer has no end */
	bool        is_act;          /* it changes something, or hands out what isn't everybody's: goes into the audit trail */
	void      (*run)(struct command_run *);
};

extern const struct command *const commands[];       /* src/admin/commands.c; ends with NULL */
enum { COMMAND_ARGS = 8 };           /* the most that a command declares */

struct command_direct {              /* what a command works on when there is no server */
	struct store *store;
	const struct config *config;
	const char *const *domains;  /* prepared; ends with NULL */
	const char *data_dir;
};

/* Whoever waits for an answer. Parts are taken where `part` is there. */
struct command_asker {
	void (*finished)(struct command_run *, void *with);          /* once; the run is freed after it */
	void (*part)(struct command_run *, const void *bytes, size_t size, void *with);
	void (*when_taken)(struct command_run *, void (*fn)(struct command_run *), void *with);
	const char *who, *face;      /* for the audit trail: "uid 0", "control socket" */
};

struct command_from {                /* whose question it is; NULL where one is expected: the control socket's */
	const char *jid;             /* an administrator's bare address; NULL: who reaches the control socket, a server administrator */
	const char *file;            /* the configuration that the program was told to use, -c; NULL: none */
	const struct command_direct *direct;         /* NULL: there is a server, or none is needed */
};

struct command_run {
	const struct command *command;
	struct arena *arena;         /* lives as long as the run */
	const char   *values[COMMAND_ARGS];  /* in the order of command->args; NULL: not given. A switch that was: "" */
	const char   *input;         /* what came with it; never NULL */
	const struct command_direct *direct; /* NULL: in the server */
	const char   *file;          /* of command_from */
	void         *own;           /* the handler's */
	json_t       *rows;
	int64_t       more;          /* rows that were left out: a further page; 0: none */
	const char   *words;         /* said to people besides; NULL: nothing */
	const char   *error;         /* NULL: it went well */
	enum stanza_error condition; /* what the error is for faces that have codes; OK: none of them */
	bool          is_misused;    /* the error is one of usage */
	bool          is_alone;      /* nobody waits for it any more: it may end */
	void        (*left)(struct command_run *);   /* the handler's: called when that becomes true. NULL: it ends by itself */
	const struct command_asker *asker;
	void         *with;
};

/* Runs the command of these words. The asker hears of it, perhaps before this returns. All words are copied. */
void command_start(const char *const *args, size_t count, const char *input, const struct command_from *,
	const struct command_asker *, void *with);
/* The same for who has no words but values, in the order of command->args. */
void command_start_with(const struct command *, const char *const *values, const char *input, const struct command_from *,
	const struct command_asker *, void *with);
bool command_is_remote(const struct command *);      /* may be asked by way of XMPP */
void command_leave(struct command_run *);    /* whoever waited is gone */
/* {"ok":true,"rows":[…]} or {"ok":false,"error":"…"}; a new reference. */
json_t *command_answer(const struct command_run *);

json_t *command_string(const char *text);     /* strange bytes replaced; NULL gives null */

/* --- for handlers --- */
const char *command_get(const struct command_run *, const char *name);       /* by its declared name; NULL: not given */
void command_row(struct command_run *);                                      /* begins a row; fields follow */
void command_text(struct command_run *, const char *name, const char *text); /* NULL: the field is empty */
void command_number(struct command_run *, const char *name, int64_t);
void command_yes(struct command_run *, const char *name, bool);
void command_time(struct command_run *, const char *name, int64_t wall);     /* ms since 1970, as 2026-01-31T12:00:00Z */
void command_json(struct command_run *, const char *name, json_t *);         /* takes the reference: a list of rows within a row */
void command_sort(struct command_run *, const char *name);                   /* its rows, by a text */
void command_say(struct command_run *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A piece of a long answer. False: nobody takes it; the command fails or ends. */
bool command_part(struct command_run *, const void *bytes, size_t size);
/* fn(run) when the parts so far have been taken, or the run is alone; later, never within this call. */
void command_when_taken(struct command_run *, void (*fn)(struct command_run *));
void command_done(struct command_run *);                                     /* the run is gone after it */
void command_fail(struct command_run *, const char *format, ...) __attribute__((format(printf, 2, 3)));     /* so it is after this */
void command_refuse(struct command_run *, enum stanza_error, const char *format, ...) __attribute__((format(printf, 3, 4)));  /* and this */
void command_misused(struct command_run *, const char *format, ...) __attribute__((format(printf, 2, 3)));  /* and this: the words were wrong */

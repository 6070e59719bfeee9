/* The inside of sources, for the files named source_*.c. */
#pragma once
#include <stdatomic.h>
#include "base/list.h"
#include "core/source.h"
#include "net/loop.h"
#include "xmpp/scram.h"

enum { SOURCE_MAGIC = 0x736f7572 };
enum source_question { ASK_PASSWORD, ASK_USER, SET_PASSWORD };
enum source_answer { SOURCE_YES, SOURCE_NO, SOURCE_LATER };          /* later: it can't say, now */
typedef void source_answered(void *with, enum source_answer);

struct question {                            /* from a loop to the thread that asks, and back */
	struct list      link;
	struct source   *source;             /* a share */
	enum source_question what;
	char            *user, *domain, *password;   /* NULL: ASK_USER */
	char            *trusted;            /* authorities for https; NULL: the system's */
	msec             until;
	unsigned         most;               /* that may be under way at once */
	bool             is_second_try, is_late;     /* late: it waited too long, or too many did */
	void            *state;              /* the kind's, while it is under way */
	enum source_answer answer;
	struct loop     *from;
	source_answered *answered;
	void            *with;
};

struct source_kind {
	const char *scheme;
	unsigned    can;                     /* unless `abilities` says it better */
	bool      (*open)(struct source *, struct fail *why);        /* NULL: nothing to do */
	void      (*close)(struct source *);
	unsigned  (*abilities)(const struct source *);
	/* On the thread that asks: */
	bool      (*begin)(struct question *);       /* false: not now, it stays in the queue. May answer it at once */
	void      (*abandon)(struct question *);     /* it took too long; the thread answers it */
	void      (*quiet)(struct source *);         /* nobody names it any more: ends what it holds */
};

struct source {
	unsigned        magic;
	struct hash_node by_uri;                 /* of the process */
	char           *uri, *name;              /* name: without a password */
	const char     *rest;                    /* behind the scheme */
	const struct source_kind *kind;
	unsigned        shares;                  /* under the registry's lock */
	unsigned        number;                  /* of the process, never used again */
	atomic_uint     version;                 /* of its content */
	atomic_bool     is_lost;             /* sqlite: it could not be read the last time */
	struct table   *table;                   /* file: what is in it, under source_file.c's lock */
	/* Of the thread that asks, and nobody else's: */
	struct list     active;
	struct list     waiting, under_way;      /* questions */
	unsigned        waiting_count, under_way_count;
	bool            is_down;
	struct program *program;
};

extern const struct source_kind source_sqlite, source_file, source_exec, source_pam, source_http, source_https;

struct source *source_share(struct source *);
void source_drop(struct source *);
bool source_is_forgotten(struct source *);   /* only the caller's share is left */

/* On a loop; answered there, always, and never before this returns. */
void source_ask(struct source *, enum source_question, const struct jid *, const char *password, source_answered *, void *with);

/* For kinds: a question that was begun is answered. `why`: what is wrong with the source; NULL: nothing. */
void source_answer(struct question *, enum source_answer, const char *why);
void source_again(struct question *);        /* whoever was asked can't answer any more: another is asked */

/* Asks another server's database; then goes on with the turn, or ends it when that can't be read. The second holds it. */
typedef enum stanza_error sqlite_found(struct turn *, const struct rows *);
enum stanza_error sqlite_keys(struct turn *, struct source *, const char *hash, sqlite_found *);      /* those of this hash first: hash, rounds, salt, stored, server */
enum stanza_error sqlite_is_there(struct turn *, struct source *, sqlite_found *);

/* What a file says of a user; texts in the arena. */
struct file_user {
	const char *clear;                   /* NULL: it has none */
	unsigned    has;                     /* 1 << hash */
	struct scram_keys keys[SCRAM_HASHES];
};
struct file_facts {
	bool     has_clear;                  /* some user's password is clear text */
	unsigned rounds[SCRAM_HASHES];       /* of the first keys of each hash; 0: there are none */
	size_t   salt_size[SCRAM_HASHES];
};
bool file_find(const struct source *, struct arena *, const struct jid *, struct file_user *, struct file_facts *);

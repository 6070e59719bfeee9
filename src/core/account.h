/*
 * Account: a local user, on its home loop.
 *
 * Loaded on first use in one batch of reads, kept while somebody is there, and
 * unloaded some time after. What modules loaded of it is its kept part; its
 * sessions and what modules hold beside are live.
 *
 * An anonymous user's account (SASL ANONYMOUS) is only live: it is there as
 * long as the stream that it was made for, no row says that it exists, and what
 * its turns write goes nowhere.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/hash.h"
#include "base/list.h"
#include "core/module.h"

struct home;

enum account_state {
	ACCOUNT_LOADING,             /* its turns wait */
	ACCOUNT_READY,
	ACCOUNT_UNKNOWN,             /* there is none of this name: remembered briefly */
	ACCOUNT_FAILED,              /* could not be read: its turns are answered with an error, then it is forgotten */
};
enum { ACCOUNT_MAGIC = 0x6163636f };

struct account {
	unsigned            magic;
	enum account_state  state;
	struct hash_node    by_jid;
	struct arena       *arena;           /* lives with the account: its names */
	const struct jid   *address;         /* bare */
	const char         *jid, *local;     /* the same as text; lives with the account. `local` NULL: it is no account but takes the turns of a link */
	struct home        *home;
	const struct host  *host;            /* of the snapshot it was loaded under */
	struct hosts       *old_hosts;       /* a share of the last snapshot that knew its host; NULL while it is served */
	int64_t             id;              /* its key in the database */
	struct list         sessions;        /* struct session.in_account, oldest first */
	unsigned            session_count;
	struct list         forgettings;     /* rows whose messages clients have, on their way out: core/session.c */
	struct list         quiet;           /* in its home's list of those without sessions, by `quiet_since` */
	msec                quiet_since;
	struct mailbox {                     /* the core's */
		struct list ready;           /* in its home's list of entities that have turns to run */
		struct list turns;           /* waiting, in order */
		struct list reads;           /* turns whose read waits for appends */
		struct list appends;         /* under way, in order */
		unsigned    length;
		unsigned    reading;         /* turns that wait for a read */
		bool        is_held;         /* a turn that changes state waits for its commit */
		uint64_t    appended;        /* appends so far */
	} mailbox;
	unsigned            generation;      /* of the configuration it was loaded under */
	bool                is_denied;       /* unknown, and its domain's source says so too (core/source.h) */
	bool                is_anonymous;    /* nothing of it is kept */
	bool                is_disabled;     /* nobody can log in: core/disabled.h */
	struct throttle    *throttle;        /* wrong passwords lately; NULL: none */
	void              **kept, **live;    /* core/slots.h; NULL until used */
};
_Static_assert(sizeof(struct account) <= 288, "an idle session shall cost 4 KiB, and this is its share: docs/memory.md");

/* What a module's per_account.load returned; NULL when it returned NULL. */
void *account_data(const struct account *, const struct module *);
void  account_set_data(struct account *, const struct module *, void *);      /* a load that returned NULL makes it on first use */
/* What a module holds of an account in memory only, made on first use by the module; freed by its live_free. */
void *account_live(const struct account *, const struct module *);
void  account_set_live(struct account *, const struct module *, void *);

struct session *account_session(const struct account *, const char *resource);   /* NULL: no such resource */
#define EACH_SESSION(account, s) LIST_EACH(&(account)->sessions, struct session, in_account, s)

/* --- for streams --- */
void account_begin_anonymous(const char *bare);      /* makes an account of a name that nobody has, at this home */
void account_end_anonymous(const char *bare);        /* its stream has ended: gone with its last session */

/* --- the core's own --- */
struct account *account_find(const char *bare);      /* in memory, at this home; NULL: not there */
struct account *account_get(const char *bare);       /* there, if need be being loaded */
void account_reload(struct account *);               /* its kept part, from the database; its turns wait */
void account_forget(struct account *);               /* removed or unloaded: frees it. It has no sessions and no turns */
void account_quiet(struct account *);                /* it is new, or its last session has gone: of an anonymous user, for good */
void accounts_sweep(struct home *);                  /* unloads what has been quiet for long, forgets unknown ones; who has sessions costs nothing */
void accounts_take_hosts(struct home *);             /* the snapshot changed */
void accounts_load_next(struct home *);

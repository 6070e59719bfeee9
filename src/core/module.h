/*
 * Module: one const struct says what a part of the server does.
 *
 * A module registers nothing by running code. The core reads these structs at
 * start, and wires IQ handlers, hooks, service discovery, settings, tables and
 * commands from them; `jackdaw module list` prints the result. To add one:
 * write the file, add a line to src/modules.c. Two modules that claim one IQ
 * are refused at start, both named.
 */
#pragma once
#include "core/config_table.h"
#include "core/turn.h"
#include "store/store.h"

/* Where a stanza passes, in this order. Within a station: the order of src/modules.c. */
enum station {
	AT_LIMIT,                    /* may it go on at all: rates, sizes */
	AT_GUARD,                    /* does the user want it: blocking, presence rights */
	AT_MARK,                     /* what is added to it: stanza-id */
	AT_KEEP,                     /* archive */
	AT_COPY,                     /* carbons */
	AT_DELIVER,                  /* to sessions; the state machines of presence and subscriptions */
	AT_MISS,                     /* nobody was there: offline, push; who keeps it returns HANDLED */
	AT_FAIL,                     /* nobody took it: its sender hears */
	STATIONS
};

enum event {
	MESSAGE_SENT, MESSAGE,       /* at the sender's home, at the recipient's home */
	PRESENCE_SENT, PRESENCE,
	IQ_SENT, IQ_PASSING,         /* an IQ that isn't for us to answer: to another address; through to a session */
	SESSION_BOUND,               /* a session was made: t->session */
	SESSION_RESUMED,             /* it hibernated, and its client is back: t->session */
	SESSION_GONE,                /* its stream ended: t->session, for the last time */
	ACCOUNT_ADDED,               /* an account is being made, behind its writes: what leaves, leaves when it is there */
	ACCOUNT_REMOVED,             /* the account is being removed: what is to be done besides `forget` */
	EVENTS
};

/* Returns OK: go on; HANDLED: it ends here; or the error that its sender gets. */
typedef enum stanza_error hook_function(struct turn *);

struct hook {
	enum event    event;
	enum station  station;
	hook_function *run;
};
#define HOOKS(...)                    ((const struct hook[]){ __VA_ARGS__, { EVENTS, 0, NULL } })
#define ON_MESSAGE_SENT(at, fn)       { MESSAGE_SENT, at, fn }
#define ON_MESSAGE(at, fn)            { MESSAGE, at, fn }
#define ON_PRESENCE_SENT(at, fn)      { PRESENCE_SENT, at, fn }
#define ON_PRESENCE(at, fn)           { PRESENCE, at, fn }
#define ON_IQ_SENT(at, fn)            { IQ_SENT, at, fn }
#define ON_IQ_PASSING(at, fn)         { IQ_PASSING, at, fn }
#define ON_SESSION_BOUND(at, fn)      { SESSION_BOUND, at, fn }
#define ON_SESSION_RESUMED(at, fn)    { SESSION_RESUMED, at, fn }
#define ON_SESSION_GONE(at, fn)       { SESSION_GONE, at, fn }
#define ON_ACCOUNT_ADDED(at, fn)      { ACCOUNT_ADDED, at, fn }
#define ON_ACCOUNT_REMOVED(at, fn)    { ACCOUNT_REMOVED, at, fn }

/* Who is asked by an IQ get or set. */
enum asked {
	TO_HOST      = 1,            /* the server itself: 'example.com'. By another domain's user too: then the account is a link's, without an id, a session, or anything kept */
	TO_SELF      = 2,            /* one's own account: no 'to', or one's own bare JID; from its own sessions only */
	TO_ACCOUNT   = 4,            /* any local account's bare JID, by anybody; one's own too */
};
enum { IQ_GET = 1, IQ_SET = 2 };

struct iq_handler {
	const char *ns, *name;       /* of the payload; ns is one of xmpp/ns.h */
	unsigned    types;           /* IQ_GET | IQ_SET */
	unsigned    asked;
	hook_function *run;
	/* TO_ACCOUNT: what they are told who may not know of the account, and so what is told of a name that doesn't exist; OK:
	 * service-unavailable. */
	enum stanza_error stranger;
};
#define IQS(...) ((const struct iq_handler[]){ __VA_ARGS__, { NULL, NULL, 0, 0, NULL, OK } })

/* The server's own questions (a signal of kind CALL): the payload's name in NS_CALL. */
struct call_handler {
	const char *name;
	hook_function *run;          /* answers with turn_answer; t->account->state may be ACCOUNT_UNKNOWN or ACCOUNT_FAILED here */
};
#define CALLS(...) ((const struct call_handler[]){ __VA_ARGS__, { NULL, NULL } })

/* What a module keeps of each loaded account: read before its first turn, read again when a write of it failed. */
#define ACCOUNT_ID "(SELECT id FROM account WHERE jid = ?1)"
struct per_account {
	const char *query;           /* one value is bound: the account's bare JID; tables are keyed by the id, so: … WHERE account = " ACCOUNT_ID */
	void     *(*load)(struct account *, const struct rows *);     /* may return NULL: nothing yet */
	void      (*free)(void *);
};

/* What disco#info of the host, of accounts, and of stream features says beside the features (XEP-0030, 0128). */
struct identity { const char *category, *type, *name; };

/* A node of the host that may be asked by its name (XEP-0030 §3.2): what it can do. */
struct disco_node { const char *name; const char *const *features; };

struct portable;
struct config;
struct config_report;

/* A setting. Read with host_bool, host_int or host_text (core/host.h). */
struct option {
	const char *name;
	enum option_type kind;
	const char *fallback;        /* as it is written in a configuration: "no", "1000", "10k", "5min" */
	const char *help;            /* one sentence */
	int64_t     least, most;     /* numbers; both 0: any */
	const char *words;           /* of an OPTION_ENUM: "one two three"; host_int gives the place among them */
};

struct module {
	const char *name;            /* its name in configuration and commands */
	const char *title;
	unsigned    xep;             /* 0: an RFC, or ours */
	bool        is_needed;       /* `enabled = no` is an error: without it this is no XMPP server */
	const char *const *features;             /* in disco#info of the host */
	const char *const *account_features;     /* in disco#info of an account */
	const struct disco_node *nodes;          /* of the host */
	const struct iq_handler *iqs;
	const struct call_handler *calls;
	const struct hook *hooks;
	const struct option *options;            /* in section `name` of a domain, or global for all: docs/configuration.md lists them */
	/* What the table can't know of its settings: config_error for each fault, without opening a file. */
	void (*check)(const struct config *, struct config_report *);
	const struct per_account *per_account;
	void (*live_free)(void *);               /* what account_live holds for it; NULL: it holds nothing */
	void (*session_free)(void *);            /* what session_data holds for it */
	/* That over a restart of the server (XEP-0198): one element, NULL: there is nothing to keep; and back. NULL: it is lost. */
	struct xml *(*session_save)(const struct session *, struct arena *);
	void (*session_restore)(struct session *, const struct xml *);
	/* Rows in flight: the statement by which one of its goes (turn_flight), and how a message that a client may not have gets one; 0: none. */
	const char *flight;
	int64_t (*flight_put)(struct turn *, const struct xml *message, enum type, msec since);
	const struct migration *migrations;      /* ends with { NULL, 0, NULL } */
	/* Statements that bind an account's id: what goes with it when it is removed, in the server or without one. Ends with NULL. */
	const char *const *forget;
	const struct portable *portable;         /* core/portable.h: what an account takes along to another server; NULL: nothing */
	/* Adds to <stream:features/> after authentication; NULL: nothing. */
	void (*stream_features)(const struct host *, struct arena *, struct xml *features);
	/* What a client may switch on together with its bind (XEP-0386): elements in this namespace, inside <bind/>; what is returned goes into
	 * <bound/>, NULL: nothing does. */
	const char *bind_feature;
	struct xml *(*bind)(struct session *, struct arena *, const struct xml *el);
	/* A session's client said whether anybody looks at it (s->is_inactive). While nobody does, each stanza for it is shown before it
	 * leaves: true when the module took a copy, which it gives with session_give later. `may` false: it leaves now. One module only. */
	bool (*hold_back)(struct session *, const struct xml *, bool may);
	void (*attention)(struct session *);
	/* What it makes of its settings for a host, once for each snapshot and in its arena, read with host_data. NULL: nothing is set that
	 * gives it something to do, and it counts as switched off there. Left out: it needs no such thing. */
	const void *(*host_load)(const struct host *, struct arena *);
	/* Adds XEP-0128 forms to the host's disco#info. */
	void (*host_info)(const struct host *, struct arena *, struct xml *query);
};
#define FEATURES(...)   ((const char *const[]){ __VA_ARGS__, NULL })
#define NODES(...)      ((const struct disco_node[]){ __VA_ARGS__, { NULL, NULL } })
#define OPTIONS(...)    ((const struct option[]){ __VA_ARGS__, { NULL, OPTION_BOOL, NULL, NULL, 0, 0 } })
#define FORGET(...)     ((const char *const[]){ __VA_ARGS__, NULL })
#define MIGRATIONS(...) ((const struct migration[]){ __VA_ARGS__, { NULL, 0, NULL } })

extern const struct module *const modules[];  /* src/modules.c; ends with NULL */

/* --- what the core made of them: wired once, before threads start --- */
void modules_declare(void);                  /* before a configuration is read: their options join the table */
bool modules_wire(struct fail *why);
enum { MODULES = 64 };                       /* the most there may be: a bit for each */
/* `off`: modules that are switched off, by bit (struct host). known: the payload is handled somewhere. */
const struct iq_handler *modules_iq(const struct xml *payload, unsigned type, unsigned asked, uint64_t off, bool *known);
const struct call_handler *modules_call(const char *name);
struct stop { hook_function *run; const struct module *module; enum station station; uint64_t bit; };    /* bit: its module's, in `off` */
const struct stop *modules_line(enum event, size_t *count);           /* the hooks of an event, in order */
unsigned modules_count(void);
unsigned module_number(const struct module *);       /* its place in `modules` */
/* Keeps a stanza back from an inactive session if some module wants to; see struct module. */
bool modules_hold_back(struct session *, const struct xml *, bool may);
void modules_attention(struct session *);
const struct migration *modules_migrations(size_t *count);             /* the core's and all modules' */

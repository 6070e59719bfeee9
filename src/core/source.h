/*
 * Source: where passwords are, by a URI.
 *
 *	sqlite:                      the store itself: SCRAM keys (core/credentials.c)
 *	sqlite:/path                 that of another server on this machine
 *	file:/etc/jackdaw/users      lines, as clear text or SCRAM keys: read into memory, and again when they change
 *	exec:/usr/local/bin/check    a program that is asked over a pipe
 *	pam:service                  the system's PAM
 *	https://login.example/check  a web service
 *
 * The first three give something to work with; the others only say whether a
 * password is right, and late, or never: they are asked by a thread of their
 * own (source_ask.c), and no loop waits. Each URI is one source, whoever names
 * it, shared by the snapshots of the configuration that do.
 *
 * A domain has a source, and so may a listener, a listen or a peer, which then
 * counts before the domain's. The loop that holds a stream knows which it is,
 * and sends the URI along with each question to the account's home, which
 * looks it up in its own snapshot: a reload may be between the two.
 *
 * An account of another source than the store gets its row with its first good
 * login, or when something comes for it and the source says that it exists.
 */
#pragma once
#include "base/hash.h"
#include "core/module.h"
#include "core/turn.h"

struct config;
struct config_scope;
struct hosts;

enum source_use { SOURCE_FOR_PLAIN, SOURCE_FOR_DIGEST_MD5, SOURCE_USES };     /* auth.plain.uri: for all but DIGEST-MD5 */

enum {
	SOURCE_KEYS = 1,             /* gives SCRAM keys, */
	SOURCE_CLEAR = 2,            /* clear text, */
	SOURCE_CHECK = 4,            /* or says whether a password is right */
	SOURCE_WRITES = 8,           /* takes a new one */
	SOURCE_KNOWS = 16,           /* says whether a user exists */
	SOURCE_SHA_1 = 32, SOURCE_SHA_256 = 64, SOURCE_SHA_512 = 128,        /* which keys */
};

struct source;

/* What the source of this domain can; of this one, NULL being the store. */
unsigned source_can(const struct host *, enum source_use);
unsigned source_abilities(const struct source *);

/* That of a domain. NULL: the store. Of a stream: streams/c2s.h. */
struct source *source_of_host(const struct host *, enum source_use);
/* What a listener says, else what the domain says; for DIGEST-MD5 either of them about that before anything about all. `host` may be NULL. */
struct source *source_for(struct source *const listeners[SOURCE_USES], const struct host *, enum source_use);
bool source_names_store(const char *uri);            /* "sqlite:"; NULL: no */
/* As it may be shown: without a password. */
const char *source_name(const struct source *);
/* What the calls of core/credentials.h name it by. NULL of the store. */
const char *source_uri(const struct source *);
/* For `source`, an attribute of a call: *ok false: this home's snapshot doesn't have it (any more). */
struct source *source_asked(const struct turn *, bool *ok);

/* --- snapshots --- */

struct sources {                     /* those that one snapshot names */
	struct hash by_uri;
};

/* The source of this URI, opened; of the snapshot as long as that lasts. NULL: there was none. On a worker or at start. */
bool sources_get(struct sources *, const char *uri, struct source **, struct fail *why);
void sources_clear(struct sources *);
/* Reads again what has changed; on a worker. False: something can't be read, and what was there stays. */
bool sources_look(const struct sources *, struct fail *why);
void sources_each(const struct sources *, void (*fn)(void *with, struct source *), void *with);
const char *source_file_of(const struct source *);          /* which is to be watched; NULL: none */

/* --- at an account's home --- */

/* <credentials/> and <clear/> of another source than the store; state and throttle have been looked at. */
enum stanza_error source_credentials(struct turn *, struct source *);
enum stanza_error source_clear(struct turn *, struct source *);
/* A new password, for a source that takes one: `done` replies. NOT_ALLOWED: this one takes none; NOT_ACCEPTABLE: not this password. */
enum stanza_error source_write(struct turn *, struct source *, const char *prepared, hook_function *done);
/* A turn for an account that isn't there: its domain's source may know it, and then the turn begins again with the account; else
 * it goes on with `refuse`. */
enum stanza_error source_meet(struct turn *, hook_function *refuse);
/* A number that is another when the source's passwords may be others: for what is remembered of a checked one. */
uint32_t source_stamp(const struct source *);
msec source_memory(const struct source *, msec wish);       /* how long that may be remembered */

/* --- the thread that asks --- */

void sources_quit(void);                     /* the end is near: whoever waits is told to try later, and so is who asks */
void sources_stop(void);                     /* when the loops have ended */

/*
 * Home: what lives on one loop.
 *
 * An address hashes to one of 1024 shards by a secret kept in the database; a
 * shard belongs to one loop. The accounts of a home, their sessions and
 * everything loaded of them are touched by its loop alone.
 */
#pragma once
#include "base/hash.h"
#include "base/list.h"
#include "core/figure.h"
#include "core/host.h"
#include "core/limit.h"
#include "net/loop.h"
#include "store/store.h"

enum { SHARDS = 1024, HOMES_LIMIT = 64 };

struct home {
	struct loop  *loop;
	unsigned      number;        /* the last ones may be of pools, on whose loops nobody is at home */
	struct hash   accounts;
	struct hash   links;         /* to other domains, whose home this is: core/link.h */
	struct hash   reachable;     /* those with somebody at the other end, of all homes; */
	unsigned      gateways;      /* so many of them are of gateways */
	struct list   ready;         /* accounts with turns to run: mailbox.ready */
	struct list   quiet;         /* accounts without sessions, who was quiet first first: account.quiet */
	struct list   jobs;          /* store jobs of this round: handed over once */
	struct list   wanting;       /* accounts that wait to be loaded, logins first */
	unsigned      loading;       /* accounts being loaded now */
	struct hosts *hosts;         /* the snapshot in force here */
	struct tapped *taps;         /* who sees every stanza: core/tap.h. NULL: nobody */
	struct hash   calls;         /* questions that wait for their answer */
	uint64_t      calls_made;
	struct receipt *spare_receipts;      /* free, for its next stanzas */
	unsigned      spare_count;
	unsigned      seconds;       /* since the start, counted by the first home */
	bool          is_over_memory;        /* no stream is read until the server is under its limit again */
	bool          is_degraded;   /* the store is slow: no new logins */
	bool          is_stopping;
	/* Counters: read by others through a call, never by another thread. */
	struct home_counts counts;   /* core/figure.h */
	uint64_t      reached[LIMIT_COUNT];
	/* Why a write failed, lately: for `status`. */
	char          trouble[160];
	msec          trouble_at;    /* 0: no write has failed for some time */
};

struct home *home_here(void);                        /* this thread's; NULL off the loops */
struct home *home_of(const char *bare);              /* where this address lives */
struct home *home_number(unsigned);
unsigned homes_count(void);                          /* with those of pools */
struct store *home_store(void);

/* A number of a text that stays the same in this database's life, and from which nobody learns the text. */
uint64_t home_mark(const char *text);
/* At start, before loops run: `secret` is the one in the database. Accounts live on the first `living` of `count` loops. */
void homes_start(unsigned count, unsigned living, const unsigned char secret[16], struct store *, struct hosts *);
void homes_take_hosts(struct hosts *);               /* a reload: gives every home the new snapshot, from any thread */
void homes_stop(void);                               /* ends all streams with system-shutdown, and sessions that can't hibernate: home_is_quiet tells when that is done */
bool home_is_quiet(struct home *);                   /* while it stops: nobody has a stream, nothing is to be done, and what clients had sent is settled */
void home_write_failed(struct home *, const char *why);      /* logged once, until no write has failed for some time */
bool home_round(void *home);                         /* one round of turns; for loop_on_round and the simulation. True: more to do */
void home_second(void *home);                        /* sweeping; for loop_on_second */

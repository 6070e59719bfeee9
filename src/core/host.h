/*
 * Host: a domain that we serve, as one snapshot of the configuration says.
 *
 * Snapshots are immutable and counted. A reload makes a new one and gives it
 * to every home; the old one is freed when the last loop let go. So a pointer
 * to a host is good for this round; what lasts longer keeps the name.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/fail.h"
#include "base/hash.h"

#include "net/tls.h"

struct config;
struct config_scope;
struct entrances;
struct certificates;
struct module;

enum conflict { CONFLICT_RENAME, CONFLICT_REPLACE, CONFLICT_REFUSE };         /* the new one gets another name, wins, is refused */
enum host_tls { HOST_TLS_REQUIRED, HOST_TLS_OPTIONAL, HOST_TLS_OFF };

struct host {
	struct hash_node  by_name;
	const char       *name;              /* prepared */
	struct hosts     *hosts;             /* the snapshot it belongs to */
	struct tls       *tls;               /* NULL: no certificate. The snapshot's */
	enum host_tls     tls_mode;          /* for clients */
	bool              plain_without_tls; /* auth { allow_plain_without_tls } */
	uint64_t          off;               /* modules that are switched off here: a bit for each, by its place among them */
	unsigned          resources;         /* sessions of one account */
	unsigned          strangers, subscriptions;      /* that one account may write to, and ask, in an hour; 0: no limit */
	enum conflict     conflict;          /* what happens to a resource that is taken */
	const char *const *mechanisms;       /* allowed SASL mechanisms, strongest first; ends with NULL */
	const struct config *config;
	const struct config_scope *scope;    /* where its settings are looked up */
	const struct host_data *data;        /* what modules made of its settings: host_data */
};

struct hosts {
	struct hash  by_name;
	unsigned     count;
	unsigned     generation;             /* grows with every reload */
	const struct config *config;
	struct entrances  *entrances;        /* core/entrance.h */
	struct certificates *certificates;       /* every certificate of the snapshot */
	/* Server-wide limits that hot paths ask for; those of streams are what the global scope says, where no listener says more (struct terms). */
	struct core_limits {
		bool     enabled;            /* limits { enabled }: rates and connection counts */
		unsigned mailbox;            /* turns that may wait for one entity */
		unsigned turns_per_round;    /* of one entity */
		unsigned loads;              /* accounts being loaded at once, for each loop */
		msec     idle_account;       /* until an account without sessions is unloaded */
		msec     append_patience;    /* how long a failed append is retried before its message is bounced */
		msec     slow_store;         /* without a commit for that long: degraded mode */
		unsigned wrong_passwords;    /* of one account before it must wait */
		msec     wrong_password_pause;
		msec     verifier_cache;     /* how long a password seen in PLAIN is recognised without its keys; 0: never */
		/* Of streams. */
		size_t   stanza_before, stanza;      /* bytes of one stanza, before and after authentication */
		unsigned depth, attributes;          /* of a stanza */
		size_t   name;                       /* bytes of a name */
		size_t   write_soft, write_hard;     /* bytes in a connection's queue: pages wait; the stream ends */
		unsigned unsettled;                  /* stanzas of one connection that are not settled: it is read no further */
		size_t   unsettled_bytes;
		size_t   memory;                     /* bytes of unsettled stanzas and queues in the whole server: nobody is read any further */
		msec     negotiation;                /* until a stream must be authenticated and bound */
		msec     close_wait;                 /* for the peer's closing tag */
		unsigned login_tries;                /* on one stream */
		int64_t  stanza_rate, stanza_burst;  /* of one connection, a second; 0: no limit */
		int64_t  byte_rate, byte_burst;
		unsigned registrations;              /* by one address in an hour; 0: no limit */
		unsigned wrong_logins;               /* by one address in a minute; 0: no limit */
		unsigned connections;                /* of the whole server; 0: no limit */
		unsigned per_address;                /* connections of one address; 0: no limit */
		unsigned connects;                   /* of one address in a minute; 0: no limit */
	} limits;
};

/* Those of streams, as this scope says: global, or of a listener. */
void host_read_limits(struct core_limits *, const struct config_scope *);
/* Makes a snapshot: reads certificates. On a worker or at start. */
struct hosts *hosts_new(const struct config *, unsigned generation, struct fail *why);
struct hosts *hosts_share(struct hosts *);
void hosts_drop(struct hosts *);

/* In the snapshot of this thread's home. NULL: not ours. `name` is prepared. */
const struct host *host_find(const char *name);
const struct host *host_first(void);                 /* the first configured */
struct hosts *hosts_here(void);

/* A module's setting for this host (section `module->name` of its domain, else global, else the default). */
const void *host_data(const struct host *, const struct module *);                       /* what its host_load returned; NULL: it returned NULL */
bool        host_has(const struct host *, const struct module *);                        /* it isn't switched off here */
static inline bool host_runs(const struct host *h, unsigned slot) { return !(h->off >> slot & 1); }
bool        host_bool(const struct host *, const struct module *, const char *name);
int64_t     host_int(const struct host *, const struct module *, const char *name);      /* sizes and durations (ms) too */
const char *host_text(const struct host *, const struct module *, const char *name);

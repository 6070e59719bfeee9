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
#include "core/auth_terms.h"
#include "net/tls.h"

struct config;
struct config_scope;
struct entrances;
struct certificates;
struct components;
struct module;
struct source;
struct sources;
struct oauth;

enum conflict { CONFLICT_RENAME, CONFLICT_REPLACE, CONFLICT_REFUSE };         /* the new one gets another name, wins, is refused */
enum host_tls { HOST_TLS_REQUIRED, HOST_TLS_OPTIONAL, HOST_TLS_OFF };

/* What one client's session may do: a domain has a say too. What a listener, its `listen` or a peer says counts before it. */
enum client_limit { CLIENT_STANZA, CLIENT_STANZA_RATE, CLIENT_STANZA_BURST, CLIENT_BYTE_RATE, CLIENT_BYTE_BURST, CLIENT_LIMITS };
struct client_limits {
	int64_t  is[CLIENT_LIMITS];          /* bytes; stanzas or bytes a second; 0 of a rate: no limit */
	unsigned said;                       /* a bit for each that stands below the top level */
};

struct host {
	struct hash_node  by_name;
	const char       *name;              /* prepared */
	struct hosts     *hosts;             /* the snapshot it belongs to */
	struct tls       *tls;               /* NULL: no certificate. The snapshot's */
	enum host_tls     tls_mode;          /* for clients */
	bool              is_suspended;      /* nobody logs in, nothing is delivered */
	bool              plain_without_tls; /* as the domain says, else globally; for a connection ask c2s_auth_terms */
	bool              legacy_codes;      /* legacy { error_codes }: XEP-0086 */
	bool              legacy_stamps;     /* legacy { delay_stamps }: XEP-0091 */
	struct auth_terms auth;              /* what this domain itself says */
	struct password_terms passwords;
	uint64_t          off;               /* modules that are switched off here: a bit for each, by its place among them */
	unsigned          resources;         /* sessions of one account */
	struct client_limits clients;
	unsigned          wrong_passwords;   /* of one account before it must wait; 0: no limit */
	unsigned          registrations;     /* by one address in an hour; 0: no limit */
	unsigned          strangers, subscriptions;      /* that one account may write to, and ask, in an hour; 0: no limit */
	enum conflict     conflict;          /* what happens to a resource that is taken */
	bool              digest_by_uri;     /* DIGEST-MD5 wasn't listed: it is for streams only that have a source of their own for it */
	const char *const *mechanisms;       /* allowed SASL mechanisms, strongest first; ends with NULL */
	struct source    *sources[2];        /* by enum source_use: ask source_of_host. NULL: nothing is said */
	const struct oauth *oauth;           /* by whose tokens its users log in; NULL: nobody's */
	bool              has_own_certificates;      /* users may put down certificates to log in with */
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
	const struct sources *sources;       /* core/source.h */
	const char *source_trusted;          /* authorities of https: sources; NULL: the system's */
	struct auth_terms auth;              /* global */
	struct components *components;           /* core/component.h */
	/* Server-wide limits that hot paths ask for; those of streams are what the global scope says, where no listener says more (struct terms). */
	struct core_limits {
		bool     enabled;            /* limits { enabled }: rates and connection counts */
		unsigned mailbox;            /* turns that may wait for one entity */
		unsigned turns_per_round;    /* of one entity */
		unsigned loads;              /* accounts being loaded at once, for each loop */
		msec     idle_account;       /* until an account without sessions is unloaded */
		msec     append_patience;    /* how long a failed append is retried before its message is bounced */
		msec     slow_store;         /* without a commit for that long: degraded mode */
		msec     wrong_password_pause;
		msec     source_timeout;     /* until a source that is asked counts as silent */
		unsigned source_workers;     /* questions to one source at once */
		/* Of streams. */
		struct client_limits clients;
		size_t   stanza_before;              /* bytes of one stanza before authentication */
		unsigned depth, attributes;          /* of a stanza */
		size_t   name;                       /* bytes of a name */
		size_t   write_soft, write_hard;     /* bytes in a connection's queue: pages wait; the stream ends */
		unsigned unsettled;                  /* stanzas of one connection that are not settled: it is read no further */
		size_t   unsettled_bytes;
		unsigned acks_stanzas;               /* that a client may leave unacknowledged */
		size_t   acks_bytes;
		msec     acks_answer;                /* for an <r/>; 0: for ever */
		msec     resume_time;                /* that a session waits for its client; 0: not at all */
		const char *resume_location;         /* where clients are asked to come back to; NULL: anywhere */
		size_t   memory;                     /* bytes of unsettled stanzas and queues in the whole server: nobody is read any further */
		msec     negotiation;                /* until a stream must be authenticated and bound */
		msec     close_wait;                 /* for the peer's closing tag */
		unsigned login_tries;                /* on one stream */
		unsigned wrong_logins;               /* by one address in a minute; 0: no limit */
		unsigned connections;                /* of the whole server; 0: no limit */
		unsigned anonymous;                  /* of the whole server; 0: no limit */
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
const char *const *host_list(const struct host *, const struct module *, const char *name);      /* ends with NULL, is never NULL */
const char *host_text(const struct host *, const struct module *, const char *name);
/* A list that adds up: what is said for all domains, and what this one says itself. They end with NULL and are never NULL. */
const char *const *host_list_of_all(const struct host *, const struct module *, const char *name);
const char *const *host_list_of_its_own(const struct host *, const struct module *, const char *name);

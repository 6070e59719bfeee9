/*
 * Entrance: what a `listen` address grants, and to whom, as one snapshot says.
 *
 * Terms are read along global > xmpp_listener > listen > peer. Of the peers
 * whose network holds an address the one with the longest prefix counts, alone:
 * what it doesn't say is the listen's, not another peer's.
 *
 * A gate is the same address in the life of the process: who is inside, and
 * what was refused.
 */
#pragma once
#include <stdatomic.h>
#include "core/certificates.h"
#include "core/home.h"
#include "net/cidr.h"
#include "net/conn.h"

struct pool;
struct source;
struct sources;

enum { GATES = 64, PEERS = 65534 };
enum entrance_tls { TLS_AUTO, TLS_DIRECT, TLS_STARTTLS, TLS_OFF, TLS_REQUIRED };     /* in the order of the setting's words */
enum { TAKES_CLIENTS = 1, TAKES_SERVERS = 2, TAKES_COMPONENTS = 4 };

struct terms {
	struct cidr        from;             /* a peer's network */
	bool               is_denied;
	enum entrance_tls  tls_mode;
	unsigned           streams;          /* TAKES_… */
	unsigned           events;           /* stanzas of one connection in a round; 0: no limit */
	msec               idle_time;        /* 0: for ever */
	struct socket_options socket;
	struct tls        *tls;              /* its own certificates; NULL: the domains' */
	struct tls_policy *policy;           /* NULL: the domain's counts */
	struct source     *sources[2];       /* of passwords, by enum source_use; NULL: the domain's */
	struct core_limits limits;
	struct auth_terms  auth;
};

struct entrance {
	const char        *address;
	bool               is_open;          /* enabled, and with channels */
	unsigned           channels;         /* most simultaneous connections */
	unsigned           accept_queue;     /* connections that haven't said who they are; 0: no limit */
	struct listen_options options;
	const struct pool *pool;
	struct cidr       *proxies;
	unsigned           proxy_count;
	struct terms       terms, *peers;    /* peers: longest prefix first */
	unsigned           peer_count;
};

struct entrances {
	struct entrance *all;
	unsigned         count;
	const struct entrance *at[GATES];    /* by the number of the gate; NULL: it isn't there any more */
	struct terms     outside;            /* global: for who came by an address that is configured no more */
};

/* Reads the snapshot; certificates too. The limits that are not a listener's are `base`. */
void entrance_read_socket(struct entrance *, const struct config_scope *listen);     /* what opening it needs, and no more: certificates can't be read yet */
bool entrances_read(struct entrances *, struct certificates *, struct sources *, const struct config *, const struct core_limits *base, struct fail *why);
void entrances_clear(struct entrances *);

const struct entrance *entrance_find(const struct entrances *, const char *address);         /* NULL: it isn't there any more */
/* Which of an entrance's terms are a peer's: 0, the address's own, or 1 for the first of its peers. */
unsigned entrance_place(const struct entrance *, const struct sockaddr_storage *peer);
const struct terms *entrance_terms(const struct entrance *, unsigned place);
int64_t terms_limit(const struct terms *, const struct host *, enum client_limit);           /* the domain's, where only it says one; host NULL: not known yet */
bool entrance_is_proxy(const struct entrance *, const struct sockaddr_storage *peer);        /* its connections begin with a PROXY header */

/* --- gates --- */

struct gate {
	char       *address;
	unsigned    number;
	atomic_bool is_open;
	atomic_uint connected, waiting;      /* waiting: not yet known who they are */
	atomic_uint_fast64_t accepted, refused, denied;
	atomic_uint_fast64_t paused_loops;   /* by number: those that wait until fewer are waiting */
	struct listener *listeners[HOMES_LIMIT];     /* by number, each its loop's; NULL: that loop doesn't accept here */
};

/* Made when it is first asked for; NULL: there are too many. One thread at a time: at start or under the reload's lock. */
struct gate *gate_get(const char *address);
unsigned gates_count(void);
struct gate *gate_number(unsigned);

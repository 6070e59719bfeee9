/*
 * Component: who beside us may serve a domain, as one snapshot says (XEP-0114).
 *
 * A component has a section of its own, component "irc.example.com" { }, and
 * perhaps further domains; or it is one of the names that may be taken with a
 * common secret, those below a served domain if nothing else was said. The
 * nearest name counts: an exact one first, then the longest pattern.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/hash.h"

struct config;
struct config_scope;

enum component_tls { COMPONENT_LOCAL, COMPONENT_TLS, COMPONENT_ANY };         /* in clear text: from here, never, from anywhere */
enum component_conflict { COMPONENT_REFUSE, COMPONENT_REPLACE, COMPONENT_SHARE };

struct component {                   /* the snapshot's */
	const char *name;            /* prepared; NULL: a common secret, and each name is a component of its own */
	const char *secret;          /* NULL: none may connect */
	enum component_tls tls;
	enum component_conflict conflict;
	bool        is_listed;
	unsigned    queue;           /* stanzas that wait while it is away */
	size_t      queue_bytes;
	msec        queue_time, idle_time;
	size_t      stanza, write_most;
	int64_t     stanza_rate, byte_rate;
	unsigned    unsettled;
	size_t      unsettled_bytes;
};

struct components {
	struct hash exact;           /* by a domain's name */
	struct hash below;           /* by what a pattern leaves: "example.com" of *.example.com, "" of * */
};

/* The strings and members lie in the arena. Domains that we serve ourselves must be known: a component can't have one of them. */
bool components_read(struct components *, struct arena *, const struct config *, const struct hash *hosts, struct fail *why);
void components_clear(struct components *);

/* Who may serve this domain (prepared); NULL: nobody. */
const struct component *components_find(const struct components *, const char *domain);
const struct component *component_of(const char *domain);    /* in this home's snapshot */
/* The name of the component that serves it: `domain` itself, or the one whose further domain it is. */
const char *component_name(const struct component *, const char *domain);

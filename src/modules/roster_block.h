/*
 * A roster in one piece of memory.
 *
 *   | version, counts | record | record | …
 *   record: sizes, subscription, flags, then jid NUL [name NUL] [group NUL]…
 *
 * Most accounts in memory hold a roster that nobody changes and that every
 * broadcast reads from end to end; so there is one allocation (measured: 49
 * bytes for a contact with a name and a group). Finding one walks over the
 * records: about a microsecond for the last of 200, once for each probe.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "modules/subscription_state.h"

struct contact {                     /* what a record says; its strings lie in the block until it is changed */
	const char *jid;             /* bare */
	const char *name;            /* NULL: none */
	const char *groups;          /* each ends in NUL, one behind the other */
	size_t      groups_size;     /* of all, with their NULs */
	enum subscription subscription;
	bool        is_approved;     /* before it was asked for: RFC 6121 §3.4 */
	bool        is_listed;       /* it is an item of the roster; else only a request that waits (§3.1.3) */
};

struct roster_block {
	int64_t  version;            /* RFC 6121 §2.6; 0: never changed */
	uint32_t used;               /* bytes of records */
	uint32_t count, listed, asking;      /* records; items; contacts whose request waits */
	char     records[];
};

enum { CONTACT_LIMIT = UINT16_MAX };                 /* bytes of a record */

/* A block may be NULL: it is empty. */
bool roster_block_fits(const struct contact *);      /* within CONTACT_LIMIT */
bool roster_block_find(const struct roster_block *, const char *jid, struct contact *);
bool roster_block_next(const struct roster_block *, size_t *at, struct contact *);       /* from *at = 0; false: that was all */

/* Loading: a block with room for so many bytes of records, and the contacts that fill it, each once. */
struct roster_block *roster_block_new(size_t room);
size_t roster_block_size(const struct contact *);    /* bytes of its record */
void roster_block_fill(struct roster_block *, const struct contact *);

/* They return the block, which may have moved. The contact lies outside it. */
struct roster_block *roster_block_put(struct roster_block *, const struct contact *);
struct roster_block *roster_block_remove(struct roster_block *, const char *jid);
struct roster_block *roster_block_set_version(struct roster_block *, int64_t version);

/*
 * JIDs: who is meant (RFC 7622).
 *
 * A struct jid is prepared: each part went through its PRECIS profile
 * (UsernameCaseMapped, OpaqueString, IDNA2008), so equal addresses are equal
 * bytes. It is immutable and lies in its arena with all its strings.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

struct jid {
	const char *local;           /* NULL when there is none */
	const char *domain;          /* never NULL; U-labels, as RFC 7622 §3.2 wants it */
	const char *resource;        /* NULL when there is none */
	const char *bare;            /* "local@domain" or "domain" */
	const char *full;            /* with "/resource"; the same pointer as bare when there is none */
};

enum { JID_PART = 1023, JID_LENGTH = 3071 };                 /* bytes */

/* NULL when it is no JID: too long, empty parts, forbidden characters. */
struct jid *jid_parse(struct arena *, const char *text);
struct jid *jid_make(struct arena *, const char *local, const char *domain, const char *resource);   /* prepares; local, resource may be NULL */
struct jid *jid_with(struct arena *, const struct jid *, const char *resource);    /* the bare part with this prepared resource; NULL: none */
struct jid *jid_copy(struct arena *, const struct jid *);
size_t jid_size(const struct jid *, const char *resource);   /* bytes that jid_with takes of an arena */

bool jid_same(const struct jid *, const struct jid *);        /* full against full */
bool jid_same_bare(const struct jid *, const struct jid *);
bool jid_is_bare(const struct jid *);

/* The parts by themselves, prepared; NULL when they aren't allowed. */
const char *jid_local(struct arena *, const char *text);
const char *jid_domain(struct arena *, const char *text);
const char *jid_resource(struct arena *, const char *text);
/* RFC 8265 §4.2 OpaqueString, for passwords; NULL when not allowed. */
const char *jid_password(struct arena *, const char *text);

/* XEP-0106: JID escaping, pure. Neither prepares. */
const char *jid_escape(struct arena *, const char *local);
const char *jid_unescape(struct arena *, const char *local);

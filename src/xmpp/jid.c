/*
 * A JID is cut first, at the first '/' and then the first '@', and each part
 * is prepared after that: a mapping may make separators (RFC 7622 §3.1).
 *
 * Nearly all parts are ASCII, which needs a look into a table for each byte.
 * Parts are prepared on the stack; then everything is laid down in one piece:
 * the struct, "local", "local@domain", "local@domain/resource".
 */
#include "xmpp/jid.h"
#include "base/check.h"
#include "xmpp/domain.h"
#include "xmpp/precis.h"
#include <string.h>

/* LOCAL and OPAQUE may stand in such a part; UPPER is also the distance to lower case. */
enum { LOCAL = 1, OPAQUE = 2, HIGH = 4, UPPER = 0x20, NOT_LOCAL = OPAQUE, BOTH = LOCAL | OPAQUE };

/* RFC 7622 §3.3.1: "&'/:<>@ not in a localpart; RFC 8264 §9.11 ASCII7. */
static const unsigned char kind[256] = {
	[' '] = NOT_LOCAL, ['!'] = BOTH, ['"'] = NOT_LOCAL, ['#' ... '%'] = BOTH, ['&' ... '\''] = NOT_LOCAL,
	['(' ... '.'] = BOTH, ['/'] = NOT_LOCAL, ['0' ... '9'] = BOTH, [':'] = NOT_LOCAL, [';'] = BOTH,
	['<'] = NOT_LOCAL, ['='] = BOTH, ['>'] = NOT_LOCAL, ['?'] = BOTH, ['@'] = NOT_LOCAL,
	['A' ... 'Z'] = BOTH | UPPER, ['[' ... '~'] = BOTH, [0x80 ... 0xff] = HIGH,
};

struct part {
	char   text[JID_PART];
	size_t size;                 /* 0: there is none */
};

static bool has_high(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (kind[(unsigned char)text[i]] & HIGH)
			return true;
	return false;
}

static bool all_are(unsigned char wanted, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!(kind[(unsigned char)text[i]] & wanted))
			return false;
	return true;
}

/* Lower case, and whether each may stand in a localpart. */
static bool ascii_local(char *out, const char *text, size_t size)
{
	unsigned all = LOCAL;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i], k = kind[c];
		out[i] = (char)(c | (k & UPPER));
		all &= k;
	}
	return all;
}

static bool ascii_opaque(char *out, const char *text, size_t size)
{
	unsigned all = OPAQUE;
	for (size_t i = 0; i < size; i++) {
		out[i] = text[i];
		all &= kind[(unsigned char)text[i]];
	}
	return all;
}

/* A mapping may have made forbidden characters of wide ones, so they are looked for behind it. */
static bool unicode_local(struct part *p, const char *text, size_t size)
{
	if (!has_high(text, size))
		return false;
	p->size = precis_username(p->text, JID_PART, text, size);
	return p->size && all_are(LOCAL | HIGH, p->text, p->size);
}

static bool prepare_local(struct part *p, const char *text, size_t size)
{
	p->size = size;
	if (size == 0)
		return false;
	if (size <= JID_PART && ascii_local(p->text, text, size))
		return true;
	return unicode_local(p, text, size);
}

static bool prepare_domain(struct part *p, const char *text, size_t size)
{
	p->size = domain_prepare(p->text, JID_PART, text, size);
	return p->size;
}

static bool prepare_opaque(struct part *p, const char *text, size_t size)
{
	p->size = size;
	if (size == 0)
		return false;
	if (size <= JID_PART && ascii_opaque(p->text, text, size))
		return true;
	p->size = has_high(text, size) ? precis_opaque(p->text, JID_PART, text, size) : 0;
	return p->size;
}

/* The profile has nothing against a space at the front; RFC 7622 §3.5, example 18, has. */
static bool prepare_resource(struct part *p, const char *text, size_t size)
{
	return prepare_opaque(p, text, size) && p->text[0] != ' ';
}

static char *put(char *to, const struct part *p, char before)
{
	if (before)
		*to++ = before;
	memcpy(to, p->text, p->size);
	return to + p->size;
}

static size_t bare_size(size_t local, size_t domain)
{
	return local ? local + 1 + domain : domain;
}

/* "local", "local@domain", "local@domain/resource", each with its NUL, as far as they are there. */
static size_t text_size(size_t local, size_t domain, size_t resource)
{
	size_t bare = bare_size(local, domain);
	return (local ? local + 1 : 0) + bare + 1 + (resource ? bare + 1 + resource + 1 : 0);
}

static struct jid *lay_down(struct arena *a, const struct part *local, const struct part *domain, const struct part *resource)
{
	size_t bare = bare_size(local->size, domain->size);
	struct jid *j = ARENA_NEW(a, struct jid);
	char *to = arena_bytes(a, text_size(local->size, domain->size, resource->size));

	if (local->size) {
		j->local = to;
		to = put(to, local, 0);
		*to++ = '\0';
	}
	j->bare = j->full = to;
	if (local->size)
		to = put(to, local, 0);
	to = put(to, domain, local->size ? '@' : 0);
	*to++ = '\0';
	j->domain = j->bare + bare - domain->size;
	if (resource->size) {
		j->full = to;
		memcpy(to, j->bare, bare);
		to = put(to + bare, resource, '/');
		*to = '\0';
		j->resource = to - resource->size;
	}
	return j;
}

struct jid *jid_parse(struct arena *a, const char *text)
{
	struct part local, domain, resource;
	const char *slash = strchrnul(text, '/');
	const char *at = memchr(text, '@', (size_t)(slash - text));
	const char *middle = at ? at + 1 : text;

	local.size = resource.size = 0;
	if (at && !prepare_local(&local, text, (size_t)(at - text)))
		return NULL;
	if (!prepare_domain(&domain, middle, (size_t)(slash - middle)))
		return NULL;
	if (*slash && !prepare_resource(&resource, slash + 1, strlen(slash + 1)))
		return NULL;
	return lay_down(a, &local, &domain, &resource);
}

struct jid *jid_make(struct arena *a, const char *local, const char *domain, const char *resource)
{
	struct part l, d, r;
	l.size = r.size = 0;
	if (local && !prepare_local(&l, local, strlen(local)))
		return NULL;
	if (!prepare_domain(&d, domain, strlen(domain)))
		return NULL;
	if (resource && !prepare_resource(&r, resource, strlen(resource)))
		return NULL;
	return lay_down(a, &l, &d, &r);
}

static void take(struct part *p, const char *prepared)
{
	p->size = prepared ? strlen(prepared) : 0;
	ASSERT(p->size <= JID_PART);
	if (p->size)
		memcpy(p->text, prepared, p->size);
}

struct jid *jid_with(struct arena *a, const struct jid *j, const char *prepared)
{
	struct part local, domain, resource;
	take(&local, j->local);
	take(&domain, j->domain);
	take(&resource, prepared);
	return lay_down(a, &local, &domain, &resource);
}

size_t jid_size(const struct jid *j, const char *resource)
{
	return sizeof *j + text_size(j->local ? strlen(j->local) : 0, strlen(j->domain), resource ? strlen(resource) : 0);
}

struct jid *jid_copy(struct arena *a, const struct jid *j)
{
	return jid_with(a, j, j->resource);
}

bool jid_same(const struct jid *a, const struct jid *b)
{
	return strcmp(a->full, b->full) == 0;
}

bool jid_same_bare(const struct jid *a, const struct jid *b)
{
	return strcmp(a->bare, b->bare) == 0;
}

bool jid_is_bare(const struct jid *j)
{
	return !j->resource;
}

static const char *keep(struct arena *a, const struct part *p, bool allowed)
{
	return allowed ? arena_copy(a, p->text, p->size) : NULL;
}

const char *jid_local(struct arena *a, const char *text)
{
	struct part p;
	return keep(a, &p, prepare_local(&p, text, strlen(text)));
}

const char *jid_domain(struct arena *a, const char *text)
{
	struct part p;
	return keep(a, &p, prepare_domain(&p, text, strlen(text)));
}

const char *jid_resource(struct arena *a, const char *text)
{
	struct part p;
	return keep(a, &p, prepare_resource(&p, text, strlen(text)));
}

/* The RFC sets passwords no limit; we set them that of a part. */
const char *jid_password(struct arena *a, const char *text)
{
	struct part p;
	return keep(a, &p, prepare_opaque(&p, text, strlen(text)));
}

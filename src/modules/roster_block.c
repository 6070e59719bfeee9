/*
 * Records that touch each other: a change moves what lies behind it.
 *
 * Their heads are read and written by memcpy, because nothing is aligned.
 */
#include "modules/roster_block.h"
#include "base/check.h"
#include "base/mem.h"
#include <string.h>

struct record {
	uint16_t size;               /* all of it */
	uint16_t jid_size, name_size;        /* without NUL; name_size 0: there is none */
	uint8_t  subscription;
	uint8_t  flags;
};

enum { APPROVED = 1, LISTED = 2 };

static struct record record_at(const struct roster_block *b, size_t at)
{
	struct record r;
	memcpy(&r, b->records + at, sizeof r);
	return r;
}

size_t roster_block_size(const struct contact *c)
{
	return sizeof(struct record) + strlen(c->jid) + 1 + (c->name ? strlen(c->name) + 1 : 0) + c->groups_size;
}

bool roster_block_fits(const struct contact *c)
{
	return roster_block_size(c) <= CONTACT_LIMIT;
}

static void read_record(const struct roster_block *b, size_t at, struct contact *c)
{
	struct record r = record_at(b, at);
	const char *text = b->records + at + sizeof r;
	c->jid = text;
	text += r.jid_size + 1;
	c->name = r.name_size ? text : NULL;
	text += r.name_size ? r.name_size + 1 : 0;
	c->groups = text;
	c->groups_size = (size_t)(b->records + at + r.size - text);
	c->subscription = (enum subscription)r.subscription;
	c->is_approved = r.flags & APPROVED;
	c->is_listed = r.flags & LISTED;
}

bool roster_block_next(const struct roster_block *b, size_t *at, struct contact *c)
{
	if (!b || *at >= b->used)
		return false;
	read_record(b, *at, c);
	*at += record_at(b, *at).size;
	return true;
}

/* Where its record is; b->used when it has none. */
static size_t find(const struct roster_block *b, const char *jid)
{
	size_t size = strlen(jid), at = 0;
	while (at < b->used) {
		struct record r = record_at(b, at);
		if (r.jid_size == size && memcmp(b->records + at + sizeof r, jid, size) == 0)
			break;
		at += r.size;
	}
	return at;
}

bool roster_block_find(const struct roster_block *b, const char *jid, struct contact *c)
{
	size_t at = b ? find(b, jid) : 0;
	if (!b || at == b->used)
		return false;
	read_record(b, at, c);
	return true;
}

static struct roster_block *resize(struct roster_block *b, size_t records)
{
	bool is_new = !b;
	b = mem_resize(b, sizeof *b + records);
	if (is_new)
		memset(b, 0, sizeof *b);
	return b;
}

static void take_out(struct roster_block *b, size_t at)
{
	struct contact c;
	size_t size = record_at(b, at).size;
	read_record(b, at, &c);
	b->count--;
	b->listed -= c.is_listed;
	b->asking -= subscription_is_in(c.subscription);
	memmove(b->records + at, b->records + at + size, b->used - at - size);
	b->used -= (uint32_t)size;
}

static void append(struct roster_block *b, const struct contact *c)
{
	struct record r = {
		.size = (uint16_t)roster_block_size(c),
		.jid_size = (uint16_t)strlen(c->jid),
		.name_size = c->name ? (uint16_t)strlen(c->name) : 0,
		.subscription = (uint8_t)c->subscription,
		.flags = (c->is_approved ? APPROVED : 0) | (c->is_listed ? LISTED : 0),
	};
	char *to = b->records + b->used;
	memcpy(to, &r, sizeof r);
	to = memcpy(to + sizeof r, c->jid, r.jid_size + 1u);
	to += r.jid_size + 1;
	if (c->name)
		to = (char *)memcpy(to, c->name, r.name_size + 1u) + r.name_size + 1;
	if (c->groups_size)
		memcpy(to, c->groups, c->groups_size);
	b->used += r.size;
	b->count++;
	b->listed += c->is_listed;
	b->asking += subscription_is_in(c->subscription);
}

struct roster_block *roster_block_new(size_t room)
{
	return resize(NULL, room);
}

void roster_block_fill(struct roster_block *b, const struct contact *c)
{
	ASSERT(roster_block_fits(c));
	append(b, c);
}

struct roster_block *roster_block_remove(struct roster_block *b, const char *jid)
{
	size_t at = b ? find(b, jid) : 0;
	if (!b || at == b->used)
		return b;
	take_out(b, at);
	return resize(b, b->used);
}

struct roster_block *roster_block_put(struct roster_block *b, const struct contact *c)
{
	ASSERT(roster_block_fits(c) && (!c->name || *c->name));
	size_t at = b ? find(b, c->jid) : 0;
	if (b && at < b->used)
		take_out(b, at);
	b = resize(b, (b ? b->used : 0) + roster_block_size(c));
	append(b, c);
	return b;
}

struct roster_block *roster_block_set_version(struct roster_block *b, int64_t version)
{
	if (!b)
		b = resize(NULL, 0);
	b->version = version;
	return b;
}

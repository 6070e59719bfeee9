/* Addresses in a row: looking for one reads them all, which for some dozens is the fastest. */
#include "modules/directed.h"
#include "base/mem.h"
#include <string.h>

const char *directed_next(const struct directed *d, const char *last)
{
	if (!d)
		return NULL;
	const char *next = last ? last + strlen(last) + 1 : d->text;
	return next < d->text + d->used ? next : NULL;
}

static const char *find(const struct directed *d, const char *jid)
{
	const char *at = NULL;
	while ((at = directed_next(d, at)))
		if (strcmp(at, jid) == 0)
			return at;
	return NULL;
}

bool directed_has(const struct directed *d, const char *jid)
{
	return find(d, jid) != NULL;
}

bool directed_fits(const struct directed *d, const char *jid, size_t limit)
{
	return directed_has(d, jid) || (d ? d->used : 0) + strlen(jid) + 1 <= limit;
}

static struct directed *with_room(struct directed *d, size_t size)
{
	size_t used = d ? d->used : 0, have = d ? d->size : 0;
	if (used + size <= have)
		return d;
	have = used + size + used / 2;
	d = mem_resize(d, sizeof *d + have);
	d->used = used;
	d->size = have;
	return d;
}

struct directed *directed_add(struct directed *d, const char *jid)
{
	size_t size = strlen(jid) + 1;
	if (directed_has(d, jid))
		return d;
	d = with_room(d, size);
	memcpy(d->text + d->used, jid, size);
	d->used += size;
	return d;
}

void directed_remove(struct directed *d, const char *jid)
{
	const char *found = find(d, jid);
	if (!found)
		return;
	size_t at = (size_t)(found - d->text), size = strlen(jid) + 1;
	memmove(d->text + at, d->text + at + size, d->used - at - size);
	d->used -= size;
}

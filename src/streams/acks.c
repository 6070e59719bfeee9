/*
 * A queue of what was printed. Numbers begin with 1 at <enabled/>, and `h` is
 * the same modulo 2^32.
 */
#include "streams/acks.h"
#include "base/mem.h"
#include "xml/parser.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <string.h>

struct copy {
	struct copy *next;
	size_t size;
	char   text[];
};

struct acks {
	struct copy *first, *last;   /* sent and not acknowledged */
	uint64_t taken, sent;        /* numbers: the newest acknowledged, the newest sent */
	size_t   held;
	uint32_t told;               /* the last h of ours */
	bool     is_awaited;         /* our <r/> has no answer yet */
	bool     owes;               /* the client asked when not everything was settled */
	uint32_t owed;               /* up to here it wants to know */
};

struct acks *acks_new(void)
{
	return NEW(struct acks);
}

void acks_free(struct acks *k)
{
	if (!k)
		return;
	for (struct copy *c = k->first, *next; c; c = next) {
		next = c->next;
		mem_free(c);
	}
	mem_free(k);
}

void acks_request(struct acks *k, struct conn *conn)
{
	static const char r[] = "<r xmlns='urn:xmpp:sm:3'/>";
	if (k->is_awaited)
		return;
	k->is_awaited = true;
	conn_write(conn, r, sizeof r - 1);
}

void acks_sent(struct acks *k, struct conn *conn, const char *bytes, size_t size)
{
	struct copy *c = mem_resize(NULL, sizeof *c + size);
	c->next = NULL;
	c->size = size;
	memcpy(c->text, bytes, size);
	if (k->last)
		k->last->next = c;
	else
		k->first = c;
	k->last = c;
	k->sent++;
	k->held += size;
	acks_request(k, conn);
}

static void tell(struct acks *k, struct conn *conn, uint32_t h)
{
	char a[64];
	int size = snprintf(a, sizeof a, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", h);
	conn_write(conn, a, (size_t)size);
	k->told = h;
}

void acks_answer(struct acks *k, struct conn *conn, uint32_t settled, uint32_t received)
{
	tell(k, conn, settled);
	k->owes = settled != received;
	k->owed = received;
}

void acks_settled(struct acks *k, struct conn *conn, uint32_t settled)
{
	if (!k->owes || settled == k->told)
		return;
	tell(k, conn, settled);
	k->owes = (int32_t)(k->owed - settled) > 0;
}

/* What was sent since we asked last has had no question: without one its end would never be heard of. */
static void ask_for_the_rest(struct acks *k, struct conn *conn)
{
	if (k->taken != k->sent)
		acks_request(k, conn);
}

bool acks_taken(struct acks *k, struct conn *conn, uint32_t h, uint64_t *taken, uint32_t *sent)
{
	uint32_t more = h - (uint32_t)k->taken;
	*sent = (uint32_t)k->sent;
	if (more > k->sent - k->taken)
		return false;
	k->is_awaited = false;
	for (uint32_t left = more; left; left--) {
		struct copy *c = k->first;
		k->first = c->next;
		if (!k->first)
			k->last = NULL;
		k->held -= c->size;
		k->taken++;
		mem_free(c);
	}
	*taken = k->taken;
	if (more)                            /* who says nothing new isn't asked again until there is more */
		ask_for_the_rest(k, conn);
	return true;
}

size_t acks_held(const struct acks *k)
{
	return k->held;
}

const struct xml *const *acks_untaken(const struct acks *k, struct arena *a, uint64_t *first)
{
	const struct xml **all = arena_alloc(a, (size_t)(k->sent - k->taken + 1) * sizeof *all);
	size_t n = 0;
	for (const struct copy *c = k->first; c; c = c->next)
		all[n++] = xml_parse(a, c->text, c->size, NS_CLIENT);
	*first = k->taken + 1;
	return all;
}

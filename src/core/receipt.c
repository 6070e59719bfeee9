/*
 * Counted with an atomic, because a hold may be dropped where the recipient
 * lives; what follows from the last drop happens at the session's home.
 */
#include "core/receipt.h"
#include "base/mem.h"
#include "core/home.h"
#include "core/session.h"
#include "net/loop.h"

enum { SPARE_LIMIT = 4096 };         /* free ones that a home keeps for its next stanzas */

static struct receipt *take(void)
{
	struct home *home = home_here();
	struct receipt *r = home->spare_receipts;
	if (!r)
		return NEW(struct receipt);
	home->spare_receipts = r->next;
	home->spare_count--;
	return r;
}

static void put(struct receipt *r)
{
	struct home *home = home_here();
	if (home->spare_count >= SPARE_LIMIT) {
		mem_free(r);
		return;
	}
	r->next = home->spare_receipts;
	home->spare_receipts = r;
	home->spare_count++;
}

struct receipt *receipt_new(struct session *s, uint32_t bytes)
{
	struct receipt *r = take();
	*r = (struct receipt){ .session = s, .loop = s->account->home->loop, .bytes = bytes };
	atomic_init(&r->holds, 1);
	if (s->receipts_last)
		s->receipts_last->next = r;
	else
		s->receipts = r;
	s->receipts_last = r;
	s->unsettled_bytes += bytes;
	return r;
}

struct receipt *receipt_new_of(struct debtor *debtor, uint32_t bytes)
{
	struct receipt *r = take();
	*r = (struct receipt){ .debtor = debtor, .loop = loop_here(), .bytes = bytes };
	atomic_init(&r->holds, 1);
	debtor->unsettled++;
	debtor->bytes += bytes;
	return r;
}

void receipt_hold(struct receipt *r)
{
	if (r)
		atomic_fetch_add_explicit(&r->holds, 1, memory_order_relaxed);
}

/* Moves the session's count over what is settled from its beginning. */
static void advance(struct session *s)
{
	struct receipt *r;
	while ((r = s->receipts) && r->is_settled) {
		s->receipts = r->next;
		if (!r->next)
			s->receipts_last = NULL;
		s->unsettled_bytes -= r->bytes;
		s->settled++;
		put(r);
	}
	if (s->stream)
		s->stream->settled(s->stream_with, s->settled, s->received - s->settled, s->unsettled_bytes);
}

static void settle_debt(struct receipt *r)
{
	struct debtor *debtor = r->debtor;
	debtor->unsettled--;
	debtor->bytes -= r->bytes;
	put(r);
	debtor->settled(debtor);
}

static void settle(void *thing)
{
	struct receipt *r = thing;
	struct session *s = r->session;
	if (r->debtor) {
		settle_debt(r);
		return;
	}
	if (!s) {
		put(r);
		return;
	}
	r->is_settled = true;
	if (r == s->receipts)
		advance(s);
}

void receipt_drop(struct receipt *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->holds, 1, memory_order_acq_rel) != 1)
		return;
	if (loop_here() == r->loop)
		settle(r);
	else
		post(r->loop, settle, r);
}

void receipts_forget(struct session *s)
{
	for (struct receipt *r = s->receipts, *next; r; r = next) {
		next = r->next;
		if (r->is_settled)
			put(r);
		else
			r->session = NULL;
	}
	s->receipts = s->receipts_last = NULL;
}

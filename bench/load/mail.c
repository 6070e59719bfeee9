/*
 * Which message is still owed.
 *
 * A message has a slot from its leaving to its coming; then the slot is used
 * again, so that a long day costs no more than a short one. Its number is in
 * the id beside the slot: who comes with another number than the slot holds has
 * come before.
 *
 * What is promised: every message arrives once, and in the order of its sender.
 * What excuses a loss: the sender's connection was cut before the server
 * acknowledged it, or the recipient's was cut and had no XEP-0198 to say what
 * it got. With XEP-0198 nothing is lost.
 *
 * What may come twice: with XEP-0198, what came between the client's farewell
 * and the server's. After a cut: what the client hadn't acknowledged; what it
 * heard in the second or two before, for its last acknowledgement may have been
 * cut off too, as may the server's knowledge that a socket had taken all; and
 * what was under way, for that may be found in the store by the new session and
 * be sent again when the server notices the old one's end.
 */
#include "day.h"
#include "load.h"
#include <stdlib.h>

enum { SHOWN = 5 };

struct letter {
	uint64_t number;             /* from 1; 0: the slot is free */
	int64_t  sent_at;            /* 0: not timed */
	unsigned from, to;
	uint32_t stanza;             /* of its stream, for XEP-0198 */
	uint32_t next_free;
	bool     may_vanish, may_overtake;
};

struct box {                         /* of a recipient */
	uint64_t *latest;            /* by the sender's slot in the ring */
	uint64_t pardon_below;       /* up to `pardon` older ones may come again */
	uint32_t pardon;
	int64_t  second;             /* what was heard in this one, and in that before */
	uint32_t heard_now, heard_before;
	bool     is_cut, is_leaky;   /* what is sent now may overtake; and may vanish */
};

static struct letter *letters;
static uint32_t room, used, free_head;                   /* free_head: index + 1 */
static struct box *boxes;
static uint64_t sent, heard, excused, doubled, repeated, reordered;     /* excused: of those that haven't come */

void mail_init(void)
{
	boxes = calloc(options.users, sizeof *boxes);
	uint64_t *latest = calloc((size_t)options.users * options.contacts, sizeof *latest);
	for (unsigned i = 0; i < options.users; i++)
		boxes[i].latest = latest + (size_t)i * options.contacts;
}

static uint32_t slot_get(void)
{
	if (free_head) {
		uint32_t slot = free_head - 1;
		free_head = letters[slot].next_free;
		return slot;
	}
	if (used == room)
		letters = realloc(letters, (room = room * 2 + 1024) * sizeof *letters);
	return used++;
}

uint64_t mail_send(unsigned from, unsigned to, uint32_t stanza, bool is_timed, uint32_t *slot)
{
	*slot = slot_get();
	excused += boxes[to].is_leaky;
	letters[*slot] = (struct letter){ .number = ++sent, .sent_at = is_timed ? now_us() : 0, .from = from, .to = to, .stanza = stanza,
		.may_vanish = boxes[to].is_leaky, .may_overtake = boxes[to].is_cut };
	return sent;
}

static void came_again(unsigned from, unsigned to, uint64_t number)
{
	struct box *b = &boxes[to];
	if (b->pardon && number < b->pardon_below) {
		b->pardon--;
		repeated++;
		return;
	}
	if (doubled++ < SHOWN)
		fprintf(stderr, "load: user%u heard message %llu of user%u again%s\n", options.first + to, (unsigned long long)number,
			options.first + from, b->pardon_below > number ? ", more often than a cut excuses" : "");
}

static void pardon(struct box *b, uint32_t count, uint64_t below)
{
	b->pardon += count;
	b->pardon_below = below > b->pardon_below ? below : b->pardon_below;
}

static void turn_second(struct box *b)
{
	int64_t second = now_us() / 1000000;
	if (second == b->second)
		return;
	b->heard_before = second == b->second + 1 ? b->heard_now : 0;
	b->heard_now = 0;
	b->second = second;
}

static void look_at_order(const struct letter *l)
{
	int slot = ring_slot(l->to, l->from);
	if (l->may_overtake || slot == NO_SLOT)
		return;
	uint64_t *latest = &boxes[l->to].latest[slot];
	reordered += l->number < *latest;
	*latest = l->number > *latest ? l->number : *latest;
}

bool mail_heard(unsigned from, unsigned to, uint64_t number, uint32_t slot)
{
	if (!number || number > sent || slot >= used)
		return false;
	struct letter *l = &letters[slot];
	if (l->number != number) {
		came_again(from, to, number);
		return true;
	}
	if (l->from != from || l->to != to)
		return false;
	if (l->sent_at)
		latency_add(now_us() - l->sent_at);
	look_at_order(l);
	turn_second(&boxes[to]);
	boxes[to].heard_now++;
	if (l->may_overtake)
		pardon(&boxes[to], 1, number + 1);
	heard++;
	excused -= l->may_vanish;
	*l = (struct letter){ .next_free = free_head };
	free_head = slot + 1;
	return true;
}

static void excuse(struct letter *l)
{
	excused += !l->may_vanish;
	l->may_vanish = true;
}

void mail_sender_cut(unsigned from, bool acks, uint32_t acknowledged)
{
	for (uint32_t i = 0; i < used; i++) {
		struct letter *l = &letters[i];
		if (l->number && l->from == from && !(acks && l->stanza <= acknowledged))
			excuse(l);
	}
}

void mail_recipient_cut(unsigned to, bool acks, uint32_t unacknowledged)
{
	struct box *b = &boxes[to];
	for (uint32_t i = 0; i < used; i++) {
		struct letter *l = &letters[i];
		if (!l->number || l->to != to)
			continue;
		l->may_overtake = true;
		l->sent_at = 0;
		if (!acks)
			excuse(l);
	}
	b->is_cut = true;
	b->is_leaky = !acks;
	turn_second(b);
	uint32_t recent = b->heard_now + b->heard_before;
	pardon(b, unacknowledged > recent ? unacknowledged : recent, sent + 1);
}

void mail_recipient_left(unsigned to, uint32_t unacknowledged)
{
	pardon(&boxes[to], unacknowledged, sent + 1);
}

void mail_recipient_back(unsigned to)
{
	boxes[to].is_cut = boxes[to].is_leaky = false;
}

uint64_t mail_owed(void)
{
	return sent - heard - excused;
}

bool mail_report(void)
{
	report_count("messages", sent);
	report_count("heard", heard);
	report_count("lost", mail_owed());
	report_count("doubled", doubled);
	report_count("reordered", reordered);
	report_count("excused", excused);                /* lost, and nobody had promised them */
	report_count("repeated", repeated);              /* came twice, as XEP-0198 allows */
	return !mail_owed() && !doubled && !reordered;
}

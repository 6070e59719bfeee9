/*
 * chat: user 2i writes to user 2i+1, `window` messages under way: for each that
 * arrives the next leaves. A message's number is in its id, so what is lost,
 * comes twice or overtakes is seen.
 *
 * This is the hot path: a message is copied from pieces made once, and of what
 * arrives only two attributes are looked at.
 */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 256, ASK_EVERY = 16 };

struct note { uint64_t number; int64_t sent_at; bool has_come; };
struct flow {                        /* a pair's messages */
	char     head[128];          /* of a stanza, to its id */
	size_t   head_size;
	uint64_t sent, heard, latest;
	struct note *notes;
	unsigned remembered;
};

static const char tail[] = "'><body>It is the east, and Juliet is the sun. Arise, fair sun, and kill the envious</body></message>";
static struct flow *flows;
static bool is_sending, was_acknowledged;
static uint64_t delivered, doubled, reordered;

static void ready(struct client *c)
{
	crowd_ready++;
	client_say(c, "<presence/>");
}

static void send_message(struct client *c, struct flow *f, uint64_t number)
{
	char *room = client_room(c, f->head_size + 20 + sizeof tail), *at = room;
	memcpy(at, f->head, f->head_size);
	at = put_number(at + f->head_size, number);
	memcpy(at, tail, sizeof tail - 1);
	client_wrote(c, (size_t)(at - room) + sizeof tail - 1);
	c->sent++;
}

static void send_next(struct client *c)
{
	struct flow *f = &flows[crowd_index(c) / 2];
	if (!is_sending)
		return;
	if (!pace_take()) {
		pace_wait(c, send_next);
		return;
	}
	f->notes[f->sent % f->remembered] = (struct note){ f->sent, now_us(), false };
	send_message(c, f, f->sent++);
	if (c->acks && c->sent % ASK_EVERY == 0)
		client_print(c, "<r xmlns='urn:xmpp:sm:3'/>");
}

/* False for one that has come before: no other leaves for it. */
static bool count(struct flow *f, uint64_t number)
{
	struct note *n = &f->notes[number % f->remembered];
	if (n->number != number || n->has_come) {
		doubled++;
		return false;
	}
	n->has_come = true;
	reordered += number < f->latest;
	f->latest = number;
	f->heard++;
	delivered++;
	latency_add(now_us() - n->sent_at);
	return true;
}

static void message_came(struct client *c, struct piece p)
{
	const char *id = piece_attribute(p, "id").at;
	uint64_t pair = digits(&id), number = *id == '-' ? (id++, digits(&id)) : UINT64_MAX;
	if (pair != crowd_index(c) / 2 || number >= flows[pair].sent || piece_same(piece_attribute(p, "type"), "error"))
		die("user%u got what nobody sent: %.*s", c->number, (int)p.size, p.at);
	if (count(&flows[pair], number))
		send_next(&clients[crowd_index(c) ^ 1]);
}

static void stanza(struct client *c, struct piece p)
{
	if (piece_is(p, "<message"))
		message_came(c, p);
	else if (piece_is(p, "<a "))
		was_acknowledged = true;
}

static void flow_init(struct flow *f, unsigned pair)
{
	f->head_size = (size_t)snprintf(f->head, sizeof f->head, "<message to='user%u@%s/load' type='chat' id='%u-",
		options.first + pair * 2 + 1, options.domain, pair);
	if (f->head_size >= sizeof f->head)
		die("the domain is too long");
	f->remembered = options.window * 4 > REMEMBERED ? options.window * 4 : REMEMBERED;
	f->notes = calloc(f->remembered, sizeof *f->notes);
}

static uint64_t owed(void)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < options.users / 2; i++)
		sum += flows[i].sent - flows[i].heard;
	return sum;
}

static void run(void)
{
	unsigned pairs = options.users / 2;
	flows = calloc(pairs, sizeof *flows);
	for (unsigned i = 0; i < pairs; i++)
		flow_init(&flows[i], i);
	crowd_log_in();
	poll_until(now_us() + 500000);
	is_sending = true;
	for (unsigned i = 0; i < pairs * options.window; i++)
		send_next(&clients[i % pairs * 2]);
	measure("messages", &delivered, &is_sending, owed);
	report_count("lost", owed());
	report_count("doubled", doubled);
	report_count("reordered", reordered);
	if (options.acks)
		report_truth("acknowledged", was_acknowledged);
}

const struct mode mode_chat = {
	.name = "chat", .what = "pairs write to each other, --window messages in flight each",
	.run = run, .ready = ready, .stanza = stanza, .wants_pairs = true,
};

/*
 * befriend: makes the ring of contacts, for users who were made by hand.
 *
 * Each asks its contacts, one after the other, and says yes to whoever asks. It
 * can be run again: what is already granted is answered at once.
 */
#include "load.h"
#include <stdlib.h>

static unsigned *granted;                /* contacts that have said yes */
static unsigned done;

static void ready(struct client *c)
{
	crowd_ready++;
	client_say(c, "<presence/>");
}

static void say(unsigned from, const char *type, unsigned to)
{
	client_say(&clients[from], "<presence type='%s' to='user%u@%s'/>", type, options.first + to, options.domain);
}

static void ask_next(unsigned i)
{
	if (granted[i] < options.contacts)
		say(i, "subscribe", ring_contact(i, granted[i]));
}

static void stanza(struct client *c, struct piece p)
{
	unsigned i = crowd_index(c), from = piece_is(p, "<presence") ? piece_sender(p) : options.users;
	struct piece type = piece_attribute(p, "type");
	if (from == options.users)
		return;
	if (piece_same(type, "subscribe"))
		say(i, "subscribed", from);
	if (!piece_same(type, "subscribed") || granted[i] >= options.contacts || ring_contact(i, granted[i]) != from)
		return;
	if (++granted[i] == options.contacts)
		done++;
	ask_next(i);
}

static void run(void)
{
	int64_t give_up = now_us() + PATIENCE_US + options.users * 10000LL;
	granted = calloc(options.users, sizeof *granted);
	crowd_log_in();
	for (unsigned i = 0; i < options.users; i++)
		ask_next(i);
	while (done < options.users && now_us() < give_up)
		clients_poll(100);
	report_count("users", options.users);
	report_count("contacts", options.contacts);
	report_count("missing", options.users - done);
}

const struct mode mode_befriend = {
	.name = "befriend", .what = "makes the ring of --contacts: run it once before presence, storm and day",
	.run = run, .ready = ready, .stanza = stanza, .wants_contacts = true,
};

/* presence: each user says that something changed, and again when all its contacts heard it. */
#include "load.h"
#include <stdlib.h>

struct news { uint64_t number; int64_t sent_at; unsigned missing; };      /* missing: contacts that didn't hear the last */
static struct news *news;
static bool is_sending;
static uint64_t delivered;

static void ready(struct client *c)
{
	crowd_ready++;
	client_say(c, "<presence/>");
}

static void tell(struct client *c)
{
	struct news *n = &news[crowd_index(c)];
	if (!is_sending)
		return;
	if (!pace_take()) {
		pace_wait(c, tell);
		return;
	}
	*n = (struct news){ n->number + 1, now_us(), options.contacts };
	client_say(c, "<presence id='%llu'><show>away</show><status>It is the east, and Juliet is the sun. Arise, fair sun,"
		" and kill the envious, who is already sick</status></presence>", (unsigned long long)n->number);
}

static void stanza(struct client *c, struct piece p)
{
	unsigned from = piece_is(p, "<presence") ? piece_sender(p) : options.users;
	if (from == options.users || from == crowd_index(c))
		return;                  /* its own, which comes back (RFC 6121 §4.4.2) */
	struct news *n = &news[from];
	const char *id = piece_attribute(p, "id").at;
	if (digits(&id) != n->number || !n->missing)
		return;                  /* of the time before */
	delivered++;
	if (--n->missing == 0) {
		latency_add(now_us() - n->sent_at);
		tell(&clients[from]);
	}
}

static uint64_t owed(void)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < options.users; i++)
		sum += news[i].missing;
	return sum;
}

static void run(void)
{
	news = calloc(options.users, sizeof *news);
	crowd_log_in();
	poll_until(now_us() + 2000000);
	is_sending = true;
	for (unsigned i = 0; i < options.users; i++)
		tell(&clients[i]);
	measure("deliveries", &delivered, &is_sending, owed);
	report_count("lost", owed());
}

const struct mode mode_presence = {
	.name = "presence", .what = "each tells its --contacts something, and again when all have heard it",
	.run = run, .ready = ready, .stanza = stanza, .wants_contacts = true,
};

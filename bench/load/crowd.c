/*
 * The users: all come in, a bounded number at a time; and how a rate is
 * measured once they are there.
 */
#include "load.h"
#include <stdlib.h>

enum { DRAIN_US = 10000000, AFTERWARDS_US = 200000 };
struct client *clients;
unsigned crowd_ready;

void crowd_init(void)
{
	clients = calloc(options.users, sizeof *clients);
	for (unsigned i = 0; i < options.users; i++) {
		clients[i].fd = -1;
		clients[i].number = options.first + i;
		clients[i].tls = options.tls;
		clients[i].mechanism = options.mechanism;
		clients[i].acks = options.acks || options.mode->resumes;
	}
}

void crowd_begin(unsigned index)
{
	login_begin(&clients[index]);
}

unsigned crowd_index(const struct client *c)
{
	return c->number - options.first;
}

void poll_until(int64_t until)
{
	while (now_us() < until)
		clients_poll(10);
}

void crowd_log_in(void)
{
	unsigned opened = 0;
	int64_t give_up = now_us() + PATIENCE_US;
	while (crowd_ready < options.users) {
		while (opened < options.users && opened - crowd_ready < LOGINS_AT_ONCE && pace_take())
			crowd_begin(opened++);
		clients_poll(options.at_most ? 10 : 100);
		if (now_us() > give_up && !options.at_most)
			die("%u of %u logged in", crowd_ready, options.users);
	}
}

/* What is under way at the end may arrive, and then what comes twice. */
static void drain(uint64_t (*owed)(void))
{
	int64_t give_up = now_us() + DRAIN_US;
	while (owed() && now_us() < give_up)
		clients_poll(10);
	poll_until(now_us() + AFTERWARDS_US);
}

void measure(const char *what, const uint64_t *counter, bool *is_on, uint64_t (*owed)(void))
{
	poll_until(now_us() + options.warm * 1000000LL);
	latency_reset();
	uint64_t before = *counter;
	double cpu = server_cpu(), own = own_cpu();
	int64_t since = now_us();
	poll_until(since + options.seconds * 1000000LL);
	double seconds = (double)(now_us() - since) / 1e6;
	report_rate(what, *counter - before, seconds, server_cpu() - cpu);
	report_figure("own_cpu", own_cpu() - own, 2);
	*is_on = false;
	drain(owed);
	report_latency();
}

void lightly_hear(struct client *c, struct piece p)
{
	if (piece_is(p, "<message") && piece_same(piece_attribute(p, "type"), "error"))
		die("user%u: %.*s", c->number, (int)p.size, p.at);
}

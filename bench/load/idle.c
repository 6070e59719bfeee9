/* idle: each fetches its roster, sends presence, exchanges ten messages with its neighbour and is silent. */
#include "load.h"

enum { GREETINGS = 10 };
static uint64_t heard;

static void ready(struct client *c)
{
	crowd_ready++;
	client_say(c, "<presence/>");
}

static void stanza(struct client *c, struct piece p)
{
	lightly_hear(c, p);
	heard += piece_is(p, "<message");
}

static void greet(unsigned i)
{
	client_say(&clients[i], "<message to='user%u@%s/load' type='chat'><body>Arise, fair sun, and kill the envious moon</body></message>",
		options.first + (i ^ 1), options.domain);
}

static void greet_all(void)
{
	uint64_t wanted = (uint64_t)options.users * GREETINGS;
	int64_t give_up = now_us() + PATIENCE_US;
	for (unsigned n = 0; n < GREETINGS; n++) {
		for (unsigned i = 0; i < options.users; i++) {
			while (!pace_take())
				clients_poll(10);
			greet(i);
		}
		clients_poll(0);
	}
	while (heard < wanted && now_us() < give_up)
		clients_poll(100);
	if (heard < wanted)
		die("%llu of %llu greetings came", (unsigned long long)heard, (unsigned long long)wanted);
}

static void run(void)
{
	long before = server_pss();
	double cpu = server_cpu();
	int64_t since = now_us();
	crowd_log_in();
	poll_until(now_us() + 2000000);
	report_figure("login_seconds", (double)(now_us() - since) / 1e6 - 2, 2);
	report_figure("login_cpu", server_cpu() - cpu, 2);
	greet_all();
	long busy = server_pss();
	cpu = server_cpu();
	poll_until(now_us() + options.seconds * 1000000LL);
	long after = server_pss();
	report_count("sessions", options.users);
	report_count("pss_before", (uint64_t)before);
	report_count("pss_busy", (uint64_t)busy);
	report_count("pss", (uint64_t)after);
	report_figure("kib_each", (double)(after - before) / options.users, 2);
	report_figure("cpu_while_silent", server_cpu() - cpu, 2);
	report_figure("own_cpu", own_cpu(), 2);
}

const struct mode mode_idle = {
	.name = "idle", .what = "--users sessions with --contacts each that fall silent for --seconds: what one weighs",
	.run = run, .ready = ready, .stanza = stanza, .wants_pairs = true,
};

/*
 * storm: all sessions lose their server and come back.
 *
 * First all come in and hear from all their contacts. Then the server is
 * restarted: by --restart's command, or by whoever reads "settled" on stderr.
 * When the last session has ended we knock until somebody answers; the clock
 * starts there, and stops when every session is bound, has its roster and has
 * heard that each of its contacts is there. `window` of them are coming in at
 * any time; who fails comes again.
 */
#include "load.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KNOCK_US = 20000, GIVE_UP_US = 600000000 };

struct comer {
	int64_t  began_at;
	uint32_t missing;            /* contacts it hasn't heard of */
	bool     is_coming, is_here;
	bool    *has_heard;          /* by slot */
};

static struct comer *comers;
static unsigned *line, line_head, line_count;            /* who waits to come in */
static unsigned knocker;                                 /* who came in last */
static unsigned under_way, here, settled, retries;
static uint64_t deliveries;
static bool is_down;

static void stand_in_line(unsigned i)
{
	line[(line_head + line_count++) % options.users] = i;
}

static void forget(unsigned i)
{
	struct comer *m = &comers[i];
	under_way -= m->is_coming;
	here -= m->is_here;
	settled -= m->is_here && !m->missing;
	m->is_coming = m->is_here = false;
	m->missing = options.contacts;
	memset(m->has_heard, 0, options.contacts);
}

static void come(void)
{
	unsigned i = knocker = line[line_head];
	line_head = (line_head + 1) % options.users;
	line_count--;
	comers[i].is_coming = true;
	comers[i].began_at = now_us();
	under_way++;
	crowd_begin(i);
}

static void ready(struct client *c)
{
	struct comer *m = &comers[crowd_index(c)];
	latency_add(now_us() - m->began_at);
	m->is_coming = false;
	m->is_here = true;
	under_way--;
	here++;
	settled += !m->missing;
	client_say(c, "<presence/>");
}

static void ended(struct client *c, const char *why)
{
	unsigned i = crowd_index(c);
	if (!is_down && retries++ < 5)
		fprintf(stderr, "load: user%u comes again: %s\n", c->number, why);
	forget(i);
	stand_in_line(i);
}

static void stanza(struct client *c, struct piece p)
{
	struct comer *m = &comers[crowd_index(c)];
	unsigned from = piece_is(p, "<presence") ? piece_sender(p) : options.users;
	int slot = from == options.users ? NO_SLOT : ring_slot(crowd_index(c), from);
	if (slot == NO_SLOT || piece_attribute(p, "type").size)
		return;
	deliveries++;
	if (m->has_heard[slot])
		return;
	m->has_heard[slot] = true;
	if (--m->missing == 0)
		settled++;
}

/* Gives the seconds until all have heard from all, or nearly ten minutes. */
static double all_come(void)
{
	int64_t since = now_us();
	while (settled < options.users && now_us() - since < GIVE_UP_US) {
		while (line_count && under_way < options.window && pace_take())
			come();
		clients_poll(10);
	}
	return (double)(now_us() - since) / 1e6;
}

/* --- the restart --- */

static FILE *restart(void)
{
	FILE *f;
	fprintf(stderr, "settled\n");
	if (!options.restart)
		return NULL;
	if (!(f = popen(options.restart, "re")))
		die("cannot run %s", options.restart);
	return f;
}

/* What it printed, if it begins with a number, are the new server's processes. */
static void restarted(FILE *f)
{
	static char pids[256];
	if (f && fgets(pids, sizeof pids, f) && isdigit((unsigned char)*pids)) {
		pids[strcspn(pids, "\n")] = '\0';
		options.pids = pids;
	}
	if (f && pclose(f) != 0)
		die("%s failed", options.restart);
}

static void await_the_end(void)
{
	int64_t give_up = now_us() + PATIENCE_US;
	while (line_count < options.users) {
		clients_poll(10);
		if (now_us() > give_up)
			die("%u of %u sessions outlived the restart", options.users - line_count, options.users);
	}
}

/* One of them tries again and again; when it is answered the others follow. */
static void knock(void)
{
	int64_t give_up = now_us() + PATIENCE_US;
	while (!here && (!under_way || clients[knocker].step == STEP_HEADER)) {
		if (!under_way) {
			poll_until(now_us() + KNOCK_US);
			come();
		}
		clients_poll(1);
		if (now_us() > give_up)
			die("nobody answers");
	}
}

static void storm(void)
{
	int64_t down_at = now_us();
	is_down = true;
	FILE *command = restart();
	await_the_end();
	restarted(command);
	knock();
	is_down = false;
	report_figure("down_seconds", (double)(now_us() - down_at) / 1e6, 2);
}

static void run(void)
{
	comers = calloc(options.users, sizeof *comers);
	line = calloc(options.users, sizeof *line);
	bool *heard = calloc(options.users, options.contacts);
	for (unsigned i = 0; i < options.users; i++) {
		comers[i].has_heard = heard + (size_t)i * options.contacts;
		forget(i);
		stand_in_line(i);
	}
	report_figure("first_seconds", all_come(), 2);
	if (settled < options.users)
		die("%u of %u settled before the storm", settled, options.users);
	latency_reset();
	storm();
	uint64_t before = deliveries;
	double cpu = server_cpu(), own = own_cpu(), seconds = all_come();
	report_count("sessions", options.users);
	report_count("contacts", options.contacts);
	report_rate("deliveries", deliveries - before, seconds, server_cpu() - cpu);
	report_figure("own_cpu", own_cpu() - own, 2);
	report_count("missing", options.users - settled);
	report_count("retries", retries);
	report_latency();
}

const struct mode mode_storm = {
	.name = "storm", .what = "all come in, the server is restarted, and all come back: seconds until all know it",
	.run = run, .ready = ready, .stanza = stanza, .ended = ended, .wants_contacts = true,
};

/*
 * What the clients do, and what is counted.
 *
 * chat      user 2i writes to user 2i+1, `window` messages under way: for each that arrives the next leaves
 * presence  each user says that something changed, and again when all its contacts heard it
 * idle      each fetches its roster, sends presence, exchanges ten messages with its neighbour and is silent
 * login     connections that end as soon as they are bound, `window` at once
 *
 * A message's number is in its id, so what is lost, comes twice or overtakes is seen.
 */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 8192, LOGINS_AT_ONCE = 64, GREETINGS = 10, DRAIN_US = 3000000, PATIENCE_US = 120000000 };

struct flow {                        /* a pair's messages, or a user's presences */
	uint64_t sent, heard;        /* heard: all below have come or are missing */
	uint64_t latest;
	int64_t  sent_at[REMEMBERED];
	bool     has_come[REMEMBERED];
	unsigned missing;            /* presence: contacts that didn't hear the last */
};

static struct client *clients;
static struct flow *flows;
static unsigned ready, opened, under_way;
static bool is_sending;
static uint64_t delivered, doubled, reordered, logins, acknowledged;
static const char *filler = "It is the east, and Juliet is the sun. Arise, fair sun, and kill the envious";

/* --- chat --- */

static unsigned index_of(const struct client *c)
{
	return c->number - options.first;
}

static void send_message(struct client *c, uint64_t number)
{
	client_print(c, "<message to='user%u@%s/load' type='chat' id='%u-%llu'><body>%s</body></message>",
		options.first + (index_of(c) ^ 1), options.domain, index_of(c) / 2, (unsigned long long)number, filler);
	c->sent++;
}

static void send_next(struct client *c)
{
	struct flow *f = &flows[index_of(c) / 2];
	if (!is_sending)
		return;
	f->sent_at[f->sent % REMEMBERED] = now_us();
	f->has_come[f->sent % REMEMBERED] = false;
	send_message(c, f->sent++);
	if (options.acks && c->sent % 16 == 0)
		client_print(c, "<r xmlns='urn:xmpp:sm:3'/>");
}

static void message_came(struct client *c, struct piece p)
{
	unsigned pair;
	unsigned long long number;
	struct piece id = piece_attribute(p, "id");
	if (sscanf(id.at, "%u-%llu", &pair, &number) != 2 || pair != index_of(c) / 2 || number >= flows[pair].sent)
		die("user%u got what nobody sent: %.*s", c->number, (int)p.size, p.at);
	struct flow *f = &flows[pair];
	if (f->has_come[number % REMEMBERED]) {
		doubled++;
		return;
	}
	f->has_come[number % REMEMBERED] = true;
	if (number < f->latest)
		reordered++;
	f->latest = number;
	f->heard++;
	delivered++;
	latency_add(now_us() - f->sent_at[number % REMEMBERED]);
	send_next(&clients[index_of(c) ^ 1]);
}

/* --- presence --- */

static void send_presence(struct client *c)
{
	struct flow *f = &flows[index_of(c)];
	if (!is_sending)
		return;
	f->missing = options.contacts;
	f->sent_at[0] = now_us();
	f->sent++;
	client_print(c, "<presence id='%llu'><show>away</show><status>%s, %s</status></presence>", (unsigned long long)f->sent, filler, "who is already sick");
}

static void presence_came(struct client *c, struct piece p)
{
	struct piece from = piece_attribute(p, "from"), id = piece_attribute(p, "id");
	unsigned number = 0;
	if (sscanf(from.at, "user%u@", &number) != 1 || number == c->number)
		return;                  /* its own, which comes back (RFC 6121 §4.4.2) */
	struct flow *f = &flows[number - options.first];
	if (strtoull(id.size ? id.at : "0", NULL, 10) != f->sent || !f->missing)
		return;                  /* of the time before */
	delivered++;
	if (!--f->missing) {
		latency_add(now_us() - f->sent_at[0]);
		send_presence(&clients[number - options.first]);
	}
}

/* --- all --- */

void work_stanza(struct client *c, struct piece p)
{
	if (piece_is(p, "<message")) {
		c->received++;
		if (piece_has(p, "type='error'") || piece_has(p, "type=\"error\""))
			die("user%u: %.*s", c->number, (int)p.size, p.at);
		if (options.mode == MODE_CHAT)
			message_came(c, p);
		else
			delivered++;
	} else if (piece_is(p, "<presence")) {
		c->received++;
		if (options.mode == MODE_PRESENCE)
			presence_came(c, p);
	} else if (piece_is(p, "<r ")) {
		client_print(c, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", c->received);
	} else if (piece_is(p, "<a ")) {
		acknowledged = strtoul(piece_attribute(p, "h").at, NULL, 10);
	} else if (piece_is(p, "<iq")) {
		c->received++;
	}
}

static void open_next(void)
{
	struct client *c = &clients[opened % options.users];
	c->number = options.first + opened % options.users;
	c->fd = -1;
	opened++;
	under_way++;
	login_begin(c);
}

void work_ready(struct client *c)
{
	ready++;
	under_way--;
	if (options.mode == MODE_LOGIN) {
		logins++;
		client_close(c);
		return;
	}
	client_print(c, "<presence/>");
	c->sent++;
}

static void poll_until(int64_t until)
{
	while (now_us() < until)
		clients_poll(10);
}

static void log_in(unsigned count)
{
	int64_t give_up = now_us() + PATIENCE_US;
	while (ready < count) {
		while (opened < count && under_way < LOGINS_AT_ONCE)
			open_next();
		clients_poll(100);
		if (now_us() > give_up)
			die("%u of %u logged in", ready, count);
	}
}

static void print_cpu(const char *what, double cpu, uint64_t count, double seconds)
{
	printf("\"%s\": %llu, \"seconds\": %.2f, \"per_second\": %.0f, \"cpu\": %.2f, \"cpu_per_100k\": %.4f",
		what, (unsigned long long)count, seconds, (double)count / seconds, cpu, count ? cpu * 1e5 / (double)count : 0);
}

static void print_latency(void)
{
	printf(", \"p50_ms\": %.3f, \"p95_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f", latency_ms(0.5), latency_ms(0.95), latency_ms(0.99), latency_ms(1));
}

/* Warms up, then measures; what is under way at the end may arrive. */
static void measure(const char *what)
{
	poll_until(now_us() + options.warm * 1000000LL);
	latency_reset();
	uint64_t before = delivered;
	double cpu = server_cpu(), own = own_cpu();
	int64_t since = now_us();
	poll_until(since + options.seconds * 1000000LL);
	double seconds = (double)(now_us() - since) / 1e6;
	print_cpu(what, server_cpu() - cpu, delivered - before, seconds);
	printf(", \"generator_cpu\": %.2f", own_cpu() - own);
	is_sending = false;
	poll_until(now_us() + DRAIN_US);
	print_latency();
}

static void chat(void)
{
	uint64_t lost = 0;
	log_in(options.users);
	poll_until(now_us() + 500000);
	is_sending = true;
	for (unsigned i = 0; i < options.users; i += 2)
		for (unsigned n = 0; n < options.window; n++)
			send_next(&clients[i]);
	measure("messages");
	for (unsigned i = 0; i < options.users / 2; i++)
		lost += flows[i].sent - flows[i].heard;
	printf(", \"lost\": %llu, \"doubled\": %llu, \"reordered\": %llu", (unsigned long long)lost, (unsigned long long)doubled, (unsigned long long)reordered);
	if (options.acks)
		printf(", \"acknowledged\": %s", acknowledged ? "true" : "false");
}

static void presence(void)
{
	log_in(options.users);
	poll_until(now_us() + 2000000);
	is_sending = true;
	for (unsigned i = 0; i < options.users; i++)
		send_presence(&clients[i]);
	measure("deliveries");
	unsigned missing = 0;
	for (unsigned i = 0; i < options.users; i++)
		missing += flows[i].missing;
	printf(", \"lost\": %u", missing);
}

static void greet_all(void)
{
	int64_t give_up = now_us() + PATIENCE_US;
	uint64_t wanted = (uint64_t)options.users * GREETINGS;
	for (unsigned n = 0; n < GREETINGS; n++) {
		for (unsigned i = 0; i < options.users; i++)
			send_message(&clients[i], n);
		clients_poll(0);
	}
	while (delivered < wanted && now_us() < give_up)
		clients_poll(100);
	if (delivered < wanted)
		die("%llu of %llu greetings came", (unsigned long long)delivered, (unsigned long long)wanted);
}

static void idle(void)
{
	long before = server_pss();
	double cpu = server_cpu();
	int64_t since = now_us();
	log_in(options.users);
	poll_until(now_us() + 2000000);
	printf("\"login_seconds\": %.2f, \"login_cpu\": %.2f", (double)(now_us() - since) / 1e6 - 2, server_cpu() - cpu);
	greet_all();
	long busy = server_pss();
	cpu = server_cpu();
	poll_until(now_us() + options.seconds * 1000000LL);
	long after = server_pss();
	printf(", \"sessions\": %u, \"pss_before\": %ld, \"pss_busy\": %ld, \"pss\": %ld, \"kib_each\": %.2f, \"cpu_while_silent\": %.2f",
		options.users, before, busy, after, (double)(after - before) / options.users, server_cpu() - cpu);
}

static void login(void)
{
	double cpu = server_cpu(), own = own_cpu();
	int64_t since = now_us();
	while (logins < options.total) {
		while (opened < options.total && under_way < options.window)
			open_next();
		clients_poll(100);
	}
	double seconds = (double)(now_us() - since) / 1e6;
	own = own_cpu() - own;
	poll_until(now_us() + 500000);           /* their ends cost too */
	cpu = server_cpu() - cpu;
	printf("\"logins\": %u, \"seconds\": %.2f, \"per_second\": %.0f, \"cpu\": %.2f, \"cpu_ms_each\": %.4f",
		options.total, seconds, options.total / seconds, cpu, cpu * 1000 / options.total);
	printf(", \"generator_cpu\": %.2f", own);
}

void work_run(void)
{
	clients = calloc(options.users, sizeof *clients);
	flows = calloc(options.mode == MODE_CHAT || options.mode == MODE_PRESENCE ? options.users : 1, sizeof *flows);
	printf("{");
	switch (options.mode) {
	case MODE_LOGIN:
		login();
		break;
	case MODE_IDLE:
		idle();
		break;
	case MODE_CHAT:
		chat();
		break;
	case MODE_PRESENCE:
		presence();
		break;
	}
	printf("}\n");
}

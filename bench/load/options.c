/*
 * The command line.
 *
 * Only the loopback is loaded, unless somebody names his own server with --to
 * and says how much of it he wants with --at-most.
 */
#include "load.h"
#include "day.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options = {
	.domain = "load.example", .password = "secret", .mechanism = PLAIN,
	.users = 200, .window = 1, .seconds = 5, .warm = 1, .total = 2000, .seed = 1,
};
static const char *address = "127.0.0.1", *to, *port;

static const char *const kinds[] = { "none", "starttls", "direct", NULL };
static const char *const mechanisms[] = { "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM", NULL };

enum kind { NUMBER, TEXT, FLAG, TLS_KIND, MECHANISM, AS_SCRAM };
static const struct row { const char *name; enum kind kind; void *into; const char *what; } rows[] = {
	{ "--port", TEXT, &port, "N       of the server" },
	{ "--address", TEXT, &address, "A    of the loopback [127.0.0.1]" },
	{ "--to", TEXT, &to, "HOST      your own server elsewhere; needs --at-most. Never load one that isn't yours" },
	{ "--at-most", NUMBER, &options.at_most, "N    logins, messages and other acts a second, all together" },
	{ "--pid", TEXT, &options.pids, "N[,N…]   of the server's processes, on this machine: their processor time and memory are told" },
	{ "--domain", TEXT, &options.domain, "D     [load.example]" },
	{ "--password", TEXT, &options.password, "P   of all users [secret]" },
	{ "--users", NUMBER, &options.users, "N      [200]" },
	{ "--first", NUMBER, &options.first, "N      users are user<N>, user<N+1> … [0]" },
	{ "--contacts", NUMBER, &options.contacts, "N   of each user: its N neighbours in a ring; rosters are fetched [0]" },
	{ "--tls", TLS_KIND, &options.tls, "KIND     none, starttls or direct [none]" },
	{ "--scram", AS_SCRAM, &options.mechanism, "       the best SCRAM that is offered, not PLAIN" },
	{ "--mechanism", MECHANISM, &options.mechanism, "M  PLAIN, SCRAM-SHA-1, SCRAM-SHA-256, or SCRAM for the best" },
	{ "--acks", FLAG, &options.acks, "        with XEP-0198" },
	{ "--window", NUMBER, &options.window, "N     messages in flight for each pair; for login and storm logins at once [1, storm: 256]" },
	{ "--seconds", NUMBER, &options.seconds, "N    measured; of silence for idle [5]; for day also in its profile" },
	{ "--warm", NUMBER, &options.warm, "N       seconds before that [1]" },
	{ "--total", NUMBER, &options.total, "N      logins [2000]" },
	{ "--keep", FLAG, &options.keep, "        login: sessions stay until the last is in, each of another user" },
	{ "--restart", TEXT, &options.restart, "CMD  storm: restarts the server, and may print the new --pid" },
	{ "--profile", TEXT, &options.profile, "FILE day: what it is made of" },
	{ "--seed", NUMBER, &options.seed, "N       day: of its dice [1]" },
};
enum { ROWS = sizeof rows / sizeof *rows };

static void help(FILE *f)
{
	fputs("load MODE --port N [option …]      prints one JSON object; see docs/bench.md\n\n", f);
	for (int i = 0; modes[i]; i++)
		fprintf(f, "  %-9s %s\n", modes[i]->name, modes[i]->what);
	fputc('\n', f);
	for (size_t i = 0; i < ROWS; i++)
		fprintf(f, "  %s %s\n", rows[i].name, rows[i].what);
	fprintf(f, "\nA profile's lines (docs/bench.md says more):\n");
	profile_help(f);
}

static int one_of(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	die("%s is none of its choices; see --help", word);
}

static unsigned number_of(const char *name, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);
	if (*end || end == value || n > 100000000)
		die("%s %s: not a number that makes sense here", name, value);
	return (unsigned)n;
}

static void take(const struct row *row, const char *value)
{
	switch (row->kind) {
	case NUMBER:
		*(unsigned *)row->into = number_of(row->name, value);
		break;
	case TEXT:
		*(const char **)row->into = value;
		break;
	case FLAG:
		*(bool *)row->into = true;
		break;
	case AS_SCRAM:
		options.mechanism = SCRAM;
		break;
	case TLS_KIND:
		options.tls = (enum tls_kind)one_of(kinds, value);
		break;
	case MECHANISM:
		options.mechanism = (enum mechanism)one_of(mechanisms, value);
		break;
	}
}

static const struct row *row_named(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	die("there is no option %s; see --help", name);
}

static void find_server(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = to ? 0 : AI_NUMERICHOST }, *found;
	if (!port)
		die("--port is missing; see --help");
	if (to && !options.at_most)
		die("--to needs --at-most: say how much the server is to bear");
	int why = getaddrinfo(to ? to : address, port, &hints, &found);
	if (why)
		die("%s: %s", to ? to : address, gai_strerror(why));
	memcpy(&options.server, found->ai_addr, found->ai_addrlen);
	options.server_size = found->ai_addrlen;
	freeaddrinfo(found);
	const struct sockaddr_in *in = (const struct sockaddr_in *)&options.server;
	if (!to && (in->sin_family != AF_INET || ntohl(in->sin_addr.s_addr) >> 24 != 127))
		die("%s isn't of the loopback; a server of your own is named with --to", address);
}

static void check(void)
{
	if (options.users < 2 || !options.window || options.window > 100000)
		die("at least two users, and a window of 1 to 100000");
	if (options.mode->wants_pairs && options.users % 2)
		die("%s wants an even number of users", options.mode->name);
	if (options.contacts % 2 || options.contacts >= options.users || (options.mode->wants_contacts && !options.contacts))
		die("contacts are half on each side: an even number%s, and less than the users", options.mode->wants_contacts ? " from 2" : "");
	if (options.mode == &mode_day && !options.profile)
		die("day wants a --profile; bench/profiles has some");
}

/* What the mode and the profile say; the command line may say otherwise. */
static void defaults(int argc, char **argv)
{
	if (strcmp(options.mode->name, "storm") == 0)
		options.window = 256;
	for (int i = 2; i + 1 < argc && options.mode == &mode_day; i++)
		if (strcmp(argv[i], "--profile") == 0)
			profile_read(argv[i + 1]);
}

void options_take(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			help(stdout);
			exit(0);
		}
	}
	for (int i = 0; argc > 1 && modes[i]; i++)
		if (strcmp(modes[i]->name, argv[1]) == 0)
			options.mode = modes[i];
	if (!options.mode) {
		help(stderr);
		exit(1);
	}
	defaults(argc, argv);
	for (int i = 2; i < argc; i++) {
		const struct row *row = row_named(argv[i]);
		bool is_alone = row->kind == FLAG || row->kind == AS_SCRAM;
		if (!is_alone && i + 1 == argc)
			die("%s wants a value", argv[i]);
		take(row, is_alone ? NULL : argv[++i]);
	}
	find_server();
	check();
}

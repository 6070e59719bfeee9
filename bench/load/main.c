/* The options; see usage(). Prints one JSON object. */
#include "load.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct options options = {
	.domain = "load.example", .password = "secret", .server = { .sin_family = AF_INET },
	.users = 200, .window = 1, .seconds = 5, .warm = 1, .total = 2000,
};

static const char *const modes[] = { "login", "idle", "chat", "presence", NULL };
static const char *const kinds[] = { "none", "starttls", "direct", NULL };

static void usage(void)
{
	die("load login|idle|chat|presence --port N [--address 127.0.0.1] [--pid SERVER[,SERVER…]] [--domain D] [--password P] [--users N] [--first N]\n"
		"  [--tls none|starttls|direct] [--scram] [--acks] [--window N] [--contacts N] [--seconds N] [--warm N] [--total N]\n"
		"Users are user<first>… and have one password. Only addresses of the loopback are taken.");
}

static int one_of(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (word && strcmp(words[i], word) == 0)
			return i;
	usage();
	return 0;
}

static bool take_flag(const char *name)
{
	if (strcmp(name, "--scram") == 0)
		options.scram = true;
	else if (strcmp(name, "--acks") == 0)
		options.acks = true;
	else
		return false;
	return true;
}

static bool take_number(const char *name, unsigned value)
{
	const struct { const char *name; unsigned *into; } numbers[] = {
		{ "--users", &options.users }, { "--first", &options.first }, { "--window", &options.window }, { "--contacts", &options.contacts },
		{ "--seconds", &options.seconds }, { "--warm", &options.warm }, { "--total", &options.total },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			*numbers[i].into = value;
			return true;
		}
	}
	return false;
}

static void take_option(const char *name, const char *value)
{
	if (!value)
		usage();
	else if (strcmp(name, "--port") == 0)
		options.server.sin_port = htons((uint16_t)atoi(value));
	else if (strcmp(name, "--address") == 0)
		inet_pton(AF_INET, value, &options.server.sin_addr);
	else if (strcmp(name, "--pid") == 0)
		options.pids = value;
	else if (strcmp(name, "--domain") == 0)
		options.domain = value;
	else if (strcmp(name, "--password") == 0)
		options.password = value;
	else if (strcmp(name, "--tls") == 0)
		options.tls = (enum tls_kind)one_of(kinds, value);
	else if (!take_number(name, (unsigned)atoi(value)))
		usage();
}

int main(int argc, char **argv)
{
	struct rlimit files = { 0 };
	options.mode = (enum mode)one_of(modes, argc > 1 ? argv[1] : NULL);
	options.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 2; i < argc; i++)
		if (!take_flag(argv[i])) {
			take_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		}
	if (!options.server.sin_port || ntohl(options.server.sin_addr.s_addr) >> 24 != 127 || options.users < 2 || options.users % 2)
		usage();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	client_setup();
	work_run();
	return 0;
}

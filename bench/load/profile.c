/*
 * What a day is made of: a file with a name and a number on each line.
 *
 * Every name is in one of two tables, from which come the reading, the help and
 * the complaint about a name that isn't there.
 */
#include "day.h"
#include "load.h"
#include <stdlib.h>
#include <string.h>

struct profile profile = { .online = 80, .idle = 40, .slow_bytes = 2000, .rate = 200 };

const char *const act_names[ACTS] = { "chat", "offline", "presence", "roster", "vcard-get", "vcard-set", "ping", "relogin", "cut", "wrong-password" };

static const struct { const char *name; unsigned *into, most; const char *what; } rows[] = {
	{ "users", &options.users, 1000000, "how many accounts; --users says otherwise" },
	{ "contacts", &options.contacts, 1000, "of each, its neighbours in a ring: they must be in the rosters" },
	{ "seconds", &options.seconds, 10000000, "how long; --seconds says otherwise" },
	{ "rate", &profile.rate, 1000000, "acts a second, of all kinds" },
	{ "online", &profile.online, 100, "per cent of the users are there at a time" },
	{ "idle", &profile.idle, 100, "per cent are only there and say nothing of themselves" },
	{ "slow", &profile.slow, 100, "per cent read slowly" },
	{ "slow-bytes", &profile.slow_bytes, 1000000, "what a slow one reads in a second" },
	{ "tls", &profile.tls, 100, "per cent come with STARTTLS (or with what --tls says)" },
	{ "plain", &profile.plain, 100, "per cent log in with PLAIN, the others with SCRAM" },
	{ "acks", &profile.acks, 100, "per cent use XEP-0198" },
};
enum { ROWS = sizeof rows / sizeof *rows };

static const char *const act_words[ACTS] = {
	"a message to a contact who is there", "a message to one who isn't", "a presence, to all contacts", "a contact gets another name",
	"somebody's vCard is fetched", "the own vCard is changed", "a ping of the server", "one leaves, and whoever was away longest comes",
	"a connection is cut without a word, and its user comes back", "somebody tries a wrong password",
};

void profile_help(FILE *f)
{
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "  %-14s %s\n", rows[i].name, rows[i].what);
	for (int i = 0; i < ACTS; i++)
		fprintf(f, "  %-14s weight of: %s\n", act_names[i], act_words[i]);
}

static bool take(const char *name, unsigned value)
{
	for (int i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, name) == 0 && value <= rows[i].most) {
			*rows[i].into = value;
			return true;
		}
	}
	for (int i = 0; i < ACTS; i++) {
		if (strcmp(act_names[i], name) == 0 && value <= 1000000) {
			profile.weights[i] = value;
			return true;
		}
	}
	return false;
}

static void read_line(const char *path, int number, char *line)
{
	char name[32], rest[2];
	unsigned value;
	line[strcspn(line, "#\n")] = '\0';
	int n = sscanf(line, " %31s %u %1s", name, &value, rest);
	if (n > 0 && (n != 2 || !take(name, value)))
		die("%s:%d: not a name and a number that a profile may have; see --help: %s", path, number, line);
}

static unsigned sum_of_weights(void)
{
	unsigned sum = 0;
	for (int i = 0; i < ACTS; i++)
		sum += profile.weights[i];
	return sum;
}

void profile_read(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "re");
	if (!f)
		die("cannot open %s", path);
	for (int number = 1; fgets(line, sizeof line, f); number++)
		read_line(path, number, line);
	fclose(f);
	if (!sum_of_weights() || !profile.rate)
		die("%s: nobody does anything", path);
}

enum act profile_choose(unsigned dice)
{
	unsigned at = dice % sum_of_weights();
	for (int i = 0; i < ACTS; i++) {
		if (at < profile.weights[i])
			return (enum act)i;
		at -= profile.weights[i];
	}
	return ACT_CHAT;
}

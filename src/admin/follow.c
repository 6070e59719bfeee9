/*
 * log follow: lines of the log as they are made, for one connection, account,
 * address or part, however detailed; the log itself stays as it is.
 *
 * The lines gather in the log (base/log.h) and are fetched a few times a
 * second. It ends by itself after a time, so that nobody forgets it.
 */
#include "admin/commands.h"
#include "base/log.h"
#include "core/home.h"
#include "xmpp/jid.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK = 100, USUAL = 10 * 60 * 1000, MOST = 24 * 60 * 60 * 1000 };

struct following {
	struct command_run *run;
	struct log_follower follower;
	struct timer timer;
	msec     until;
	bool     is_waiting;                 /* for the client to take what it has */
	int64_t  bytes;
};

static void end(struct following *f)
{
	timer_stop(&f->timer);
	log_unfollow(&f->follower);
	f->run->left = NULL;
	command_say(f->run, "followed until now: %lld bytes", (long long)f->bytes);
	command_done(f->run);
}

static void taken(struct command_run *run)
{
	struct following *f = run->own;
	f->is_waiting = false;
}

static void give(struct following *f, const char *bytes, size_t size)
{
	f->bytes += (int64_t)size;
	f->is_waiting = command_part(f->run, bytes, size);
}

static void fetch(struct following *f)
{
	struct buf lines;
	uint64_t dropped;
	log_follow_fetch(&f->follower, &lines, &dropped);
	if (buf_length(&lines))
		give(f, buf_start(&lines), buf_length(&lines));
	buf_clear(&lines);
	if (dropped) {
		const char *words = arena_printf(f->run->arena, f->follower.format == LOG_JSON ? "{\"dropped\":%llu}\n" : "%llu lines were dropped\n",
			(unsigned long long)dropped);
		give(f, words, strlen(words));
	}
	if (f->is_waiting)
		command_when_taken(f->run, taken);
}

static void tick(struct timer *timer)
{
	struct following *f = CONTAINER(timer, struct following, timer);
	if (!f->is_waiting)
		fetch(f);
	if (clock_now() >= f->until)
		end(f);
	else
		timer_start(&f->timer, TICK, tick);
}

static void left(struct command_run *run)
{
	end(run->own);
}

/* --- what was asked --- */

static bool is_tag(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isupper((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
			return false;
	return isupper((unsigned char)*text) != 0;
}

static bool is_address(const char *text)
{
	unsigned char bytes[16];
	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* IPv6 as the log writes it. */
static const char *plain_address(struct arena *a, const char *text)
{
	unsigned char bytes[16];
	char plain[INET6_ADDRSTRLEN];
	if (inet_pton(AF_INET6, text, bytes) != 1 || !inet_ntop(AF_INET6, bytes, plain, sizeof plain))
		return text;
	return arena_string(a, plain);
}

static bool read_who(struct command_run *run, struct log_follower *f, const char *who)
{
	const struct jid *jid = NULL;
	if (is_tag(who))
		f->tag = who;
	else if (is_address(who))
		f->address = plain_address(run->arena, who);
	else if ((jid = jid_parse(run->arena, who)))
		f->jid = jid->full;
	return f->tag || f->address || f->jid;
}

/* "90", "90s", "10min", "2h"; 0: it is none. */
static msec read_time(const char *text)
{
	char *end;
	if (!isdigit((unsigned char)*text))
		return 0;
	unsigned long n = strtoul(text, &end, 10);
	unsigned long unit = strcmp(end, "min") == 0 ? 60 : strcmp(end, "h") == 0 ? 3600 : strcmp(end, "s") == 0 || !*end ? 1 : 0;
	return n && unit && n <= MOST / 1000 / unit ? (msec)(n * unit * 1000) : 0;
}

static void follow(struct command_run *run)
{
	struct following *f = ARENA_NEW(run->arena, struct following);
	const char *level = command_get(run, "LEVEL"), *length = command_get(run, "--for TIME");
	msec wait = length ? read_time(length) : USUAL;
	f->run = run;
	f->follower.level = LOG_ALL;
	f->follower.format = command_get(run, "--lines-json") ? LOG_JSON : LOG_TEXT;
	run->own = f;
	if (!read_who(run, &f->follower, command_get(run, "WHO"))) {
		command_fail(run, "'%s' is no tag, no address and no JID", command_get(run, "WHO"));
	} else if (level && !log_level_named(level, &f->follower.level)) {
		command_fail(run, "'%s' is no level: failure, major, problem, low, all", level);
	} else if (!wait) {
		command_fail(run, "'%s' is no time up to 24h: 90s, 10min, 2h", length);
	} else if (!command_part(run, "", 0)) {
		command_fail(run, "lines as they come can't be had this way");
	} else {
		f->until = clock_now() + wait;
		run->left = left;
		log_follow(&f->follower);
		timer_start(&f->timer, TICK, tick);
	}
}

const struct command cmd_log_follow = {
	.noun = "log", .verb = "follow", .is_local = true, .is_act = true, .run = follow,
	.help = "Prints lines of the log as they are made, also such as the log itself leaves out, until it is interrupted or its time is over",
	.args = ARGS({ "WHO", "a JID (bare: with all its resources), a domain, an IP address, a connection (XMPPS-17) or a part (STORE)", 0 },
		{ "LEVEL", "failure, major, problem, low or all; without it all: every stanza, with secrets hidden", ARG_OPTIONAL, "failure major problem low all" },
		{ "--for TIME", "90s, 10min, 2h; without it 10min, at most 24h", 0 }, { "--lines-json", "each line as JSON", 0 }),
};

/*
 * log level, stop, restart: what concerns the process as a whole.
 */
#include "admin/process.h"
#include "admin/commands.h"
#include "admin/notices.h"
#include "base/log.h"
#include "core/home.h"
#include "core/server.h"
#include <stdlib.h>

/* --- log level --- */

static void log_level(struct command_run *run)
{
	const char *word = command_get(run, "LEVEL"), *tag = command_get(run, "TAG");
	enum log_level level = LOG_MAJOR;
	if (word && !log_level_named(word, &level)) {
		command_fail(run, "'%s' is no level: failure, major, problem, low, all", word);
		return;
	}
	if (word && tag && !log_set_tag_limit(tag, level)) {
		command_fail(run, "too many tags have a level of their own");
		return;
	}
	if (word && !tag)
		log_set_limit(level);
	if (word)
		log_major("LOG", "level of %s is now %s", tag ? tag : "everything", log_level_name(level));
	command_row(run);
	command_text(run, "level", log_level_name(word ? level : (enum log_level)log_limit));
	command_text(run, "tag", tag);
	command_done(run);
}

/* --- one at a time --- */

static bool is_busy;                 /* loop 0's */

struct doing {
	struct process_job job;
	bool (*work)(struct process_job *);
	void (*done)(struct process_job *);
	bool   is_good;
};

static void doing_work(void *thing)
{
	struct doing *d = thing;
	d->is_good = d->work(&d->job);
}

static void doing_done(void *thing)
{
	struct doing *d = thing;
	is_busy = false;
	if (d->is_good)
		d->done(&d->job);
	else
		command_fail(d->job.run, "nothing was changed: %s", d->job.words ? d->job.words : "the configuration could not be read");
}

void process_do(struct command_run *run, bool (*work)(struct process_job *), void (*done)(struct process_job *), void *with)
{
	struct doing *d = ARENA_NEW(run->arena, struct doing);
	*d = (struct doing){ { run, with, NULL }, work, done, false };
	if (is_busy) {
		command_refuse(run, RESOURCE_CONSTRAINT, "another change of the configuration is under way");
		return;
	}
	is_busy = true;
	loop_work(doing_work, doing_done, d);
}

/* --- stop, restart --- */

enum { DELAY_MOST = 86400, NOTHING = 0 };

static struct { struct timer timer; bool is_restart; } ending;       /* loop 0's; a later one takes its place */

static void end_now(struct timer *timer)
{
	log_major("SERVER", "%s: an administrator asked for it", ending.is_restart ? "restarts" : "stops");
	if (ending.is_restart)
		server.restart();
	else
		server.stop();
}

static void cancel(struct command_run *run)
{
	if (!timer_is_running(&ending.timer)) {
		command_refuse(run, ITEM_NOT_FOUND, "no stop or restart is under way");
		return;
	}
	timer_stop(&ending.timer);
	command_say(run, "cancelled");
	command_done(run);
}

/* Answered first: what stops may close the socket. */
static void end(struct command_run *run, bool is_restart)
{
	if (command_get(run, "--cancel")) {
		cancel(run);
		return;
	}
	const char *delay = command_get(run, "--delay SECONDS"), *text = command_get(run, "--announce TEXT");
	long seconds = delay ? strtol(delay, NULL, 10) : NOTHING;
	const char *what = is_restart ? "restarting" : "stopping";
	if (text)
		notices_announce(NULL, "Announcement", text);
	if (seconds)
		command_say(run, "%s in %ld seconds", what, seconds);
	else
		command_say(run, "%s", what);
	ending.is_restart = is_restart;
	command_done(run);
	timer_start(&ending.timer, seconds * 1000, end_now);
}

static void stop(struct command_run *run)
{
	end(run, false);
}

static void restart(struct command_run *run)
{
	end(run, true);
}

const struct command cmd_log_level = {
	.noun = "log", .verb = "level", .is_act = true, .help = "Says or sets how detailed the log is, until the next start or reload", .run = log_level,
	.args = ARGS({ "LEVEL", "failure, major, problem, low or all; without it the level is shown", ARG_OPTIONAL, "failure major problem low all" },
		{ "TAG", "only for tags that begin so: STORE, XMPPS, XMPPS-17, …", ARG_OPTIONAL }),
	.fields = FIELDS({ "level", "the one that counts now" }, { "tag", "of these tags; null: of all", FIELD_TEXT | OR_NULL }),
};
#define END_ARGS ARGS({ "--delay SECONDS", "not before so many seconds; another stop or restart takes its place", ARG_NUMBER, NULL, 0, DELAY_MOST }, \
	{ "--announce TEXT", "said at once to everybody who is logged in", ARG_LINES }, \
	{ "--cancel", "one that is to come, doesn't", 0 })

const struct command cmd_stop = {
	.noun = "stop", .is_act = true, .help = "Stops the server in order", .run = stop, .args = END_ARGS,
};
const struct command cmd_restart = {
	.noun = "restart", .is_act = true, .help = "Stops the server in order, with exit status 75: the service manager starts it again", .run = restart, .args = END_ARGS,
};

/*
 * log level, stop: what concerns the process as a whole.
 */
#include "admin/process.h"
#include "admin/commands.h"
#include "base/log.h"
#include "core/home.h"
#include "core/server.h"

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
		command_fail(run, "another change of the configuration is under way");
		return;
	}
	is_busy = true;
	loop_work(doing_work, doing_done, d);
}

/* --- stop --- */

/* Answered first: what stops may close the socket. */
static void stop(struct command_run *run)
{
	log_major("SERVER", "stops: an administrator asked for it");
	command_say(run, "stopping");
	command_done(run);
	server.stop();
}

const struct command cmd_log_level = {
	.noun = "log", .verb = "level", .is_act = true, .help = "Says or sets how detailed the log is, until the next start or reload", .run = log_level,
	.args = ARGS({ "LEVEL", "failure, major, problem, low or all; without it the level is shown", ARG_OPTIONAL, "failure major problem low all" },
		{ "TAG", "only for tags that begin so: STORE, XMPPS, XMPPS-17, …", ARG_OPTIONAL }),
	.fields = FIELDS({ "level", "the one that counts now" }, { "tag", "of these tags; null: of all", FIELD_TEXT | OR_NULL }),
};
const struct command cmd_stop = {
	.noun = "stop", .is_act = true, .help = "Stops the server in order", .run = stop,
};

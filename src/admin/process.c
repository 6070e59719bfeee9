/*
 * log level, reload, stop: what concerns the process as a whole.
 */
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

/* --- reload --- */

static bool is_reloading;            /* loop 0's */

struct reload {
	struct command_run *run;
	bool        is_good;
	const char *words;
};

static void reload_work(void *thing)
{
	struct reload *r = thing;
	r->is_good = server.reload(r->run->arena, &r->words);
}

static void reload_done(void *thing)
{
	struct reload *r = thing;
	is_reloading = false;
	if (!r->is_good) {
		command_fail(r->run, "nothing was changed: %s", r->words ? r->words : "the configuration could not be read");
		return;
	}
	command_say(r->run, "%s", r->words ? r->words : "reloaded");
	command_done(r->run);
}

static void reload(struct command_run *run)
{
	struct reload *r = ARENA_NEW(run->arena, struct reload);
	r->run = run;
	if (is_reloading) {
		command_fail(run, "another reload is under way");
		return;
	}
	is_reloading = true;
	loop_work(reload_work, reload_done, r);
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
	.noun = "log", .verb = "level", .help = "Says or sets how detailed the log is, until the next start or reload", .run = log_level,
	.args = ARGS({ "LEVEL", "failure, major, problem, low or all; without it the level is shown", ARG_OPTIONAL },
		{ "TAG", "only for tags that begin so: STORE, XMPPS, XMPPS-17, …", ARG_OPTIONAL }),
};
const struct command cmd_reload = {
	.noun = "reload", .help = "Reads the configuration again: all of it, or nothing when there is an error", .run = reload,
};
const struct command cmd_stop = {
	.noun = "stop", .help = "Stops the server in order", .run = stop,
};

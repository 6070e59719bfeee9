/*
 * Meanwhile the old file has a second name that no configuration reads.
 */
#include "admin/change.h"
#include "base/log.h"
#include "core/config_report.h"
#include "core/server.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct aside { const char *file, *copy; };

static struct aside aside(struct arena *a, const struct config *config, const char *domain)
{
	const char *data = config_data_dir(config);
	const char *file = domain ? arena_printf(a, "%s/domains.d/%s.conf", data, domain) : arena_printf(a, "%s/changes.conf", data);
	struct aside it = { file, arena_printf(a, "%s.before", file) };
	unlink(it.copy);
	if (link(it.file, it.copy) < 0)
		it.copy = NULL;              /* there was none */
	return it;
}

static void put_back(struct aside it)
{
	if (it.copy ? rename(it.copy, it.file) < 0 : unlink(it.file) < 0)
		log_problem("CONFIG", "%s is not as it was before: %s", it.file, strerror(errno));
}

static bool change_file(struct process_job *job, struct config *config, const char *domain, change_function *change)
{
	struct arena *a = job->run->arena;
	struct fail why;
	struct aside old = aside(a, config, domain);
	bool is_written = change(job, config, &why), ok = is_written && server.reload(a, &job->words);
	if (!is_written)
		job->words = arena_string(a, why.text);
	if (!ok && (old.copy || access(old.file, F_OK) == 0))
		put_back(old);               /* of several settings, some may stand there */
	if (old.copy)
		unlink(old.copy);
	return ok;
}

bool change_do(struct process_job *job, const char *domain, change_function *how)
{
	struct arena *a = job->run->arena;
	struct config_report report;
	config_report_init(&report);
	struct config *config = config_load(server.config_path, 0, &report);
	bool ok = config != NULL;
	if (!ok && report.error_count)
		job->words = config_note_text(a, &report.errors[0]);
	ok = ok && change_file(job, config, domain, how);
	config_drop(config);
	config_report_clear(&report);
	return ok;
}

/* --- settings --- */

struct settings {
	const char *domain;
	struct change_setting *settings;
	size_t count;
	void (*done)(struct command_run *);
};

static bool write_settings(struct process_job *job, struct config *config, struct fail *why)
{
	const struct settings *s = job->with;
	const struct config_scope *scope = s->domain ? config_domain(config, s->domain, NULL) : config_global(config);
	if (!scope)
		return fail(why, "%s is not served here", s->domain);
	for (size_t i = 0; i < s->count; i++)
		if (s->settings[i].value ? !config_change_set(config, scope, s->settings[i].path, s->settings[i].value, why)
		    : !config_change_unset(config, scope, s->settings[i].path, why))
			return false;
	return true;
}

static bool settings_work(struct process_job *job)
{
	const struct settings *s = job->with;
	return change_do(job, s->domain, write_settings);
}

static void settings_done(struct process_job *job)
{
	const struct settings *s = job->with;
	if (job->words)
		command_say(job->run, "%s", job->words);
	s->done(job->run);
}

void change_settings(struct command_run *run, const char *domain, const struct change_setting *settings, size_t count, void (*done)(struct command_run *))
{
	struct settings *s = ARENA_NEW(run->arena, struct settings);
	s->domain = arena_string(run->arena, domain);
	s->settings = arena_alloc(run->arena, count * sizeof *settings);
	for (size_t i = 0; i < count; i++)
		s->settings[i] = (struct change_setting){ settings[i].path, arena_string(run->arena, settings[i].value) };
	s->count = count;
	s->done = done;
	process_do(run, settings_work, settings_done, s);
}

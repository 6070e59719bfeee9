/*
 * domain list, add, remove: what is served.
 *
 * A change is a file in the data folder's domains.d/ and then a reload; when
 * the reload refuses, the file is put back as it was.
 */
#include "admin/commands.h"
#include "admin/process.h"
#include "core/config_write.h"
#include "core/home.h"
#include "core/server.h"
#include "xmpp/jid.h"
#include <string.h>

static const char *const tls_modes[] = { [HOST_TLS_REQUIRED] = "required", [HOST_TLS_OPTIONAL] = "optional", [HOST_TLS_OFF] = "off" };

/* --- list --- */

static const char *mechanisms(struct arena *a, const struct host *host)
{
	const char *text = "";
	for (const char *const *name = host->mechanisms; name && *name; name++)
		text = arena_printf(a, "%s%s%s", text, *text ? " " : "", *name);
	return text;
}

static bool add_host(struct hash_node *n, void *with)
{
	struct command_run *run = with;
	const struct host *host = CONTAINER(n, struct host, by_name);
	command_row(run);
	command_text(run, "domain", host->name);
	command_text(run, "tls", tls_modes[host->tls_mode]);
	command_yes(run, "certificate", host->tls != NULL);
	command_text(run, "mechanisms", mechanisms(run->arena, host));
	return true;
}

static void list(struct command_run *run)
{
	hash_each(&hosts_here()->by_name, add_host, run);
	command_sort(run, "domain");
	command_done(run);
}

/* --- add, remove: on a worker --- */

typedef bool change_function(const struct config *, const char *name, struct fail *);

static bool change(struct process_job *job, change_function *there, change_function *back)
{
	struct arena *a = job->run->arena;
	struct config_report report;
	struct fail why;
	config_report_init(&report);
	struct config *config = config_load(server.config_path, 0, &report);
	bool ok = config != NULL;
	if (!ok && report.error_count)
		job->words = config_note_text(a, &report.errors[0]);
	if (ok && !there(config, job->with, &why)) {
		job->words = arena_string(a, why.text);
		ok = false;
	} else if (ok && !server.reload(a, &job->words)) {
		back(config, job->with, NULL);
		ok = false;
	}
	config_drop(config);
	config_report_clear(&report);
	return ok;
}

static bool add_work(struct process_job *job)
{
	return change(job, config_domain_add, config_domain_remove);
}

static bool remove_work(struct process_job *job)
{
	return change(job, config_domain_remove, config_domain_add);
}

static void changed(struct process_job *job)
{
	command_row(job->run);
	command_text(job->run, "domain", job->with);
	command_text(job->run, "note", job->words);
	command_done(job->run);
}

static void begin(struct command_run *run, bool (*work)(struct process_job *))
{
	const char *text = command_get(run, "DOMAIN"), *name = jid_domain(run->arena, text);
	if (name)
		process_do(run, work, changed, arena_string(run->arena, name));
	else
		command_fail(run, "'%s' is no domain", text);
}

static void add(struct command_run *run)
{
	begin(run, add_work);
}

static void remove_one(struct command_run *run)
{
	begin(run, remove_work);
}

const struct command cmd_domain_list = {
	.noun = "domain", .verb = "list", .help = "Lists the domains that are served", .run = list,
};
const struct command cmd_domain_add = {
	.noun = "domain", .verb = "add", .help = "Serves a further domain from now on", .run = add,
	.args = ARGS({ "DOMAIN", "its name", 0 }),
};
const struct command cmd_domain_remove = {
	.noun = "domain", .verb = "remove", .help = "Serves a domain no more; its accounts are kept, and come back with it", .run = remove_one,
	.args = ARGS({ "DOMAIN", "one that was added by `domain add`", 0 }),
};

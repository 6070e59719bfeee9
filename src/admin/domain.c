/*
 * domain list, add, remove: what is served.
 *
 * A change is a file in the data folder's domains.d/ and then a reload
 * (admin/change.h).
 */
#include "admin/change.h"
#include "admin/commands.h"
#include "core/home.h"
#include "core/server.h"
#include "xmpp/jid.h"

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

/* Its settings go into the file that was just made: so the configuration is read once more. */
static bool set_up(struct process_job *job, struct fail *why)
{
	static const char *const settings[][2] = { { "--tls MODE", "tls" }, { "--certificate FILE", "tls_certificate" }, { "--key FILE", "tls_key" } };
	struct config_report report;
	config_report_init(&report);
	struct config *config = config_load(server.config_path, 0, &report);
	bool ok = config || fail(why, "the configuration could not be read again");
	for (size_t i = 0; ok && i < sizeof settings / sizeof *settings; i++) {
		const char *value = command_get(job->run, settings[i][0]);
		ok = !value || config_change_set(config, config_domain(config, job->with, NULL), settings[i][1], value, why);
	}
	if (!ok && config)
		config_domain_remove(config, job->with, NULL);
	config_drop(config);
	config_report_clear(&report);
	return ok;
}

static bool add_file(struct process_job *job, struct config *config, struct fail *why)
{
	return config_domain_add(config, job->with, why) && set_up(job, why);
}

static bool remove_file(struct process_job *job, struct config *config, struct fail *why)
{
	return config_domain_remove(config, job->with, why);
}

static bool add_work(struct process_job *job)
{
	return change_do(job, job->with, add_file);
}

static bool remove_work(struct process_job *job)
{
	return change_do(job, job->with, remove_file);
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

#define DONE_FIELDS FIELDS({ "domain", "its name" }, { "note", "what else there is to say, as what waits for a restart", FIELD_TEXT | OR_NULL })

const struct command cmd_domain_list = {
	.noun = "domain", .verb = "list", .help = "Lists the domains that are served", .run = list,
	.fields = FIELDS({ "domain", "its name" }, { "tls", "for clients: required, optional or off" }, { "certificate", "whether it has one", FIELD_YES },
		{ "mechanisms", "SASL mechanisms that are offered, separated by blanks" }),
};
const struct command cmd_domain_add = {
	.noun = "domain", .verb = "add", .is_act = true, .help = "Serves a further domain from now on", .run = add,
	.args = ARGS({ "DOMAIN", "its name", 0 }, { "--tls MODE", "required, optional or off", 0, "required optional off" },
		{ "--certificate FILE", "its certificate, an absolute path; without one, the configuration's common one", 0 },
		{ "--key FILE", "the certificate's key, when it is in a file of its own", 0 }),
	.fields = DONE_FIELDS,
};
const struct command cmd_domain_remove = {
	.noun = "domain", .verb = "remove", .is_act = true, .help = "Serves a domain no more; its accounts are kept, and come back with it", .run = remove_one,
	.args = ARGS({ "DOMAIN", "one that was added by `domain add`", 0 }),
	.fields = DONE_FIELDS,
};

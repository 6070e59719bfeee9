/*
 * domain list: what is served, and how clients get in.
 */
#include "admin/commands.h"
#include "core/home.h"
#include <string.h>

static const char *const tls_modes[] = { [HOST_TLS_REQUIRED] = "required", [HOST_TLS_OPTIONAL] = "optional", [HOST_TLS_OFF] = "off" };

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

const struct command cmd_domain_list = {
	.noun = "domain", .verb = "list", .help = "Lists the domains that are served", .run = list,
};

/*
 * user list: the accounts of one domain, or of all that are served.
 *
 * What is kept for a domain that is served no more isn't listed: it comes
 * back with the domain.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "core/credentials.h"
#include <string.h>

static const char Q_ALL[] = "SELECT jid, created, host FROM account ORDER BY host, jid";

static bool is_among(const char *const *domains, const char *domain)
{
	while (*domains && strcmp(*domains, domain) != 0)
		domains++;
	return *domains != NULL;
}

static void found(struct command_run *run, const struct rows *rows, const char *why)
{
	const char *const *domains = accounts_domains(run);
	if (!rows) {
		command_fail(run, "the accounts could not be read: %s", why);
		return;
	}
	for (const struct row *row = rows->first; row; row = row->next) {
		if (rows->columns > 2 && !is_among(domains, row_text(row, 2)))
			continue;
		command_row(run);
		command_text(run, "jid", row_text(row, 0));
		command_time(run, "created", row_int(row, 1));
	}
	command_done(run);
}

static void list(struct command_run *run)
{
	const char *error, *text = command_get(run, "DOMAIN");
	const char *domain = text ? accounts_domain(run, text, &error) : NULL;
	if (text && !domain)
		command_fail(run, "%s", error);
	else if (domain)
		accounts_read(run, Q_ACCOUNT_LIST, (const struct value[]){ V(domain) }, 1, found);
	else
		accounts_read(run, Q_ALL, NULL, 0, found);
}

const struct command cmd_user_list = {
	.noun = "user", .verb = "list", .help = "Lists accounts", .where = COMMAND_STORE, .may = MAY_DOMAIN_ADMIN, .concerns = "DOMAIN", .run = list,
	.args = ARGS({ "DOMAIN", "only this domain's", ARG_OPTIONAL }),
	.fields = FIELDS({ "jid", "the account" }, { "created", "when it was made", FIELD_TIME }),
};

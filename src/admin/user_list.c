/*
 * user list: the accounts of one domain, or of all that are served, in pages.
 *
 * What is kept for a domain that is served no more isn't listed: it comes
 * back with the domain.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include <stdlib.h>
#include <string.h>

static const char Q_ONE[] =
	"SELECT jid, created, host, disabled FROM account WHERE host = ?1 AND jid > ?2 AND (disabled > 0 OR ?3 = 0) ORDER BY jid LIMIT ?4";
static const char Q_ALL[] =
	"SELECT jid, created, host, disabled FROM account WHERE (host, jid) > (?1, ?2) AND (disabled > 0 OR ?3 = 0) ORDER BY host, jid LIMIT ?4";
static const char Q_MORE_OF_ONE[] = "SELECT COUNT(*) FROM account WHERE host = ?1 AND jid > ?2 AND (disabled > 0 OR ?3 = 0)";
static const char Q_MORE[] = "SELECT COUNT(*) FROM account WHERE (host, jid) > (?1, ?2) AND (disabled > 0 OR ?3 = 0)";

struct page {
	const char *domain;                  /* NULL: all */
	int64_t     only_disabled, most;     /* most 0: all of them */
};

static bool is_among(const char *const *domains, const char *domain)
{
	while (*domains && strcmp(*domains, domain) != 0)
		domains++;
	return *domains != NULL;
}

static void counted(struct command_run *run, const struct rows *rows, const char *why)
{
	if (rows)
		run->more = row_int(rows->first, 0);
	command_done(run);
}

/* A page that is full may have something behind it. */
static void end_page(struct command_run *run, const struct row *last)
{
	const struct page *p = run->own;
	accounts_read(run, p->domain ? Q_MORE_OF_ONE : Q_MORE, (const struct value[]){ V(arena_string(run->arena, row_text(last, 2))),
		V(arena_string(run->arena, row_text(last, 0))), V(p->only_disabled) }, 3, counted);
}

static void found(struct command_run *run, const struct rows *rows, const char *why)
{
	const struct page *p = run->own;
	const char *const *domains = accounts_domains(run);
	const struct row *last = NULL;
	if (!rows) {
		command_refuse(run, RESOURCE_CONSTRAINT, "the accounts could not be read: %s", why);
		return;
	}
	for (const struct row *row = rows->first; row; row = row->next) {
		last = row;
		if (!p->domain && !is_among(domains, row_text(row, 2)))
			continue;
		command_row(run);
		command_text(run, "jid", row_text(row, 0));
		command_time(run, "created", row_int(row, 1));
		if (row_int(row, 3))
			command_time(run, "disabled", row_int(row, 3));
		else
			command_text(run, "disabled", NULL);
	}
	if (p->most && last && rows->count == (size_t)p->most)
		end_page(run, last);
	else
		command_done(run);
}

static void list(struct command_run *run)
{
	const char *error, *text = command_get(run, "DOMAIN"), *most = command_get(run, "--max N"), *after = command_get(run, "--after JID");
	const struct jid *last = after ? jid_parse(run->arena, after) : NULL;
	struct page *p = run->own = ARENA_NEW(run->arena, struct page);
	p->domain = text ? accounts_domain(run, text, &error) : NULL;
	p->only_disabled = command_get(run, "--disabled") != NULL;
	p->most = most ? strtoll(most, NULL, 10) : 0;
	if (text && !p->domain)
		command_refuse(run, ITEM_NOT_FOUND, "%s", error);
	else if (after && !last)
		command_refuse(run, JID_MALFORMED, "'%s' is no JID", after);
	else
		accounts_read(run, p->domain ? Q_ONE : Q_ALL, (const struct value[]){ V(p->domain ? p->domain : last ? last->domain : ""), V(last ? last->bare : ""),
			V(p->only_disabled), V(p->most ? p->most : INT64_MAX) }, 4, found);
}

const struct command cmd_user_list = {
	.noun = "user", .verb = "list", .help = "Lists accounts", .where = COMMAND_STORE, .may = MAY_DOMAIN_ADMIN, .concerns = "DOMAIN", .run = list,
	.args = ARGS({ "DOMAIN", "only this domain's", ARG_OPTIONAL | ARG_DOMAIN }, { "--disabled", "only those that can't log in", 0 },
		{ "--max N", "at most so many", ARG_NUMBER | ARG_MOST, NULL, 1, 1000000 }, { "--after JID", "those behind this one: the last of the page before", 0 }),
	.fields = FIELDS({ "jid", "the account" }, { "created", "when it was made", FIELD_TIME },
		{ "disabled", "since when nobody can log in; null: that isn't so", FIELD_TIME | OR_NULL }),
};

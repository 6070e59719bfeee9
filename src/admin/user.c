/*
 * user add, passwd, remove: one account, or with --batch as many as there are
 * lines.
 */
#include "admin/accounts.h"
#include "admin/batch.h"
#include "admin/commands.h"
#include "xmpp/ns.h"
#include <string.h>

/* --- one account --- */

static const char *reason(const char *why)
{
	if (why && strcmp(why, "exists") == 0)
		return "exists already";
	if (why && strcmp(why, "missing") == 0)
		return "doesn't exist";
	if (why && strcmp(why, "password") == 0)
		return "cannot have this password: it is empty, or has characters that RFC 8265 forbids";
	if (why && strcmp(why, "elsewhere") == 0)
		return "has its password where the domain's auth.plain.uri says, and there the server can't write: add or change it there";
	return "was refused";
}

struct one {
	struct command_run *run;
	const struct jid *jid;
	const char *did;
};

static void one_answered(void *with, const struct xml *answer, const char *why)
{
	struct one *one = with;
	struct command_run *run = one->run;
	if (!answer || strcmp(answer->name, "done") != 0) {
		command_fail(run, "%s %s", answer ? one->jid->bare : "failed:", answer ? reason(xml_get(answer, "why")) : why);
		return;
	}
	command_row(run);
	command_text(run, "jid", one->jid->bare);
	command_text(run, "result", xml_get(answer, "why") ? "removed, but its password is where auth.plain.uri says, and good for a new login" : one->did);
	command_done(run);
}

static void ask_one(struct command_run *run, const char *question, const char *password, const char *did)
{
	const char *error = NULL;
	struct one *one = ARENA_NEW(run->arena, struct one);
	one->run = run;
	one->did = did;
	one->jid = accounts_jid(run, command_get(run, "JID"), &error);
	if (!one->jid)
		command_fail(run, "%s", error);
	else
		accounts_ask(run, one->jid, EL(run->arena, NS_CALL, question, ATTR(run->arena, "password", password)), one_answered, one);
}

/* -p, or the first line of the input: the client has asked for it if need be. */
static const char *password_of(const struct command_run *run)
{
	const char *given = command_get(run, "-p PASSWORD");
	return given ? given : arena_copy(run->arena, run->input, strcspn(run->input, "\r\n"));
}

static void add(struct command_run *run)
{
	const bool is_batch = command_get(run, "--batch") != NULL;
	if (is_batch && command_get(run, "JID"))
		command_misused(run, "with --batch the JIDs are in the input");
	else if (is_batch)
		batch_start(run, "account-add", reason);
	else
		ask_one(run, "account-add", password_of(run), "added");
}

static void passwd(struct command_run *run)
{
	ask_one(run, "account-passwd", password_of(run), "changed");
}

static void remove_one(struct command_run *run)
{
	ask_one(run, "account-remove", NULL, "removed");
}

#define DONE_FIELDS FIELDS({ "jid", "the account" }, { "result", "changed or removed" })
#define PASSWORD { "-p PASSWORD", "the password (others see it in the process list: better not given, then it is asked for or read from the input)", ARG_ASKED }

const struct command cmd_user_add = {
	.noun = "user", .verb = "add", .is_act = true, .help = "Adds an account", .where = COMMAND_STORE, .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = add,
	.args = ARGS({ "JID", "user@domain", ARG_UNLESS_INPUT }, PASSWORD,
		{ "--batch", "adds many: each line of the input is a JID, a blank, and the password", ARG_INPUT }),
	.fields = FIELDS({ "jid", "the account", FIELD_TEXT | OR_NULL | OR_MISSING }, { "result", "added", FIELD_TEXT | OR_MISSING },
		{ "line", "with --batch, of what went wrong: where in the input", FIELD_NUMBER | OR_MISSING },
		{ "error", "and why", FIELD_TEXT | OR_MISSING }, { "done", "with --batch, the last row: how many were added", FIELD_NUMBER | OR_MISSING }),
};
const struct command cmd_user_passwd = {
	.noun = "user", .verb = "passwd", .is_act = true, .help = "Changes an account's password", .where = COMMAND_STORE, .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = passwd,
	.args = ARGS({ "JID", "user@domain", 0 }, PASSWORD), .fields = DONE_FIELDS,
};
const struct command cmd_user_remove = {
	.noun = "user", .verb = "remove", .is_act = true, .help = "Removes an account and all that is kept of it; its sessions end", .where = COMMAND_STORE,
	.may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = remove_one, .args = ARGS({ "JID", "user@domain", 0 }), .fields = DONE_FIELDS,
};

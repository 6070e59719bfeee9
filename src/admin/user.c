/*
 * user add, passwd, remove, disable, enable: one account, or with --batch as many as there are
 * lines.
 */
#include "admin/accounts.h"
#include "admin/batch.h"
#include "admin/commands.h"
#include "xmpp/ns.h"
#include <string.h>

/* --- one account --- */

static enum stanza_error condition(const char *why)
{
	if (why && strcmp(why, "exists") == 0)
		return CONFLICT;
	return why && strcmp(why, "missing") == 0 ? ITEM_NOT_FOUND : NOT_ACCEPTABLE;
}

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
	void (*then)(struct one *);          /* when it is done */
};

static void tell(struct one *one)
{
	command_row(one->run);
	command_text(one->run, "jid", one->jid->bare);
	command_text(one->run, "result", one->did);
	command_done(one->run);
}

static void one_answered(void *with, const struct xml *answer, const char *why)
{
	struct one *one = with;
	struct command_run *run = one->run;
	if (!answer) {
		command_refuse(run, RESOURCE_CONSTRAINT, "failed: %s", why);
		return;
	}
	if (strcmp(answer->name, "done") != 0) {
		command_refuse(run, condition(xml_get(answer, "why")), "%s %s", one->jid->bare, reason(xml_get(answer, "why")));
		return;
	}
	if (xml_get(answer, "why"))
		one->did = "removed, but its password is where auth.plain.uri says, and good for a new login";
	one->then(one);
}

static void ask_one(struct command_run *run, const char *question, const char *password, const char *did, void (*then)(struct one *))
{
	const char *error = NULL;
	struct one *one = ARENA_NEW(run->arena, struct one);
	one->run = run;
	one->did = did;
	one->then = then;
	one->jid = accounts_jid(run, command_get(run, "JID"), &error);
	if (!one->jid)
		command_refuse(run, ITEM_NOT_FOUND, "%s", error);
	else
		accounts_ask(run, one->jid, EL(run->arena, NS_CALL, question, ATTR(run->arena, "password", password)), one_answered, one);
}

/* -p, or the first line of the input: the client has asked for it if need be. */
static const char *password_of(const struct command_run *run)
{
	const char *given = command_get(run, "-p PASSWORD");
	return given ? given : arena_copy(run->arena, run->input, strcspn(run->input, "\r\n"));
}

/* --- a card with what is known of a new user (XEP-0054) --- */

static struct xml *card_of(struct command_run *run)
{
	struct arena *a = run->arena;
	const char *email = command_get(run, "--email ADDRESS"), *given = command_get(run, "--given-name NAME"), *family = command_get(run, "--surname NAME");
	if (!email && !given && !family)
		return NULL;
	const char *both = given && family ? arena_printf(a, "%s %s", given, family) : given ? given : family;
	return EL(a, NS_VCARD, "vCard", both ? EL(a, NS_VCARD, "FN", TEXT(a, both)) : NULL,
		EL(a, NS_VCARD, "N", family ? EL(a, NS_VCARD, "FAMILY", TEXT(a, family)) : NULL, given ? EL(a, NS_VCARD, "GIVEN", TEXT(a, given)) : NULL),
		email ? EL(a, NS_VCARD, "EMAIL", EL(a, NS_VCARD, "INTERNET", NULL), EL(a, NS_VCARD, "USERID", TEXT(a, email))) : NULL);
}

/* The account is there, whatever comes of the card. */
static void card_taken(void *with, const struct xml *answer, const char *why)
{
	struct one *one = with;
	if (!answer)
		command_say(one->run, "added; its card could not be made: %s", why);
	tell(one);
}

static void add_card(struct one *one)
{
	struct xml *card = card_of(one->run);
	if (card)
		accounts_ask(one->run, one->jid, EL(one->run->arena, NS_CALL, "import", card), card_taken, one);
	else
		tell(one);
}

static void add(struct command_run *run)
{
	const bool is_batch = command_get(run, "--batch") != NULL;
	if (is_batch && command_get(run, "JID"))
		command_misused(run, "with --batch the JIDs are in the input");
	else if (is_batch)
		batch_start(run, "account-add", reason);
	else
		ask_one(run, "account-add", password_of(run), "added", add_card);
}

static void passwd(struct command_run *run)
{
	ask_one(run, "account-passwd", password_of(run), "changed", tell);
}

static void remove_one(struct command_run *run)
{
	ask_one(run, "account-remove", NULL, "removed", tell);
}

static void disable(struct command_run *run)
{
	ask_one(run, "account-disable", NULL, "disabled", tell);
}

static void enable(struct command_run *run)
{
	ask_one(run, "account-enable", NULL, "enabled", tell);
}

#define DONE_FIELDS FIELDS({ "jid", "the account" }, { "result", "changed, removed, disabled or enabled" })
#define PASSWORD { "-p PASSWORD", "the password (others see it in the process list: better not given, then it is asked for or read from the input)", ARG_ASKED }

const struct command cmd_user_add = {
	.noun = "user", .verb = "add", .is_act = true, .help = "Adds an account", .where = COMMAND_STORE, .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = add,
	.args = ARGS({ "JID", "user@domain", ARG_UNLESS_INPUT }, PASSWORD,
		{ "--batch", "adds many: each line of the input is a JID, a blank, and the password", ARG_INPUT },
		{ "--email ADDRESS", "for the account's card, which everybody can see", 0 }, { "--given-name NAME", "for its card", 0 }, { "--surname NAME", "for its card", 0 }),
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
const struct command cmd_user_disable = {
	.noun = "user", .verb = "disable", .is_act = true, .help = "Lets nobody log in to an account; its sessions end, and all that is kept of it stays", .where = COMMAND_STORE,
	.may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = disable, .args = ARGS({ "JID", "user@domain", 0 }), .fields = DONE_FIELDS,
};
const struct command cmd_user_enable = {
	.noun = "user", .verb = "enable", .is_act = true, .help = "Lets a disabled account log in again", .where = COMMAND_STORE,
	.may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = enable, .args = ARGS({ "JID", "user@domain", 0 }), .fields = DONE_FIELDS,
};

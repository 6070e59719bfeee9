/*
 * certificate list, revoke: a user's own certificates (XEP-0257). Who comes by
 * one needs no password, so a new password alone doesn't keep them out.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

static void ask(struct command_run *run, const char *question, const char *name, accounts_answered *answered)
{
	const char *error = NULL;
	const struct jid *jid = accounts_jid(run, command_get(run, "JID"), &error);
	if (!jid)
		command_fail(run, "%s", error);
	else
		accounts_ask(run, jid, EL(run->arena, NS_CALL, question, ATTR(run->arena, "name", name)), answered, run);
}

static int64_t number_of(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

static void listed(void *with, const struct xml *answer, const char *why)
{
	struct command_run *run = with;
	if (!answer) {
		command_fail(run, "failed: %s", why);
		return;
	}
	for (const struct xml *el = xml_first(answer); el; el = xml_next(el, NULL, NULL)) {
		command_row(run);
		command_text(run, "name", xml_get(el, "name"));
		command_time(run, "expires", number_of(el, "expires"));
		command_yes(run, "restricted", xml_get(el, "restricted") != NULL);
		command_number(run, "sessions", number_of(el, "sessions"));
	}
	command_done(run);
}

static void revoked(void *with, const struct xml *answer, const char *why)
{
	struct command_run *run = with;
	const char *name = command_get(run, "NAME");
	if (!answer) {
		command_fail(run, "failed: %s", why);
	} else if (strcmp(answer->name, "done") != 0) {
		command_fail(run, "%s has no certificate \"%s\"", command_get(run, "JID"), name);
	} else {
		command_row(run);
		command_text(run, "name", name);
		command_text(run, "result", "revoked");
		command_done(run);
	}
}

static void list(struct command_run *run)
{
	ask(run, "certificates", NULL, listed);
}

static void revoke(struct command_run *run)
{
	ask(run, "certificate-revoke", command_get(run, "NAME"), revoked);
}

const struct command cmd_certificate_list = {
	.noun = "certificate", .verb = "list", .help = "Lists the certificates that a user has put down to log in with", .where = COMMAND_SERVER,
	.may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = list, .args = ARGS({ "JID", "user@domain", 0 }),
	.fields = FIELDS({ "name", "as the user calls it" }, { "expires", "until when it is good", FIELD_TIME },
		{ "restricted", "whether it may not manage certificates", FIELD_YES }, { "sessions", "that came by it", FIELD_NUMBER }),
};
const struct command cmd_certificate_revoke = {
	.noun = "certificate", .verb = "revoke", .is_act = true, .help = "Removes such a certificate, and ends the sessions that came by it",
	.where = COMMAND_SERVER, .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = revoke,
	.args = ARGS({ "JID", "user@domain", 0 }, { "NAME", "of the certificate", ARG_REST }),
	.fields = FIELDS({ "name", "of the certificate" }, { "result", "revoked" }),
};

/* Devices that logged in by SASL2 (XEP-0388), and the tokens they have (XEP-0484). */
#include "admin/accounts.h"
#include "admin/commands.h"
#include <stdlib.h>

static int64_t number_of(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

static const char *said(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text && *text ? text : NULL;
}

static void add_row(struct command_run *run, const struct xml *device)
{
	command_row(run);
	command_text(run, "device", xml_get(device, "agent"));
	command_text(run, "software", said(device, "software"));
	command_text(run, "name", said(device, "device"));
	command_time(run, "seen", number_of(device, "seen"));
	if (xml_get(device, "token"))
		command_time(run, "token", number_of(device, "token"));
	else
		command_text(run, "token", NULL);
}

static void listed(void *with, const struct xml *answer, const char *why)
{
	struct command_run *run = with;
	if (!answer) {
		command_fail(run, "failed: %s", why);
		return;
	}
	for (const struct xml *el = xml_first(answer); el; el = xml_next(el, NULL, NULL))
		add_row(run, el);
	command_done(run);
}

static void list(struct command_run *run)
{
	const char *error = NULL;
	const struct jid *jid = accounts_jid(run, command_get(run, "JID"), &error);
	if (jid)
		accounts_ask(run, jid, EL(run->arena, NS_CALL, "devices"), listed, run);
	else
		command_fail(run, "%s", error);
}

static void forgotten(void *with, const struct xml *answer, const char *why)
{
	struct command_run *run = with;
	if (!answer) {
		command_fail(run, "failed: %s", why);
		return;
	}
	if (!number_of(answer, "devices")) {
		command_fail(run, "%s has no such device", command_get(run, "JID"));
		return;
	}
	command_row(run);
	command_text(run, "jid", command_get(run, "JID"));
	command_number(run, "forgotten", number_of(answer, "devices"));
	command_done(run);
}

static void forget(struct command_run *run)
{
	const char *error = NULL;
	const struct jid *jid = accounts_jid(run, command_get(run, "JID"), &error);
	if (jid)
		accounts_ask(run, jid, EL(run->arena, NS_CALL, "device-forget", ATTR(run->arena, "agent", command_get(run, "DEVICE"))), forgotten, run);
	else
		command_fail(run, "%s", error);
}

const struct command cmd_device_list = {
	.noun = "device", .verb = "list", .help = "Lists the devices that an account logged in from, as they named themselves",
	.may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = list,
	.args = ARGS({ "JID", "the account" }),
	.fields = FIELDS({ "device", "the id that it made up" }, { "software", "what runs there", FIELD_TEXT | OR_NULL },
		{ "name", "what its user calls it", FIELD_TEXT | OR_NULL }, { "seen", "its last login", FIELD_TIME },
		{ "token", "until when it may log in without a password; null: it may not", FIELD_TIME | OR_NULL }),
};
const struct command cmd_device_forget = {
	.noun = "device", .verb = "forget", .is_act = true, .help = "Forgets a device, or all of them: they need the password at their next login",
	.may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = forget,
	.args = ARGS({ "JID", "the account" }, { "DEVICE", "its id; without one all devices", ARG_OPTIONAL }),
	.fields = FIELDS({ "jid", "as it was asked" }, { "forgotten", "how many devices", FIELD_NUMBER }),
};

/*
 * user show, user roster: what is known of an account that this server keeps.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "base/clock.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

struct one {
	struct command_run *run;
	const struct jid *jid;
	struct xml *account;                 /* of user show: <account/> of core/disabled.h */
	int64_t     contacts;
};

static int64_t number_of(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

/* NULL or <failed/>: the run has ended with that. */
static bool is_answered(struct one *one, const struct xml *answer, const char *why)
{
	if (!answer)
		command_refuse(one->run, RESOURCE_CONSTRAINT, "failed: %s", why);
	else if (strcmp(answer->name, "failed") == 0)
		command_refuse(one->run, ITEM_NOT_FOUND, "%s doesn't exist", one->jid->bare);
	return answer && strcmp(answer->name, "failed") != 0;
}

static void ask(struct command_run *run, const char *question, accounts_answered *answered)
{
	const char *error = NULL;
	struct one *one = ARENA_NEW(run->arena, struct one);
	one->run = run;
	one->jid = accounts_jid(run, command_get(run, "JID"), &error);
	if (!one->jid)
		command_refuse(run, ITEM_NOT_FOUND, "%s", error);
	else
		accounts_ask(run, one->jid, EL(run->arena, NS_CALL, question, NULL), answered, one);
}

/* --- show --- */

/* "192.0.2.1:40312" without the port. */
static const char *address_of(struct arena *a, const char *peer)
{
	const char *colon = strrchr(peer, ':');
	return colon ? arena_copy(a, peer, (size_t)(colon - peer)) : peer;
}

static const char *join(struct arena *a, const char *before, const char *text)
{
	return *before ? arena_printf(a, "%s\n%s", before, text) : text;
}

struct sums { const char *addresses, *resources; int64_t sessions, last, lately; double rate; };

static struct sums sum(struct arena *a, const struct xml *account)
{
	struct sums s = { "", "", 0, 0, 0, 0 };
	for (const struct xml *el = xml_first(account); el; el = xml_next(el, NULL, NULL)) {
		int64_t since = number_of(el, "since"), age = clock_wall() - since;
		const char *peer = xml_get(el, "peer"), *address = peer ? address_of(a, peer) : NULL;
		if (address && !strstr(s.addresses, address))
			s.addresses = join(a, s.addresses, address);
		s.resources = join(a, s.resources, xml_get(el, "resource"));
		s.sessions++;
		s.last = since > s.last ? since : s.last;
		s.lately += age < 60000;
		s.rate += age > 0 ? (double)number_of(el, "received") * 1000 / (double)age : 0;
	}
	return s;
}

/* `last` is XEP-0012's call; NULL: nobody keeps such a thing, and only who is here is known. */
static void tell(void *with, const struct xml *last, const char *why)
{
	struct one *one = with;
	struct command_run *run = one->run;
	struct sums s = sum(run->arena, one->account);
	int64_t login = number_of(last, "login");
	s.last = login > s.last ? login : s.last;
	command_row(run);
	command_text(run, "jid", one->jid->bare);
	command_yes(run, "disabled", xml_get(one->account, "disabled") != NULL);
	command_number(run, "sessions", s.sessions);
	if (s.last)
		command_time(run, "last_login", s.last);
	else
		command_text(run, "last_login", NULL);
	command_text(run, "addresses", s.addresses);
	command_text(run, "resources", s.resources);
	command_number(run, "contacts", one->contacts);
	command_text(run, "stanzas_per_second", arena_printf(run->arena, "%.1f", s.rate));
	command_number(run, "logins_per_minute", s.lately);
	command_done(run);
}

static void show_contacts(void *with, const struct xml *roster, const char *why)
{
	struct one *one = with;
	if (!is_answered(one, roster, why))
		return;
	one->contacts = (int64_t)xml_count(xml_child(roster, NS_ROSTER, "query"), NS_ROSTER, "item");
	accounts_ask(one->run, one->jid, EL(one->run->arena, NS_CALL, "last", NULL), tell, one);
}

static void show_account(void *with, const struct xml *account, const char *why)
{
	struct one *one = with;
	if (!is_answered(one, account, why))
		return;
	one->account = xml_clone(one->run->arena, account);
	accounts_ask(one->run, one->jid, EL(one->run->arena, NS_CALL, "roster", NULL), show_contacts, one);
}

static void show(struct command_run *run)
{
	ask(run, "account-show", show_account);
}

/* --- roster --- */

static void list(void *with, const struct xml *roster, const char *why)
{
	struct one *one = with;
	struct command_run *run = one->run;
	if (!is_answered(one, roster, why))
		return;
	const struct xml *item = xml_child(xml_child(roster, NS_ROSTER, "query"), NS_ROSTER, "item");
	for (; item; item = xml_next(item, NS_ROSTER, "item")) {
		const char *groups = "";
		for (const struct xml *g = xml_child(item, NS_ROSTER, "group"); g; g = xml_next(g, NS_ROSTER, "group"))
			groups = join(run->arena, groups, xml_text(g, run->arena));
		command_row(run);
		command_text(run, "contact", xml_get(item, "jid"));
		command_text(run, "name", xml_get(item, "name"));
		command_text(run, "subscription", xml_get(item, "subscription"));
		command_text(run, "ask", xml_get(item, "ask"));
		command_text(run, "groups", groups);
	}
	command_done(run);
}

static void roster(struct command_run *run)
{
	ask(run, "roster", list);
}

const struct command cmd_user_show = {
	.noun = "user", .verb = "show", .help = "Shows what is known of an account", .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = show, .is_card = true,
	.args = ARGS({ "JID", "user@domain", 0 }),
	.fields = FIELDS({ "jid", "the account" }, { "disabled", "whether nobody can log in", FIELD_YES }, { "sessions", "clients that are connected", FIELD_NUMBER },
		{ "last_login", "when it logged in last; null: that isn't known", FIELD_TIME | OR_NULL },
		{ "addresses", "where they are, separated by line feeds" }, { "resources", "what they are called, separated by line feeds" },
		{ "contacts", "items of its roster", FIELD_NUMBER }, { "stanzas_per_second", "that they sent, on average, since they logged in" },
		{ "logins_per_minute", "those of the last minute that are still there", FIELD_NUMBER }),
};
const struct command cmd_user_roster = {
	.noun = "user", .verb = "roster", .is_act = true, .help = "Lists an account's contacts", .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = roster,
	.args = ARGS({ "JID", "user@domain", 0 }),
	.fields = FIELDS({ "contact", "its address" }, { "name", "what the user calls it", FIELD_TEXT | OR_NULL }, { "subscription", "none, to, from or both" },
		{ "ask", "subscribe: the contact was asked", FIELD_TEXT | OR_NULL }, { "groups", "separated by line feeds" }),
};

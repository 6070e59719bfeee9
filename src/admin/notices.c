/*
 * announce, motd, welcome: what a host says to its users.
 *
 * A message of the day and a welcome are settings (modules/motd.c): so they
 * are there after a restart, and every loop has them.
 */
#include "admin/accounts.h"
#include "admin/change.h"
#include "admin/commands.h"
#include "admin/notices.h"
#include "base/clock.h"
#include "core/home.h"
#include "core/host.h"
#include "core/online.h"
#include "xmpp/ns.h"
#include <string.h>

#define DOMAIN { "--domain DOMAIN", "only there; else in all domains", ARG_DOMAIN }
#define TEXT_ARG(help) { "TEXT", help, ARG_REST | ARG_LINES }

/* False: it is none of ours, and the run has ended. *domain NULL: all. */
static bool read_domain(struct command_run *run, const char **domain)
{
	const char *error, *text = command_get(run, "--domain DOMAIN");
	*domain = text ? accounts_domain(run, text, &error) : NULL;
	if (text && !*domain)
		command_refuse(run, ITEM_NOT_FOUND, "%s", error);
	return !text || *domain;
}

/* --- announce --- */

void notices_announce(const char *domain, const char *subject, const char *text)
{
	struct arena *a = arena_new();
	online_send(domain, EL(a, NS_CLIENT, "message", ATTR(a, "type", "headline"),
		EL(a, NS_CLIENT, "subject", TEXT(a, subject)), EL(a, NS_CLIENT, "body", TEXT(a, text))), TYPE_HEADLINE);
	arena_free(a);
}

static void announce(struct command_run *run)
{
	const char *domain;
	if (!read_domain(run, &domain))
		return;
	notices_announce(domain, "Announcement", command_get(run, "TEXT"));
	command_say(run, "announced");
	command_done(run);
}

/* --- the message of the day --- */

static void motd_told(struct command_run *run)
{
	struct arena *a = run->arena;
	online_call(run->own, EL(a, NS_CALL, "motd", NULL));
	command_say(run, "set");
	command_done(run);
}

static void changed(struct command_run *run)
{
	command_say(run, "changed");
	command_done(run);
}

static void deleted(struct command_run *run)
{
	command_say(run, "deleted");
	command_done(run);
}

static void motd_set(struct command_run *run)
{
	const char *domain;
	if (!read_domain(run, &domain))
		return;
	run->own = (void *)(uintptr_t)domain;
	change_settings(run, domain, (const struct change_setting[]){ { "motd.text", command_get(run, "TEXT") },
		{ "motd.number", arena_printf(run->arena, "%lld", (long long)clock_wall()) } }, 2, motd_told);
}

static void set_text(struct command_run *run, const char *path, const char *text, void (*done)(struct command_run *))
{
	const char *domain;
	if (read_domain(run, &domain))
		change_settings(run, domain, (const struct change_setting[]){ { path, text } }, 1, done);
}

/* Of what is in force; NULL: none. */
static const char *text_now(const char *domain, const char *path)
{
	const struct config *config = hosts_here()->config;
	const struct config_scope *scope = domain ? config_domain(config, domain, NULL) : NULL;
	const char *text = config_text(scope ? scope : config_global(config), path);
	return text && *text ? text : NULL;
}

/* Under the old number: it is only for those who haven't seen that. */
static void motd_edit(struct command_run *run)
{
	const char *domain;
	if (!read_domain(run, &domain))
		return;
	if (!text_now(domain, "motd.text")) {
		command_refuse(run, ITEM_NOT_FOUND, "there is no message of the day: set one");
		return;
	}
	change_settings(run, domain, (const struct change_setting[]){ { "motd.text", command_get(run, "TEXT") } }, 1, changed);
}

/* An empty text hides one that is set for all domains. */
static void motd_delete(struct command_run *run)
{
	set_text(run, "motd.text", "", deleted);
}

static void welcome_set(struct command_run *run)
{
	set_text(run, "welcome.text", command_get(run, "TEXT"), changed);
}

static void welcome_delete(struct command_run *run)
{
	set_text(run, "welcome.text", "", deleted);
}

/* --- what is --- */

static void show(struct command_run *run, const char *path)
{
	const char *domain;
	if (!read_domain(run, &domain))
		return;
	const char *text = text_now(domain, path);
	command_row(run);
	command_text(run, "text", text);
	command_say(run, "%s", text ? text : "there is none");
	command_done(run);
}

static void motd_show(struct command_run *run)
{
	show(run, "motd.text");
}

static void welcome_show(struct command_run *run)
{
	show(run, "welcome.text");
}

#define IN_A_DOMAIN .may = MAY_DOMAIN_ADMIN, .concerns = "--domain DOMAIN"
#define SHOWS .fields = FIELDS({ "text", "null: there is none", FIELD_TEXT | OR_NULL }), .is_card = true

const struct command cmd_announce = {
	.noun = "announce", .is_act = true, .help = "Sends a message to everybody who is logged in", .run = announce, IN_A_DOMAIN,
	.args = ARGS(TEXT_ARG("what it says"), DOMAIN),
};
const struct command cmd_motd_set = {
	.noun = "motd", .verb = "set", .is_act = true, .help = "Sets the message of the day: each user is told once, now or at the next login", .run = motd_set, IN_A_DOMAIN,
	.args = ARGS(TEXT_ARG("what it says"), DOMAIN),
};
const struct command cmd_motd_edit = {
	.noun = "motd", .verb = "edit", .is_act = true, .help = "Corrects the message of the day; who has seen it isn't told again", .run = motd_edit, IN_A_DOMAIN,
	.args = ARGS(TEXT_ARG("what it says"), DOMAIN),
};
const struct command cmd_motd_delete = {
	.noun = "motd", .verb = "delete", .is_act = true, .help = "Takes the message of the day away", .run = motd_delete, IN_A_DOMAIN, .args = ARGS(DOMAIN),
};
const struct command cmd_motd_show = {
	.noun = "motd", .verb = "show", .help = "Shows the message of the day", .run = motd_show, IN_A_DOMAIN, .args = ARGS(DOMAIN), SHOWS,
};
const struct command cmd_welcome_set = {
	.noun = "welcome", .verb = "set", .is_act = true, .help = "Sets the message that new accounts get", .run = welcome_set, IN_A_DOMAIN,
	.args = ARGS(TEXT_ARG("what it says"), DOMAIN),
};
const struct command cmd_welcome_delete = {
	.noun = "welcome", .verb = "delete", .is_act = true, .help = "Takes the message for new accounts away", .run = welcome_delete, IN_A_DOMAIN, .args = ARGS(DOMAIN),
};
const struct command cmd_welcome_show = {
	.noun = "welcome", .verb = "show", .help = "Shows the message that new accounts get", .run = welcome_show, IN_A_DOMAIN, .args = ARGS(DOMAIN), SHOWS,
};

/*
 * reload: reads the configuration again; with --dry-run says what that would
 * do, and does nothing.
 *
 * Who would be disconnected: the sessions of domains that are served no more, or are suspended.
 * They are counted home by home, and so many are named.
 */
#include "admin/commands.h"
#include "admin/config_file.h"
#include "admin/process.h"
#include "core/call.h"
#include "core/home.h"
#include "core/server.h"
#include "core/session.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum { NAMED = 20 };

/* --- in earnest --- */

static bool reload_work(struct process_job *job)
{
	return server.reload(job->run->arena, &job->words);
}

static void reloaded(struct process_job *job)
{
	command_say(job->run, "%s%s", job->words ? "reloaded; " : "reloaded", job->words ? job->words : "");
	command_done(job->run);
}

/* --- a dry run --- */

struct plan {
	struct hash domains;                 /* that would still be served: prepared names */
	struct config_change *changes;
};

struct domain { struct hash_node node; };

static void add_domain(struct plan *plan, struct arena *a, const char *written)
{
	const char *name = jid_domain(a, written);
	if (name && !hash_find(&plan->domains, name))
		hash_put(&plan->domains, &ARENA_NEW(a, struct domain)->node, name);
}

static bool plan_work(struct process_job *job)
{
	struct arena *a = job->run->arena;
	struct plan *plan = job->with;
	struct config *fresh = server.preview(a, &plan->changes, &job->words);
	if (!fresh)
		return false;
	for (const struct config_scope *s = config_first(config_global(fresh), CONFIG_DOMAIN); s; s = config_next(s))
		if (!s->protocol && !config_bool(s, "suspended"))
			add_domain(plan, a, s->name);
	config_drop(fresh);
	return true;
}

struct visit {
	struct arena *arena;
	struct xml *result;
	const struct plan *plan;
	unsigned count;
};

static bool visit_account(struct hash_node *n, void *with)
{
	struct visit *v = with;
	const struct account *account = CONTAINER(n, struct account, by_jid);
	if (!account->session_count || hash_find(&v->plan->domains, account->address->domain))
		return true;
	EACH_SESSION(account, s)
		if (v->count++ < NAMED)
			xml_append(v->result, EL(v->arena, NS_CALL, "session", ATTR(v->arena, "jid", s->jid->full)));
	return true;
}

/* Runs on every home in turn. */
static void visit_home(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	struct visit v = { a, result, run->own, 0 };
	hash_each(&home->accounts, visit_account, &v);
	xml_append(result, EL(a, NS_CALL, "count", ATTR(a, "sessions", arena_printf(a, "%u", v.count))));
}

static void gathered(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	struct plan *plan = run->own;
	json_t *names = json_array();
	int64_t count = 0;
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL)) {
		const char *jid = xml_get(el, "jid"), *sessions = xml_get(el, "sessions");
		count += sessions ? strtoll(sessions, NULL, 10) : 0;
		if (jid && json_array_size(names) < NAMED)
			json_array_append_new(names, json_pack("{s:o}", "jid", command_string(jid)));
	}
	command_row(run);
	command_json(run, "changes", config_changes(plan->changes));
	command_number(run, "disconnected", count);
	command_json(run, "sessions", names);
	hash_clear(&plan->domains);
	command_done(run);
}

static void planned(struct process_job *job)
{
	job->run->own = job->with;
	call_homes(visit_home, gathered, job->run);
}

static void reload(struct command_run *run)
{
	if (command_get(run, "--dry-run"))
		process_do(run, plan_work, planned, ARENA_NEW(run->arena, struct plan));
	else
		process_do(run, reload_work, reloaded, NULL);
}

const struct command cmd_reload = {
	.noun = "reload", .is_act = true, .help = "Reads the configuration again: all of it, or nothing when there is an error", .is_card = true, .run = reload,
	.args = ARGS({ "--dry-run", "instead: says what would change, when it would count, and who would be disconnected", 0 }),
	.fields = FIELDS({ "changes", "of a dry run, like all of this: what differs from what counts now", FIELD_ROWS, config_change_fields },
		{ "disconnected", "how many sessions would end, because their domain would be served no more, or be suspended", FIELD_NUMBER },
		{ "sessions", "the first of them", FIELD_ROWS, FIELDS({ "jid", "whose" }) }),
};

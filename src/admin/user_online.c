/*
 * user online, user count: who is there, and how many.
 *
 * Home by home: each keeps only as many addresses as the answer may hold, so
 * a page of a crowd costs one look at each account.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "core/call.h"
#include "core/config.h"
#include "core/home.h"
#include "core/session.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

enum state { ANY, ACTIVE, IDLE };

struct wanted {                      /* read by all homes, changed by none */
	const char *domain;          /* NULL: all */
	const char *after;           /* addresses behind this one */
	enum state  state;
	size_t      most;
	msec        idle_after;
};

struct kept { const struct account *account; msec since, idle; unsigned sessions; };

struct visit {
	const struct wanted *wanted;
	struct kept *heap;           /* those with the smallest addresses; the largest of them first */
	size_t       count;
	int64_t      found, active;  /* all that are wanted; of all who are there */
};

/* --- one home --- */

static struct kept look_at(const struct account *account)
{
	struct kept k = { account, 0, INT64_MAX, 0 };
	EACH_SESSION(account, s) {
		if (!s->stream)
			continue;
		msec idle = session_idle(s);
		k.sessions++;
		k.since = s->since > k.since ? s->since : k.since;
		k.idle = idle < k.idle ? idle : k.idle;
	}
	return k;
}

static bool is_larger(const struct kept *a, const struct kept *b)
{
	return strcmp(a->account->jid, b->account->jid) > 0;
}

static void sift_up(struct kept *heap, size_t at)
{
	for (; at && is_larger(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2) {
		struct kept k = heap[at];
		heap[at] = heap[(at - 1) / 2];
		heap[(at - 1) / 2] = k;
	}
}

static void sift_down(struct kept *heap, size_t count)
{
	for (size_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
		child += child + 1 < count && is_larger(&heap[child + 1], &heap[child]);
		if (!is_larger(&heap[child], &heap[at]))
			return;
		struct kept k = heap[at];
		heap[at] = heap[child];
		heap[child] = k;
	}
}

static void keep(struct visit *v, const struct kept *k)
{
	v->found++;
	if (v->count < v->wanted->most) {
		v->heap[v->count] = *k;
		sift_up(v->heap, v->count++);
	} else if (v->count && is_larger(&v->heap[0], k)) {
		v->heap[0] = *k;
		sift_down(v->heap, v->count);
	}
}

static bool visit_account(struct hash_node *n, void *with)
{
	struct visit *v = with;
	const struct wanted *w = v->wanted;
	const struct account *account = CONTAINER(n, struct account, by_jid);
	if (!account->session_count || (w->domain && strcmp(account->address->domain, w->domain) != 0))
		return true;
	struct kept k = look_at(account);
	bool is_active = k.idle < w->idle_after;
	if (!k.sessions)
		return true;
	v->active += is_active;
	if ((w->state == ANY || (w->state == ACTIVE) == is_active) && strcmp(account->jid, w->after) > 0)
		keep(v, &k);
	return true;
}

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static void visit_home(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	const struct wanted *w = run->own;
	struct visit v = { .wanted = w };
	v.heap = arena_alloc(a, (w->most < home->accounts.count ? w->most + 1 : home->accounts.count + 1) * sizeof *v.heap);
	hash_each(&home->accounts, visit_account, &v);
	struct xml *el = EL(a, NS_CALL, "home", ATTR(a, "found", number(a, v.found)), ATTR(a, "active", number(a, v.active)));
	for (size_t i = 0; i < v.count; i++)
		xml_append(el, EL(a, NS_CALL, "account", ATTR(a, "jid", arena_string(a, v.heap[i].account->jid)), ATTR(a, "since", number(a, v.heap[i].since)),
			ATTR(a, "idle", number(a, v.heap[i].idle)), ATTR(a, "sessions", number(a, v.heap[i].sessions))));
	xml_append(result, el);
}

/* --- all of them --- */

static int64_t number_of(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

static int64_t sum(const struct xml *result, const char *name)
{
	int64_t n = 0;
	for (const struct xml *home = xml_first(result); home; home = xml_next(home, NULL, NULL))
		n += number_of(home, name);
	return n;
}

static int compare(const void *a, const void *b)
{
	return strcmp(xml_get(*(const struct xml *const *)a, "jid"), xml_get(*(const struct xml *const *)b, "jid"));
}

static size_t gather(struct arena *a, const struct xml *result, const struct xml ***all)
{
	size_t count = 0;
	for (const struct xml *home = xml_first(result); home; home = xml_next(home, NULL, NULL))
		count += xml_count(home, NS_CALL, "account");
	*all = arena_alloc(a, (count + 1) * sizeof **all);
	count = 0;
	for (const struct xml *home = xml_first(result); home; home = xml_next(home, NULL, NULL))
		for (const struct xml *el = xml_first(home); el; el = xml_next(el, NULL, NULL))
			(*all)[count++] = el;
	qsort(*all, count, sizeof **all, compare);
	return count;
}

/* False: the domain is none of ours, and the run has ended. */
static bool read_domain(struct command_run *run, const char **domain)
{
	const char *error, *text = command_get(run, "DOMAIN");
	*domain = text ? accounts_domain(run, text, &error) : NULL;
	if (text && !*domain)
		command_refuse(run, ITEM_NOT_FOUND, "%s", error);
	return !text || *domain;
}

static struct wanted *wanted_new(struct command_run *run, const char *domain)
{
	struct wanted *w = ARENA_NEW(run->arena, struct wanted);
	w->domain = domain;
	w->after = "";
	w->idle_after = config_duration(config_global(hosts_here()->config), "session.idle_after");
	return w;
}

/* --- online --- */

static void listed(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	const struct wanted *w = run->own;
	const struct xml **all;
	size_t count = gather(a, result, &all);
	for (size_t i = 0; i < count && i < w->most; i++) {
		command_row(run);
		command_text(run, "jid", xml_get(all[i], "jid"));
		command_number(run, "sessions", number_of(all[i], "sessions"));
		command_time(run, "since", number_of(all[i], "since"));
		command_number(run, "idle", number_of(all[i], "idle") / 1000);
	}
	run->more = sum(result, "found") - (int64_t)json_array_size(run->rows);
	command_done(run);
}

static void online(struct command_run *run)
{
	const char *domain, *state = command_get(run, "--state STATE"), *most = command_get(run, "--max N"), *after = command_get(run, "--after JID");
	if (!read_domain(run, &domain))
		return;
	struct wanted *w = wanted_new(run, domain);
	w->state = !state ? ANY : strcasecmp(state, "active") == 0 ? ACTIVE : IDLE;
	w->most = most ? (size_t)strtoull(most, NULL, 10) : SIZE_MAX / 2;
	w->after = after ? after : "";
	run->own = w;
	call_homes(visit_home, listed, run);
}

/* --- count --- */

static const char Q_COUNT[] =
	"SELECT COUNT(*), COALESCE(SUM(CASE WHEN disabled > 0 THEN 1 ELSE 0 END), 0) FROM account WHERE host = ?1 OR ?1 = ''";

static void counted(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	int64_t there = sum(result, "found"), active = sum(result, "active");
	command_number(run, "online", there);
	command_number(run, "active", active);
	command_number(run, "idle", there - active);
	command_done(run);
}

static void counted_rows(struct command_run *run, const struct rows *rows, const char *why)
{
	if (!rows) {
		command_refuse(run, RESOURCE_CONSTRAINT, "the accounts could not be read: %s", why);
		return;
	}
	command_row(run);
	command_number(run, "registered", row_int(rows->first, 0));
	command_number(run, "disabled", row_int(rows->first, 1));
	call_homes(visit_home, counted, run);
}

static void count(struct command_run *run)
{
	const char *domain;
	if (!read_domain(run, &domain))
		return;
	run->own = wanted_new(run, domain);
	accounts_read(run, Q_COUNT, (const struct value[]){ V(domain ? domain : "") }, 1, counted_rows);
}

#define DOMAIN { "DOMAIN", "only this domain's", ARG_OPTIONAL | ARG_DOMAIN }

const struct command cmd_user_online = {
	.noun = "user", .verb = "online", .help = "Lists accounts that are logged in", .may = MAY_DOMAIN_ADMIN, .concerns = "DOMAIN", .run = online,
	.args = ARGS(DOMAIN, { "--state STATE", "only those that are active, or idle: session.idle_after says when", 0, "active idle" },
		{ "--max N", "at most so many", ARG_NUMBER | ARG_MOST, NULL, 1, 1000000 }, { "--after JID", "those behind this one: the last of the page before", 0 }),
	.fields = FIELDS({ "jid", "the account" }, { "sessions", "how many", FIELD_NUMBER }, { "since", "when the last of them logged in", FIELD_TIME },
		{ "idle", "seconds since something was heard of one of them", FIELD_NUMBER }),
};
const struct command cmd_user_count = {
	.noun = "user", .verb = "count", .help = "Counts accounts", .may = MAY_DOMAIN_ADMIN, .concerns = "DOMAIN", .run = count, .is_card = true,
	.args = ARGS(DOMAIN),
	.fields = FIELDS({ "registered", "all of them", FIELD_NUMBER }, { "disabled", "that can't log in", FIELD_NUMBER },
		{ "online", "that are logged in", FIELD_NUMBER }, { "active", "of these, heard of lately", FIELD_NUMBER }, { "idle", "and the others", FIELD_NUMBER }),
};

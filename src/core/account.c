/*
 * Accounts come into memory on first use and leave it when idle.
 *
 * Loading is one batch of reads: the account's row, then what each module
 * keeps. A bounded number load at once; those that log in go first. A name
 * that isn't there is remembered for a moment, so that asking again costs
 * nothing.
 */
#include "core/account.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/credentials.h"
#include "core/session.h"
#include "core/slots.h"
#include "core/turn_out.h"
#include <string.h>

enum { UNKNOWN_FOR = 5000 };         /* ms that a missing name is remembered */

struct loading {                     /* one read of an account's kept part */
	struct store_job job;
	struct list      link;       /* home.wanting */
	struct account  *account;
	struct arena    *arena;
};

struct account *account_find(const char *bare)
{
	struct hash_node *n = hash_find(&home_here()->accounts, bare);
	return n ? CONTAINER(n, struct account, by_jid) : NULL;
}

/* --- loading --- */

static void take_rows(struct account *account, struct rows **results)
{
	unsigned at = 1;
	for (unsigned i = 0; i < modules_count(); i++) {
		if (!modules[i]->per_account)
			continue;
		void *data = modules[i]->per_account->load(account, results[at++]);
		if (data)
			account_set_data(account, modules[i], data);
	}
}

static enum account_state outcome(struct account *account, const struct store_job *job)
{
	if (job->outcome != STORE_OK) {
		log_problem("STORE", "%s could not be loaded: %s", account->jid, job->why.text);
		return ACCOUNT_FAILED;
	}
	const struct row *row = job->results[0]->first;
	if (!row)
		return ACCOUNT_UNKNOWN;
	account->id = row_int(row, 0);
	account->is_disabled = row_int(row, 1) != 0;
	return ACCOUNT_READY;
}

static void loaded(void *thing)
{
	struct loading *l = CONTAINER(thing, struct loading, job);
	struct account *account = l->account;
	struct home *home = account->home;
	home->loading--;
	slots_free(&account->kept, SLOTS_KEPT);
	account->generation = home->hosts->generation;
	account->state = outcome(account, &l->job);
	if (account->state == ACCOUNT_READY)
		take_rows(account, l->job.results);
	arena_free(l->arena);
	turns_wake(account);
	accounts_load_next(home);
}

static void load_done(struct store_job *job)                     /* on a store thread */
{
	post(CONTAINER(job, struct loading, job)->account->home->loop, loaded, job);
}

static void add_query(struct loading *l, struct statement ***end, const char *sql)
{
	struct statement *s = ARENA_NEW(l->arena, struct statement);
	s->sql = sql;
	s->values = ARENA_NEW(l->arena, struct value);
	*s->values = value_text(l->account->jid);
	s->count = 1;
	**end = s;
	*end = &s->next;
}

/* One that is loaded again waits for its appends, so that it finds what it has put down. */
static struct loading *next_to_load(struct home *home)
{
	LIST_EACH(&home->wanting, struct loading, link, l)
		if (list_is_empty(&l->account->mailbox.appends))
			return l;
	return NULL;
}

void accounts_load_next(struct home *home)
{
	struct loading *l;
	while (home->loading < home->hosts->limits.loads && (l = next_to_load(home))) {
		list_remove(&l->link);
		home->loading++;
		list_append(&home->jobs, &l->job.link);
	}
}

static void load(struct account *account, bool is_login)
{
	struct arena *a = arena_new();
	struct loading *l = ARENA_NEW(a, struct loading);
	struct statement **end = &l->job.first;
	l->arena = a;
	l->account = account;
	add_query(l, &end, Q_ACCOUNT_FIND);
	for (unsigned i = 0; i < modules_count(); i++)
		if (modules[i]->per_account)
			add_query(l, &end, modules[i]->per_account->query);
	l->job.is_read = true;
	l->job.arena = a;
	l->job.done = load_done;
	account->state = ACCOUNT_LOADING;
	if (is_login)
		list_prepend(&account->home->wanting, &l->link);
	else
		list_append(&account->home->wanting, &l->link);
	accounts_load_next(account->home);
}

static struct account *account_new(const char *bare)
{
	struct home *home = home_here();
	struct arena *scratch = arena_new();
	const struct jid *address = jid_parse(scratch, bare);
	ASSERT(address);
	struct arena *a = arena_new_small(arena_room(sizeof(struct account)) + jid_size(address, NULL));
	struct account *account = ARENA_NEW(a, struct account);
	account->magic = ACCOUNT_MAGIC;
	account->arena = a;
	account->address = jid_copy(a, address);
	arena_free(scratch);
	account->jid = account->address->bare;
	account->local = account->address->local;
	account->home = home;
	account->host = host_find(account->address->domain);
	list_init(&account->sessions);
	list_init(&account->forgettings);
	list_init(&account->mailbox.ready);
	list_init(&account->mailbox.turns);
	list_init(&account->mailbox.reads);
	list_init(&account->mailbox.appends);
	list_init(&account->quiet);
	account_quiet(account);
	hash_put(&home->accounts, &account->by_jid, account->jid);
	return account;
}

struct account *account_get(const char *bare)
{
	struct account *account = account_find(bare);
	if (!account) {
		account = account_new(bare);
		account_reload(account);
	}
	return account;
}

/* A name out of a random number is nobody's else. */
void account_begin_anonymous(const char *bare)
{
	struct account *account = account_new(bare);
	account->is_anonymous = true;
	account->state = ACCOUNT_READY;
	account->id = clock_key();           /* no row has it, whatever is read by it */
	account->generation = account->home->hosts->generation;
}

static void forget_anonymous(struct account *account)
{
	account->state = ACCOUNT_UNKNOWN;
	account->id = 0;
}

void account_end_anonymous(const char *bare)
{
	struct account *account = account_find(bare);
	if (account && account->is_anonymous && list_is_empty(&account->sessions))
		forget_anonymous(account);
}

/* A link's has nothing in the database (core/link.h), an anonymous user's neither. */
void account_reload(struct account *account)
{
	account->generation = account->home->hosts->generation;
	if (account->is_anonymous) {
		turns_wake(account);
		return;
	}
	if (account->local)
		load(account, account->session_count > 0);
	else
		account->state = ACCOUNT_READY;
	turns_wake(account);
}

/* --- leaving --- */

static bool is_busy(const struct account *account)
{
	return account->state == ACCOUNT_LOADING || (account->is_anonymous && account->state == ACCOUNT_READY) || !list_is_empty(&account->sessions)
	    || account->mailbox.is_held || account->mailbox.reading || !list_is_empty(&account->mailbox.turns) || !list_is_empty(&account->mailbox.appends) || !list_is_empty(&account->forgettings);
}

void account_quiet(struct account *account)
{
	if (!list_is_empty(&account->sessions))
		return;
	if (account->is_anonymous)
		forget_anonymous(account);
	account->quiet_since = clock_now();
	list_append(&account->home->quiet, &account->quiet);
}

void account_forget(struct account *account)
{
	ASSERT(!is_busy(account));
	slots_free(&account->live, SLOTS_LIVE);
	slots_free(&account->kept, SLOTS_KEPT);
	mem_free(account->throttle);
	hosts_drop(account->old_hosts);
	list_remove(&account->mailbox.ready);
	list_remove(&account->quiet);
	hash_remove(&account->home->accounts, &account->by_jid);
	account->magic = 0;
	arena_free(account->arena);
}

static msec patience_with(const struct account *account)
{
	return account->state == ACCOUNT_READY || account->throttle ? account->home->hosts->limits.idle_account : UNKNOWN_FOR;
}

void accounts_sweep(struct home *home)
{
	LIST_EACH(&home->quiet, struct account, quiet, account) {
		msec quiet = clock_now() - account->quiet_since;
		if (quiet < UNKNOWN_FOR && quiet < home->hosts->limits.idle_account)
			break;                       /* and so are all behind it */
		if (quiet >= patience_with(account) && !is_busy(account))
			account_forget(account);
	}
}

static void end_sessions(struct account *account, enum stream_error error, const char *text)
{
	EACH_SESSION(account, s)
		session_end(s, error, text);
}

/* A domain that is served no more, or for now, ends its sessions; its accounts leave when they are idle. */
static bool take_host(struct hash_node *n, void *with)
{
	struct account *account = CONTAINER(n, struct account, by_jid);
	const struct host *host = host_find(account->address->domain);
	if (host) {
		account->host = host;
		if (host->is_suspended)
			end_sessions(account, STREAM_NOT_AUTHORIZED, "The domain is suspended");
		return true;
	}
	if (account->host && !account->old_hosts)
		account->old_hosts = hosts_share(account->host->hosts);
	end_sessions(account, STREAM_HOST_GONE, NULL);
	return true;
}

void accounts_take_hosts(struct home *home)
{
	hash_each(&home->accounts, take_host, NULL);
}

/* --- what modules keep of it --- */

void *account_data(const struct account *account, const struct module *m)
{
	return slots_get(account->kept, SLOTS_KEPT, m);
}

void account_set_data(struct account *account, const struct module *m, void *data)
{
	slots_set(&account->kept, SLOTS_KEPT, m, data);
}

void *account_live(const struct account *account, const struct module *m)
{
	return slots_get(account->live, SLOTS_LIVE, m);
}

void account_set_live(struct account *account, const struct module *m, void *data)
{
	slots_set(&account->live, SLOTS_LIVE, m, data);
}

/*
 * Two ways for each thing: run->direct says which.
 */
#include "admin/accounts.h"
#include "core/call.h"
#include "core/credentials_direct.h"
#include "core/home.h"
#include <string.h>

/* --- which domains --- */

struct names { struct arena *arena; const char **names; size_t count; };

static bool add_name(struct hash_node *n, void *with)
{
	struct names *names = with;
	names->names[names->count++] = arena_string(names->arena, CONTAINER(n, struct host, by_name)->name);
	return true;
}

const char *const *accounts_domains(const struct command_run *run)
{
	if (run->direct)
		return run->direct->domains;
	struct hosts *hosts = hosts_here();
	struct names names = { run->arena, arena_alloc(run->arena, (hosts->by_name.count + 1) * sizeof(char *)), 0 };
	hash_each(&hosts->by_name, add_name, &names);
	return names.names;
}

static bool is_served(const char *const *domains, const char *domain)
{
	for (; *domains; domains++)
		if (strcmp(*domains, domain) == 0)
			return true;
	return false;
}

static const char *not_served(const struct command_run *run, const char *const *domains, const char *domain)
{
	enum { NAMED = 10 };
	const char *text = arena_printf(run->arena, "%s is not served here; served %s", domain, *domains ? "are" : "is none");
	for (size_t i = 0; i < NAMED && domains[i]; i++)
		text = arena_printf(run->arena, "%s%s %s", text, i ? "," : ":", domains[i]);
	return text;
}

const char *accounts_domain(const struct command_run *run, const char *text, const char **error)
{
	const char *const *domains = accounts_domains(run);
	const char *domain = jid_domain(run->arena, text);
	*error = domain ? NULL : arena_printf(run->arena, "'%s' is no domain", text);
	if (domain && !is_served(domains, domain))
		*error = not_served(run, domains, domain);
	return *error ? NULL : domain;
}

const struct jid *accounts_jid(const struct command_run *run, const char *text, const char **error)
{
	const struct jid *jid = jid_parse(run->arena, text);
	if (!jid)
		*error = arena_printf(run->arena, "'%s' is no JID", text);
	else if (!jid->local)
		*error = arena_printf(run->arena, "'%s' names no user: user@domain is wanted", text);
	else if (jid->resource)
		*error = arena_printf(run->arena, "'%s' names a resource: the bare %s is wanted", text, jid->bare);
	else
		return accounts_domain(run, jid->domain, error) ? jid : NULL;
	return NULL;
}

/* --- questions --- */

struct asking {
	accounts_answered *answered;
	void *with;
};

static void answered(void *thing, const struct xml *answer)
{
	struct asking *asked = thing;
	asked->answered(asked->with, answer, answer ? NULL : "the account could not be read: try again later");
}

static void ask_server(const struct command_run *run, const struct jid *jid, const struct xml *question, struct asking *asked)
{
	struct arena *a = arena_new();
	call_account(jid->bare, a, xml_clone(a, question), answered, asked);
}

static void ask_store(const struct command_run *run, const struct jid *jid, const struct xml *question, struct asking *asked)
{
	struct fail why = { "" };
	struct arena *a = arena_new();
	const struct xml *answer = credentials_direct(run->direct->store, run->direct->config, a, jid, question, &why);
	asked->answered(asked->with, answer, answer ? NULL : why.text);
	arena_free(a);
}

void accounts_ask(const struct command_run *run, const struct jid *jid, const struct xml *question, accounts_answered *fn, void *with)
{
	struct asking *asked = ARENA_NEW(run->arena, struct asking);
	*asked = (struct asking){ fn, with };
	(run->direct ? ask_store : ask_server)(run, jid, question, asked);
}

/* --- reads --- */

struct reading {
	struct store_job   job;
	struct statement   statement;
	struct command_run *run;
	struct loop        *loop;
	void              (*found)(struct command_run *, const struct rows *, const char *why);
};

static void found(void *thing)
{
	struct reading *r = thing;
	bool ok = r->job.outcome == STORE_OK;
	r->found(r->run, ok ? r->job.results[0] : NULL, ok ? NULL : r->job.why.text);
}

static void read_done(struct store_job *job)
{
	struct reading *r = CONTAINER(job, struct reading, job);
	post(r->loop, found, r);
}

void accounts_read(struct command_run *run, const char *sql, const struct value *values, unsigned count,
	void (*fn)(struct command_run *, const struct rows *, const char *why))
{
	accounts_read_into(run, run->arena, sql, values, count, fn);
}

void accounts_read_into(struct command_run *run, struct arena *a, const char *sql, const struct value *values, unsigned count,
	void (*fn)(struct command_run *, const struct rows *, const char *why))
{
	struct reading *r = ARENA_NEW(a, struct reading);
	r->run = run;
	r->found = fn;
	r->statement.sql = sql;
	r->statement.values = arena_alloc(a, (count + 1) * sizeof *values);
	if (count)
		memcpy(r->statement.values, values, count * sizeof *values);
	r->statement.count = count;
	r->job = (struct store_job){ .first = &r->statement, .is_read = true, .arena = a, .done = read_done };
	if (run->direct) {
		r->job.outcome = store_run(run->direct->store, &r->job) ? STORE_OK : STORE_FAILED;
		found(r);
		return;
	}
	r->loop = home_here()->loop;
	store_submit(home_store(), &r->job);
}

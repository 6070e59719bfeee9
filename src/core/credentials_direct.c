/*
 * One read and one job of writes for each question. There are no homes and no
 * turns here; what a removal takes along is in the modules' `forget`.
 */
#include "core/credentials_direct.h"
#include "base/clock.h"
#include "core/disabled.h"
#include "core/portable.h"
#include "core/source.h"
#include <string.h>

struct direct {
	struct store     *store;
	const struct config *config;
	struct arena     *arena;
	struct store_job  job;               /* the writes, gathered */
	struct statement *last;
	struct fail      *why;
};

static void add_values(struct direct *d, struct store_job *job, const char *sql, const struct value *values, unsigned count)
{
	struct statement *s = ARENA_NEW(d->arena, struct statement);
	s->sql = sql;
	s->values = arena_alloc(d->arena, count * sizeof *values);
	memcpy(s->values, values, count * sizeof *values);
	s->count = count;
	if (d->last)
		d->last->next = s;
	else
		job->first = s;
	d->last = s;
}
#define add(d, sql, ...) add_values(d, &(d)->job, sql, (const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))

static bool run(struct direct *d, struct store_job *job)
{
	d->last = NULL;
	if (store_run(d->store, job))
		return true;
	if (d->why)
		*d->why = job->why;
	return false;
}

/* Id 0: there is none. */
static bool find(struct direct *d, const char *bare, int64_t *id)
{
	struct store_job job = { .is_read = true, .arena = d->arena };
	add_values(d, &job, Q_ACCOUNT_FIND, (const struct value[]){ V(bare) }, 1);
	if (!run(d, &job))
		return false;
	const struct row *row = job.results[0]->first;
	*id = row ? row_int(row, 0) : 0;
	return true;
}

static void put_account(struct direct *d, int64_t id, const struct jid *jid)
{
	add(d, Q_ACCOUNT_ADD, V(id), V(jid->bare), V(jid->domain), V(clock_wall()));
}

static void put_one(void *direct, const char *sql, const struct value *values, size_t count)
{
	struct direct *d = direct;
	add_values(d, &d->job, sql, values, (unsigned)count);
}

/* Returns the hashes. */
static unsigned put_keys(struct direct *d, const struct jid *jid, int64_t id, const char *prepared)
{
	struct password_keys *keys = ARENA_NEW(d->arena, struct password_keys);
	const struct config_scope *domain = config_domain(d->config, jid->domain, NULL);
	keys->password = prepared;
	keys->terms = *password_terms_usual();
	if (domain)
		password_terms_read(&keys->terms, domain);
	password_keys_make(keys);
	password_keys_write(keys, id, jid->domain, put_one, d);
	return keys->terms.hashes;
}

static struct xml *failed(struct direct *d, const char *why)
{
	return EL(d->arena, NS_CALL, "failed", ATTR(d->arena, "why", why));
}

static struct xml *write(struct direct *d)
{
	return run(d, &d->job) ? EL(d->arena, NS_CALL, "done", NULL) : NULL;
}

static struct xml *set_password(struct direct *d, const struct jid *jid, int64_t id, const char *text, bool is_new)
{
	const char *password = text ? jid_password(d->arena, text) : NULL;
	if ((id != 0) == is_new)
		return failed(d, is_new ? "exists" : "missing");
	if (!password || !*password)
		return failed(d, "password");
	if (is_new) {
		id = clock_key();
		put_account(d, id, jid);
	}
	put_keys(d, jid, id, password);
	return write(d);
}

static struct xml *forget(struct direct *d, int64_t id)
{
	if (!id)
		return failed(d, "missing");
	for (unsigned i = 0; i < modules_count(); i++)
		for (const char *const *sql = modules[i]->forget; sql && *sql; sql++)
			add(d, *sql, V(id));
	add(d, Q_ACCOUNT_REMOVE, V(id));
	return write(d);
}

static struct xml *disable(struct direct *d, int64_t id, msec when)
{
	if (!id)
		return failed(d, "missing");
	add(d, Q_DISABLED_SET, V(id), V(when));
	return write(d);
}

static void put(struct importing *in, const char *sql, const struct value *values, size_t count)
{
	struct direct *d = in->with;
	add_values(d, &d->job, sql, values, (unsigned)count);
}

/* As the turn in core/portable.c. */
static struct xml *import(struct direct *d, const struct jid *jid, int64_t id, const struct xml *user)
{
	const char *text = xml_get(user, "password"), *password = text ? jid_password(d->arena, text) : NULL;
	struct importing in = { .arena = d->arena, .jid = jid, .account = id ? id : clock_key(), .is_new = !id, .overwrites = xml_get(user, "overwrite") != NULL,
		.put = put, .with = d };
	if (text && (!password || !*password))
		return failed(d, "password");
	if (!id)
		put_account(d, in.account, jid);
	if (password && (!id || in.overwrites)) {
		in.hashes = put_keys(d, jid, in.account, password);
	}
	portable_import(&in, user);
	if (d->job.first && !run(d, &d->job))
		return NULL;
	return portable_report(d->arena, &in, !id);
}

/* Where passwords of its domain are, if not in the store. */
static bool is_elsewhere(const struct config *config, const struct jid *jid)
{
	const struct config_scope *domain = config ? config_domain(config, jid->domain, NULL) : NULL;
	return domain && !source_names_store(config_text(domain, "auth.plain.uri"));
}

struct xml *credentials_direct(struct store *store, const struct config *config, struct arena *a, const struct jid *jid, const struct xml *question, struct fail *why)
{
	struct direct d = { .store = store, .config = config, .arena = a, .why = why };
	int64_t id;
	if (!find(&d, jid->bare, &id))
		return NULL;
	if (strcmp(question->name, "account-remove") == 0)
		return forget(&d, id);
	if (strcmp(question->name, "account-disable") == 0 || strcmp(question->name, "account-enable") == 0)
		return disable(&d, id, strcmp(question->name, "account-disable") == 0 ? clock_wall() : 0);
	if (strcmp(question->name, "import") == 0)
		return import(&d, jid, id, question);
	if (is_elsewhere(config, jid))
		return failed(&d, "elsewhere");
	return set_password(&d, jid, id, xml_get(question, "password"), strcmp(question->name, "account-add") == 0);
}

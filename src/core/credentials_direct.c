/*
 * One read and one job of writes for each question. There are no homes and no
 * turns here; what a removal takes along is in the modules' `forget`.
 */
#include "core/credentials_direct.h"
#include "base/clock.h"
#include "core/disabled.h"
#include "core/portable.h"
#include <string.h>

struct direct {
	struct store     *store;
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

static void put_keys(struct direct *d, int64_t id, const struct scram_keys *k)
{
	size_t size = scram_size(k->hash);
	add(d, Q_CREDENTIAL_PUT, V(id), V(scram_mechanism(k->hash, false)), V((int64_t)k->rounds),
		value_blob(k->salt, k->salt_size), value_blob(k->stored, size), value_blob(k->server, size));
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
	struct password_keys *keys = ARENA_NEW(d->arena, struct password_keys);
	if ((id != 0) == is_new)
		return failed(d, is_new ? "exists" : "missing");
	keys->password = text ? jid_password(d->arena, text) : NULL;
	if (!keys->password || !*keys->password)
		return failed(d, "password");
	password_keys_make(keys);
	if (is_new) {
		id = clock_key();
		put_account(d, id, jid);
	}
	put_keys(d, id, &keys->sha1);
	put_keys(d, id, &keys->sha256);
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
		struct password_keys *keys = ARENA_NEW(d->arena, struct password_keys);
		keys->password = password;
		password_keys_make(keys);
		put_keys(d, in.account, &keys->sha1);
		put_keys(d, in.account, &keys->sha256);
		in.hashes = 1 << SCRAM_SHA_1 | 1 << SCRAM_SHA_256;
	}
	portable_import(&in, user);
	if (d->job.first && !run(d, &d->job))
		return NULL;
	return portable_report(d->arena, &in, !id);
}

struct xml *credentials_direct(struct store *store, struct arena *a, const struct jid *jid, const struct xml *question, struct fail *why)
{
	struct direct d = { .store = store, .arena = a, .why = why };
	int64_t id;
	if (!find(&d, jid->bare, &id))
		return NULL;
	if (strcmp(question->name, "account-remove") == 0)
		return forget(&d, id);
	if (strcmp(question->name, "account-disable") == 0 || strcmp(question->name, "account-enable") == 0)
		return disable(&d, id, strcmp(question->name, "account-disable") == 0 ? clock_wall() : 0);
	if (strcmp(question->name, "import") == 0)
		return import(&d, jid, id, question);
	return set_password(&d, jid, id, xml_get(question, "password"), strcmp(question->name, "account-add") == 0);
}

/*
 * The calls that concern an account itself: its keys, its password, its being
 * there, its sessions.
 *
 * A name that doesn't exist is asked for its keys like any other, so that the
 * answer takes the same time and the guesses count alike.
 */
#include "core/credentials.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/limit.h"
#include "core/session.h"
#include "core/source.h"
#include "core/token.h"
#include "core/turn_out.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

const char Q_ACCOUNT_FIND[] = "SELECT id, disabled FROM account WHERE jid = ?1";
const char Q_ACCOUNT_ADD[] = "INSERT INTO account (id, jid, host, created) VALUES (?1, ?2, ?3, ?4)";
const char Q_ACCOUNT_REMOVE[] = "DELETE FROM account WHERE id = ?1";
/* The password itself is not among them, but a row that says whether it is kept. */
static const char Q_CREDENTIAL_GET[] = "SELECT hash, rounds, salt, stored, server FROM credential WHERE account = ?1"
	" UNION ALL SELECT 'CLEAR', 0, NULL, NULL, NULL FROM clear_password WHERE account = ?1";
static const char Q_CLEAR_GET[] = "SELECT password FROM clear_password WHERE account = ?1";

enum { VERIFIER = 44 };              /* base64 of 32 bytes */

struct throttle {                    /* of one account: live, on its home */
	unsigned wrong;              /* passwords in a row */
	uint32_t verifier_stamp;     /* of the source that said that `verifier` is right */
	msec     until;              /* no more tries before */
	char     verifier[VERIFIER + 1];     /* of the last right password */
	unsigned char verifier_kinds;        /* what was kept of that: when more is wanted, it must be seen again */
	msec     verifier_until;
};

static struct throttle *throttle(struct account *account)
{
	if (!account->throttle)
		account->throttle = NEW(struct throttle);
	return account->throttle;
}

static enum stanza_error answer(struct turn *t, const char *name)
{
	turn_answer(t, EL(t->arena, NS_CALL, name));
	return HANDLED;
}

static enum stanza_error failed(struct turn *t, const char *why)
{
	turn_answer(t, EL(t->arena, NS_CALL, "failed", ATTR(t->arena, "why", why)));
	return HANDLED;
}

/* --- keys --- */

const struct password_terms *credentials_terms(const struct turn *t)
{
	return t->host ? &t->host->passwords : password_terms_usual();
}

static const char *base64_of(struct arena *a, const struct row *row, unsigned column)
{
	size_t size;
	const void *data = row_blob(row, column, &size);
	return base64_encode(a, data, size);
}

static const struct row *row_of_hash(const struct rows *rows, const char *hash)
{
	for (const struct row *row = rows->first; row; row = row->next)
		if (strcmp(row_text(row, 0), hash) == 0)
			return row;
	return NULL;
}

/* The strongest that is there. */
static const struct row *row_of_any(const struct rows *rows)
{
	const struct row *best = NULL;
	for (enum scram_hash hash = 0; hash < SCRAM_HASHES; hash++) {
		const struct row *row = row_of_hash(rows, scram_mechanism(hash, false));
		if (row)
			best = row;
	}
	return best;
}

static bool is_stale(const struct turn *t, const struct rows *rows)
{
	const struct password_terms *terms = credentials_terms(t);
	bool lacks = terms->keeps_clear && !row_of_hash(rows, "CLEAR");
	for (enum scram_hash hash = 0; hash < SCRAM_HASHES; hash++)
		lacks = lacks || ((terms->hashes >> hash & 1) && !row_of_hash(rows, scram_mechanism(hash, false)));
	return lacks;
}

static enum stanza_error keys_found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const struct row *row = row_of_hash(rows, xml_get(t->stanza, "hash"));
	if (!row && xml_get(t->stanza, "or"))
		row = row_of_any(rows);
	if (!row || t->account->state != ACCOUNT_READY)
		return answer(t, "refused");
	turn_answer(t, EL(a, NS_CALL, "credentials", ATTR(a, "hash", row_text(row, 0)), ATTR(a, "rounds", arena_printf(a, "%lld", (long long)row_int(row, 1))),
		ATTR(a, "salt", base64_of(a, row, 2)), ATTR(a, "stored", base64_of(a, row, 3)), ATTR(a, "server", base64_of(a, row, 4)),
		is_stale(t, rows) ? ATTR(a, "stale", "yes") : NULL));
	return HANDLED;
}

/* Of keys, and whether the password itself is kept, in one byte: accounts are many. */
static unsigned char kinds(const struct turn *t)
{
	const struct password_terms *terms = credentials_terms(t);
	return (unsigned char)(terms->hashes | (terms->keeps_clear ? 0x80u : 0));
}

static bool is_verified(const struct turn *t, const char *verifier, const struct source *source)
{
	const struct throttle *h = t->account->throttle;
	if (h && (h->verifier_stamp != source_stamp(source) || h->verifier_kinds != kinds(t)))
		return false;
	return verifier && h && h->verifier_until > clock_now() && strlen(verifier) == VERIFIER
	    && CRYPTO_memcmp(h->verifier, verifier, VERIFIER) == 0;
}

bool credentials_must_wait(const struct account *account)
{
	bool must = account->throttle && account->throttle->until > clock_now();
	if (must)
		limit_reached(LIMIT_LOGINS_PER_ACCOUNT);
	return must;
}

/* Who isn't there is looked for all the same: no row has this id. */
static int64_t id_of(const struct account *account)
{
	return account->state == ACCOUNT_READY ? account->id : 0;
}

static enum stanza_error credentials(struct turn *t)
{
	struct account *account = t->account;
	bool is_known;
	struct source *source = source_asked(t, &is_known);
	if (account->state == ACCOUNT_FAILED || !xml_get(t->stanza, "hash") || !is_known)
		return RESOURCE_CONSTRAINT;
	if (credentials_must_wait(account))
		return answer(t, "wait");
	if (account->state == ACCOUNT_READY && is_verified(t, xml_get(t->stanza, "verifier"), source))
		return answer(t, "verified");
	if (source)
		return source_credentials(t, source);
	return turn_read(t, keys_found, Q_CREDENTIAL_GET, V(id_of(account)));
}

static enum stanza_error clear_found(struct turn *t, const struct rows *rows)
{
	if (!rows->first || t->account->state != ACCOUNT_READY || !credentials_terms(t)->keeps_clear)
		return answer(t, "refused");
	turn_answer(t, EL(t->arena, NS_CALL, "clear", ATTR(t->arena, "password", row_text(rows->first, 0))));
	return HANDLED;
}

static enum stanza_error clear(struct turn *t)
{
	bool is_known;
	struct source *source = source_asked(t, &is_known);
	if (t->account->state == ACCOUNT_FAILED || !is_known)
		return RESOURCE_CONSTRAINT;
	if (credentials_must_wait(t->account))
		return answer(t, "wait");
	if (source)
		return source_clear(t, source);
	return turn_read(t, clear_found, Q_CLEAR_GET, V(id_of(t->account)));
}

/* The source may have changed since it was asked: its stamp is that of before. */
static void remember_verifier(const struct turn *t, const char *verifier, const char *how_long, const struct source *source)
{
	struct throttle *h = throttle(t->account);
	const char *stamp = xml_get(t->stanza, "stamp");
	if (!verifier || strlen(verifier) != VERIFIER || !how_long)
		return;
	memcpy(h->verifier, verifier, VERIFIER + 1);
	h->verifier_until = clock_now() + source_memory(source, strtoll(how_long, NULL, 10));
	h->verifier_stamp = stamp ? (uint32_t)strtoul(stamp, NULL, 10) : 0;
	h->verifier_kinds = kinds(t);
}

static enum stanza_error verdict(struct turn *t)
{
	const char *good = xml_get(t->stanza, "good");
	const struct core_limits *limits = &t->account->home->hosts->limits;
	const struct host *host = host_find(t->account->address->domain);
	const unsigned most = host && limits->enabled ? host->wrong_passwords : 0;
	struct throttle *h = throttle(t->account);
	bool is_known;
	struct source *source = source_asked(t, &is_known);
	if (good && strcmp(good, "yes") == 0) {
		h->wrong = 0;
		remember_verifier(t, is_known ? xml_get(t->stanza, "verifier") : NULL, xml_get(t->stanza, "for"), source);
		return source && t->account->state == ACCOUNT_UNKNOWN ? credentials_appear(t) : HANDLED;
	}
	if (most && ++h->wrong >= most) {
		h->until = clock_now() + limits->wrong_password_pause;
		h->wrong = 0;
		LOG_OF(LOG_LOW, ((struct log_who){ "AUTH", t->account->jid, "" }), "%u wrong passwords in a row: must wait", most);
	}
	return HANDLED;
}

/* --- passwords --- */

static void put(void *turn, const char *sql, const struct value *values, size_t count)
{
	turn_write_values(turn, sql, values, count);
}

void credentials_forget_verifier(struct turn *t, void *with)
{
	if (t->account->throttle)
		t->account->throttle->verifier_until = 0;
}

void credentials_write(struct turn *t, const struct password_keys *k)
{
	tokens_forget(t);
	password_keys_write(k, t->account->id, t->account->address->domain, put, t);
	turn_then(t, credentials_forget_verifier, NULL);
}

/* --- keys that its client made --- */

static struct value decoded(struct turn *t, const char *name)
{
	size_t size = 0;
	const char *text = xml_get(t->stanza, name);
	const void *bytes = text ? base64_decode(t->arena, text, &size) : NULL;
	return value_blob(bytes, size);
}

static enum stanza_error keys_add(struct turn *t)
{
	const char *hash = xml_get(t->stanza, "hash"), *rounds = xml_get(t->stanza, "rounds");
	if (t->account->state != ACCOUNT_READY || !hash || !rounds)
		return RESOURCE_CONSTRAINT;
	turn_write(t, Q_CREDENTIAL_PUT, V(t->account->id), V(hash), V((int64_t)strtoll(rounds, NULL, 10)), decoded(t, "salt"),
		decoded(t, "stored"), decoded(t, "server"));
	return answer(t, "done");
}

/* All of it, and nobody can stop it. */
static void run_line(struct turn *t, enum event event)
{
	size_t count;
	const struct stop *line = modules_line(event, &count);
	for (size_t i = 0; i < count; i++)
		if (!t->account->host || !(t->account->host->off & line[i].bit))
			line[i].run(t);
}

struct change {
	struct password_keys keys;
	hook_function *done;
	bool is_new;
};

static void reload(struct turn *t, void *with)
{
	account_reload(t->account);
}

enum stanza_error credentials_appear(struct turn *t)
{
	struct account *account = t->account;
	account->id = clock_key();
	turn_write(t, Q_ACCOUNT_ADD, V(account->id), V(account->jid), V(account->address->domain), V(clock_wall()));
	turn_then(t, reload, NULL);
	run_line(t, ACCOUNT_ADDED);
	return OK;
}

static enum stanza_error changed(struct turn *t, void *with)
{
	struct change *c = with;
	if (c->is_new)
		credentials_appear(t);
	credentials_write(t, &c->keys);
	return c->done(t);
}

static enum stanza_error change(struct turn *t, const char *prepared, hook_function *done, bool is_new)
{
	struct change *c = ARENA_NEW(t->arena, struct change);
	c->keys.password = arena_string(t->arena, prepared);
	c->keys.terms = *credentials_terms(t);
	c->done = done;
	c->is_new = is_new;
	return turn_work(t, password_keys_make, changed, c);
}

enum stanza_error credentials_change(struct turn *t, const char *prepared, hook_function *done)
{
	struct source *source = source_of_host(t->account->host, SOURCE_FOR_PLAIN);
	if (source)
		return source_write(t, source, prepared, done);
	return change(t, prepared, done, false);
}

enum stanza_error credentials_create(struct turn *t, const char *prepared, hook_function *done)
{
	return change(t, prepared, done, true);
}

static enum stanza_error tell_done(struct turn *t)
{
	return answer(t, "done");
}

static enum stanza_error set_password(struct turn *t, bool is_new)
{
	const char *text = xml_get(t->stanza, "password");
	const char *password = text ? jid_password(t->arena, text) : NULL;
	struct source *source = source_of_host(t->account->host, SOURCE_FOR_PLAIN);
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (source && (is_new || !(source_abilities(source) & SOURCE_WRITES)))
		return failed(t, "elsewhere");
	if ((t->account->state == ACCOUNT_READY) == is_new || t->account->is_anonymous)
		return failed(t, is_new ? "exists" : "missing");
	if (!password || !*password)
		return failed(t, "password");
	if (source)
		return source_write(t, source, password, tell_done);
	return change(t, password, tell_done, is_new);
}

static enum stanza_error account_add(struct turn *t)
{
	return set_password(t, true);
}

static enum stanza_error account_passwd(struct turn *t)
{
	return set_password(t, false);
}

/* Another password may have been set since this one was found to fit: only what the same keys are of is made anew. */
static enum stanza_error still_there(struct turn *t, const struct rows *rows)
{
	const char *password = xml_get(t->stanza, "password");
	const struct row *row = row_of_hash(rows, xml_get(t->stanza, "hash"));
	if (!row || strcmp(base64_of(t->arena, row, 3), xml_get(t->stanza, "stored")) != 0)
		return HANDLED;
	return change(t, password, tell_done, false);
}

static enum stanza_error renew(struct turn *t)
{
	if (t->account->state != ACCOUNT_READY)
		return HANDLED;
	return turn_read_to_write(t, still_there, Q_CREDENTIAL_GET, V(t->account->id));
}

/* --- who logs in without a password --- */

static enum stanza_error refuse_identity(struct turn *t)
{
	return answer(t, "refused");
}

static enum stanza_error identity(struct turn *t)
{
	const struct account *account = t->account;
	const char *make = xml_get(t->stanza, "make");
	if (account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (account->state == ACCOUNT_READY && !account->is_anonymous)
		return answer(t, "known");
	if (account->is_anonymous)
		return answer(t, "refused");
	if (!make || strcmp(make, "yes") != 0)
		return source_meet(t, refuse_identity);
	credentials_appear(t);
	return answer(t, "known");
}

/* --- removal --- */

static enum stanza_error end_sessions(struct turn *t)
{
	EACH_SESSION(t->account, s)
		session_end(s, STREAM_NOT_AUTHORIZED, "The account was removed");
	return HANDLED;
}

/* A turn of its own, behind this one: the client that asked for it is told first (XEP-0077 §3.2). */
static void removed(struct turn *t, void *with)
{
	struct account *account = t->account;
	mem_free(account->throttle);
	account->throttle = NULL;
	account_reload(account);                     /* finds nothing */
	struct turn *end = turn_new(arena_new(), account);
	end->to = account->address;
	end->out->begin = end_sessions;
	turn_queue_always(end);
}

enum stanza_error credentials_remove(struct turn *t)
{
	run_line(t, ACCOUNT_REMOVED);
	for (unsigned i = 0; i < modules_count(); i++)
		for (const char *const *sql = modules[i]->forget; sql && *sql; sql++)
			turn_write(t, *sql, V(t->account->id));
	turn_write(t, Q_ACCOUNT_REMOVE, V(t->account->id));
	turn_then(t, removed, NULL);
	return OK;
}

static enum stanza_error account_remove(struct turn *t)
{
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if (t->account->state != ACCOUNT_READY || t->account->is_anonymous)
		return failed(t, "missing");
	credentials_remove(t);
	turn_answer(t, EL(t->arena, NS_CALL, "done", source_of_host(t->account->host, SOURCE_FOR_PLAIN) ? ATTR(t->arena, "why", "elsewhere") : NULL));
	return HANDLED;
}

/* --- sessions --- */

static enum stanza_error kick(struct turn *t)
{
	const char *resource = xml_get(t->stanza, "resource"), *why = xml_get(t->stanza, "why");
	unsigned count = 0;
	EACH_SESSION(t->account, s) {
		if (!s->stream || (resource && strcmp(resource, s->resource) != 0))
			continue;
		session_end(s, STREAM_POLICY_VIOLATION, why ? why : "Ended by an administrator");
		count++;
	}
	turn_answer(t, EL(t->arena, NS_CALL, "done", ATTR(t->arena, "sessions", arena_printf(t->arena, "%u", count))));
	return HANDLED;
}

const struct module mod_credentials = {
	.name  = "credentials",
	.is_needed = true,
	.title = "Accounts and their keys",
	.forget = FORGET(Q_CREDENTIAL_REMOVE, Q_CLEAR_REMOVE),
	.migrations = MIGRATIONS({ "credentials", 1,
		"CREATE TABLE clear_password (account INTEGER PRIMARY KEY, host TEXT NOT NULL, password TEXT NOT NULL);"
		"CREATE INDEX clear_password_host ON clear_password (host)" }),
	.portable = &credentials_portable,
	.calls = CALLS({ "credentials", credentials }, { "clear", clear }, { "identity", identity }, { "verdict", verdict }, { "renew", renew },
		{ "keys-add", keys_add }, { "account-add", account_add },
		{ "account-passwd", account_passwd }, { "account-remove", account_remove }, { "kick", kick }),
};

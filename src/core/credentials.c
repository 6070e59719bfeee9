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
#include "base/random.h"
#include "core/limit.h"
#include "core/session.h"
#include "core/turn_out.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

const char Q_ACCOUNT_FIND[] = "SELECT id, disabled FROM account WHERE jid = ?1";
const char Q_ACCOUNT_ADD[] = "INSERT INTO account (id, jid, host, created) VALUES (?1, ?2, ?3, ?4)";
const char Q_ACCOUNT_REMOVE[] = "DELETE FROM account WHERE id = ?1";
const char Q_CREDENTIAL_PUT[] = "INSERT OR REPLACE INTO credential (account, hash, rounds, salt, stored, server) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const char Q_CREDENTIAL_REMOVE[] = "DELETE FROM credential WHERE account = ?1";
/* Of two hashes, the first that it has. */
static const char Q_CREDENTIAL_GET[] =
	"SELECT rounds, salt, stored, server, hash FROM credential WHERE account = ?1 AND hash IN (?2, ?3) ORDER BY hash = ?2 DESC LIMIT 1";

enum { VERIFIER = 44 };              /* base64 of 32 bytes */

struct throttle {                    /* of one account: live, on its home */
	unsigned wrong;              /* passwords in a row */
	msec     until;              /* no more tries before */
	char     verifier[VERIFIER + 1];     /* of the last right password */
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

static struct xml *base64_attribute(struct arena *a, const char *name, const struct row *row, unsigned column)
{
	size_t size;
	const void *data = row_blob(row, column, &size);
	return ATTR(a, name, base64_encode(a, data, size));
}

static enum stanza_error keys_found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const struct row *row = rows->first;
	if (!row || t->account->state != ACCOUNT_READY)
		return answer(t, "refused");
	turn_answer(t, EL(a, NS_CALL, "credentials", ATTR(a, "hash", row_text(row, 4)), ATTR(a, "rounds", arena_printf(a, "%lld", (long long)row_int(row, 0))),
		base64_attribute(a, "salt", row, 1), base64_attribute(a, "stored", row, 2), base64_attribute(a, "server", row, 3)));
	return HANDLED;
}

static bool is_verified(const struct account *account, const char *verifier)
{
	const struct throttle *h = account->throttle;
	return verifier && h && h->verifier_until > clock_now() && strlen(verifier) == VERIFIER
	    && CRYPTO_memcmp(h->verifier, verifier, VERIFIER) == 0;
}

static enum stanza_error credentials(struct turn *t)
{
	struct account *account = t->account;
	const char *hash = xml_get(t->stanza, "hash"), *or = xml_get(t->stanza, "or");
	if (account->state == ACCOUNT_FAILED || !hash)
		return RESOURCE_CONSTRAINT;
	if (account->throttle && account->throttle->until > clock_now()) {
		limit_reached(LIMIT_LOGINS_PER_ACCOUNT);
		return answer(t, "wait");
	}
	if (account->state == ACCOUNT_READY && is_verified(account, xml_get(t->stanza, "verifier")))
		return answer(t, "verified");
	return turn_read(t, keys_found, Q_CREDENTIAL_GET, V(account->state == ACCOUNT_READY ? account->id : 0), V(hash), V(or ? or : hash));
}

static void remember_verifier(struct throttle *h, const char *verifier, msec how_long)
{
	if (!verifier || strlen(verifier) != VERIFIER || !how_long)
		return;
	memcpy(h->verifier, verifier, VERIFIER + 1);
	h->verifier_until = clock_now() + how_long;
}

static enum stanza_error verdict(struct turn *t)
{
	const char *good = xml_get(t->stanza, "good");
	const struct core_limits *limits = &t->account->home->hosts->limits;
	struct throttle *h = throttle(t->account);
	if (good && strcmp(good, "yes") == 0) {
		h->wrong = 0;
		remember_verifier(h, xml_get(t->stanza, "verifier"), limits->verifier_cache);
		return HANDLED;
	}
	if (limits->enabled && limits->wrong_passwords && ++h->wrong >= limits->wrong_passwords) {
		h->until = clock_now() + limits->wrong_password_pause;
		h->wrong = 0;
		LOG_OF(LOG_LOW, ((struct log_who){ "AUTH", t->account->jid, "" }), "%u wrong passwords in a row: must wait", limits->wrong_passwords);
	}
	return HANDLED;
}

/* --- passwords --- */

static void make(struct scram_keys *keys, enum scram_hash hash, const char *password)
{
	unsigned char salt[SCRAM_SALT_USUAL];
	random_fill(salt, sizeof salt);
	scram_keys_make(keys, hash, password, salt, sizeof salt, CREDENTIAL_ROUNDS);
}

void password_keys_make(void *thing)
{
	struct password_keys *k = thing;
	make(&k->sha1, SCRAM_SHA_1, k->password);
	make(&k->sha256, SCRAM_SHA_256, k->password);
}

static void write_keys(struct turn *t, const struct scram_keys *k)
{
	size_t size = scram_size(k->hash);
	turn_write(t, Q_CREDENTIAL_PUT, V(t->account->id), V(scram_mechanism(k->hash, false)), V((int64_t)k->rounds),
		value_blob(k->salt, k->salt_size), value_blob(k->stored, size), value_blob(k->server, size));
}

static void forget_verifier(struct turn *t, void *with)
{
	if (t->account->throttle)
		t->account->throttle->verifier_until = 0;
}

void credentials_write(struct turn *t, const struct password_keys *k)
{
	write_keys(t, &k->sha1);
	write_keys(t, &k->sha256);
	turn_then(t, forget_verifier, NULL);
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

static enum stanza_error changed(struct turn *t, void *with)
{
	struct change *c = with;
	struct account *account = t->account;
	if (c->is_new) {
		account->id = clock_key();
		turn_write(t, Q_ACCOUNT_ADD, V(account->id), V(account->jid), V(account->address->domain), V(clock_wall()));
		turn_then(t, reload, NULL);
		run_line(t, ACCOUNT_ADDED);
	}
	credentials_write(t, &c->keys);
	return c->done(t);
}

static enum stanza_error change(struct turn *t, const char *prepared, hook_function *done, bool is_new)
{
	struct change *c = ARENA_NEW(t->arena, struct change);
	c->keys.password = arena_string(t->arena, prepared);
	c->done = done;
	c->is_new = is_new;
	return turn_work(t, password_keys_make, changed, c);
}

enum stanza_error credentials_change(struct turn *t, const char *prepared, hook_function *done)
{
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
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	if ((t->account->state == ACCOUNT_READY) == is_new)
		return failed(t, is_new ? "exists" : "missing");
	if (!password || !*password)
		return failed(t, "password");
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
	if (t->account->state != ACCOUNT_READY)
		return failed(t, "missing");
	credentials_remove(t);
	return answer(t, "done");
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
	.forget = FORGET(Q_CREDENTIAL_REMOVE),
	.portable = &credentials_portable,
	.calls = CALLS({ "credentials", credentials }, { "verdict", verdict }, { "account-add", account_add },
		{ "account-passwd", account_passwd }, { "account-remove", account_remove }, { "kick", kick }),
};

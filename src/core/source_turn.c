/*
 * What a source is asked at the home of an account.
 *
 * Nobody learns from the time it takes whether a user exists, as far as we
 * can see to it: keys that have to be made of clear text are made for those too
 * who aren't there, and who isn't there is answered with what fake keys should
 * look like in this file. A program or a service takes its own time.
 */
#include "core/source_inside.h"
#include "base/random.h"
#include "core/credentials.h"
#include "core/home.h"
#include "core/turn_out.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <string.h>

/* Of this process: the salts of keys that are made of clear text, the same at each try. */
static unsigned char secret[32];

__attribute__((constructor)) static void make_secret(void)
{
	random_fill(secret, sizeof secret);
}

static enum stanza_error answer(struct turn *t, const char *name)
{
	turn_answer(t, EL(t->arena, NS_CALL, name));
	return HANDLED;
}

/* --- files --- */

static struct xml *number(struct arena *a, const char *name, size_t n)
{
	return n ? ATTR(a, name, arena_printf(a, "%zu", n)) : NULL;
}

/* Go on with fake keys, which look like those of this file. */
static enum stanza_error refused(struct turn *t, const struct file_facts *facts, enum scram_hash hash)
{
	struct arena *a = t->arena;
	const bool is_made = facts->has_clear;
	turn_answer(t, EL(a, NS_CALL, "refused", is_made ? NULL : ATTR(a, "hash", scram_mechanism(hash, false)),
		number(a, "rounds", is_made ? 0 : facts->rounds[hash]), number(a, "salt-size", is_made ? 0 : facts->salt_size[hash])));
	return HANDLED;
}

static enum stanza_error tell_keys(struct turn *t, const struct scram_keys *k)
{
	struct arena *a = t->arena;
	size_t size = scram_size(k->hash);
	turn_answer(t, EL(a, NS_CALL, "credentials", ATTR(a, "hash", scram_mechanism(k->hash, false)), ATTR(a, "rounds", arena_printf(a, "%u", k->rounds)),
		ATTR(a, "salt", base64_encode(a, k->salt, k->salt_size)), ATTR(a, "stored", base64_encode(a, k->stored, size)),
		ATTR(a, "server", base64_encode(a, k->server, size))));
	return HANDLED;
}

struct making {
	const char       *password;
	struct scram_keys keys;              /* with hash, salt and rounds */
	const struct scram_keys *ready;      /* that there were already; NULL: those that were made */
	bool              is_there;
	struct file_facts facts;
};

static void make(void *with)                                     /* on a worker */
{
	struct making *m = with;
	struct scram_keys like = m->keys;
	scram_keys_make(&m->keys, like.hash, m->password, like.salt, like.salt_size, like.rounds);
}

static enum stanza_error made(struct turn *t, void *with)
{
	struct making *m = with;
	enum stanza_error verdict = m->is_there ? tell_keys(t, m->ready ? m->ready : &m->keys) : refused(t, &m->facts, m->keys.hash);
	OPENSSL_cleanse(&m->keys, sizeof m->keys);
	return verdict;
}

/* Where any password is clear text, everybody's keys take as long. */
static enum stanza_error make_keys(struct turn *t, const struct file_user *user, const struct file_facts *facts, enum scram_hash hash,
				   const struct scram_keys *ready)
{
	struct making *m = ARENA_NEW(t->arena, struct making);
	*m = (struct making){ .password = user->clear ? user->clear : "", .ready = ready, .is_there = ready || user->clear, .facts = *facts };
	scram_fake_keys(&m->keys, secret, sizeof secret, t->account->jid, hash, SCRAM_SALT_USUAL, credentials_terms(t)->rounds);
	return turn_work(t, make, made, m);
}

static const struct scram_keys *keys_of(const struct file_user *user, const char *mechanism)
{
	enum scram_hash hash;
	bool plus;
	return mechanism && scram_find(mechanism, &hash, &plus) && (user->has & 1u << hash) ? &user->keys[hash] : NULL;
}

/* Of those in the file, whichever they are. */
static const struct scram_keys *any_keys_of(const struct file_user *user)
{
	for (int i = SCRAM_HASHES - 1; i >= 0; i--)
		if (user->has & 1u << i)
			return &user->keys[i];
	return NULL;
}

static bool is_same(const char *password, const char *clear)
{
	size_t size = strlen(clear);
	return strlen(password) == size && CRYPTO_memcmp(password, clear, size) == 0;
}

static enum scram_hash hash_asked(const struct turn *t)
{
	const char *name = xml_get(t->stanza, "hash");
	enum scram_hash hash = SCRAM_SHA_256;
	bool plus;
	if (name)
		scram_find(name, &hash, &plus);
	return hash;
}

static enum scram_hash usual_hash(const struct file_facts *facts)
{
	int hash = SCRAM_HASHES - 1;
	while (hash && !facts->rounds[hash])
		hash--;
	return (enum scram_hash)hash;
}

/* A wrong password is looked at once more, with fake keys: as long as one of who isn't there, or whose keys are in the file. */
static enum stanza_error check_file(struct turn *t, const struct file_user *user, const struct file_facts *facts, const char *password)
{
	if (user->clear && is_same(password, user->clear))
		return answer(t, "verified");
	const struct scram_keys *keys = user->clear ? NULL : any_keys_of(user);
	return keys ? tell_keys(t, keys) : refused(t, facts, usual_hash(facts));
}

static enum stanza_error ask_file(struct turn *t, struct source *s)
{
	struct file_user user;
	struct file_facts facts;
	const char *password = xml_get(t->stanza, "password");
	file_find(s, t->arena, t->account->address, &user, &facts);
	if (password)
		return check_file(t, &user, &facts, password);
	const struct scram_keys *keys = keys_of(&user, xml_get(t->stanza, "hash"));
	if (facts.has_clear)
		return make_keys(t, &user, &facts, hash_asked(t), keys ? (const void *)arena_copy(t->arena, keys, sizeof *keys) : NULL);
	return keys ? tell_keys(t, keys) : refused(t, &facts, hash_asked(t));
}

enum stanza_error source_clear(struct turn *t, struct source *s)
{
	struct file_user user;
	struct file_facts facts;
	if (s->kind != &source_file || !file_find(s, t->arena, t->account->address, &user, &facts) || !user.clear)
		return answer(t, "refused");
	turn_answer(t, EL(t->arena, NS_CALL, "clear", ATTR(t->arena, "password", user.clear)));
	return HANDLED;
}

/* --- another server's database --- */

static struct xml *base64_of(struct arena *a, const char *name, const struct row *row, unsigned column)
{
	size_t size;
	const void *data = row_blob(row, column, &size);
	return ATTR(a, name, base64_encode(a, data, size));
}

/* Keys of another hash do if any do. */
static enum stanza_error keys_found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const struct row *row = rows->first;
	if (!row || (!xml_get(t->stanza, "or") && strcmp(row_text(row, 0), xml_get(t->stanza, "hash")) != 0))
		return answer(t, "refused");
	turn_answer(t, EL(a, NS_CALL, "credentials", ATTR(a, "hash", row_text(row, 0)), ATTR(a, "rounds", arena_printf(a, "%lld", (long long)row_int(row, 1))),
		base64_of(a, "salt", row, 2), base64_of(a, "stored", row, 3), base64_of(a, "server", row, 4)));
	return HANDLED;
}

/* --- those who answer late --- */

struct asking {
	struct turn *turn;
	enum source_answer answer;
	hook_function *done;                 /* of source_write */
};

static void came(void *with, enum source_answer said)
{
	struct asking *k = with;
	k->answer = said;
	turn_came(k->turn);
}

static enum stanza_error checked(struct turn *t, void *with)
{
	const struct asking *k = with;
	if (k->answer == SOURCE_LATER)
		return RESOURCE_CONSTRAINT;
	return answer(t, k->answer == SOURCE_YES ? "verified" : "refused");
}

static enum stanza_error ask_other(struct turn *t, struct source *s)
{
	const char *password = xml_get(t->stanza, "password");
	if (!password || !*password)                 /* an empty one logs nobody in to some directories, and that well */
		return answer(t, "refused");
	struct asking *k = ARENA_NEW(t->arena, struct asking);
	k->turn = t;
	source_ask(s, ASK_PASSWORD, t->account->address, password, came, k);
	return turn_wait(t, false, checked, k);
}

static enum stanza_error written(struct turn *t, void *with)
{
	const struct asking *k = with;
	if (k->answer == SOURCE_NO && t->kind == KIND_CALL) {
		turn_answer(t, EL(t->arena, NS_CALL, "failed", ATTR(t->arena, "why", "refused")));
		return HANDLED;
	}
	if (k->answer != SOURCE_YES)
		return k->answer == SOURCE_NO ? NOT_ACCEPTABLE : RESOURCE_CONSTRAINT;
	turn_then(t, credentials_forget_verifier, NULL);
	return k->done(t);
}

enum stanza_error source_write(struct turn *t, struct source *s, const char *prepared, hook_function *done)
{
	if (!(source_abilities(s) & SOURCE_WRITES))
		return NOT_ALLOWED;
	struct asking *k = ARENA_NEW(t->arena, struct asking);
	*k = (struct asking){ t, SOURCE_LATER, done };
	source_ask(s, SET_PASSWORD, t->account->address, prepared, came, k);
	return turn_wait(t, true, written, k);
}

enum stanza_error source_credentials(struct turn *t, struct source *s)
{
	if (s->kind == &source_file)
		return ask_file(t, s);
	return s->kind == &source_sqlite ? sqlite_keys(t, s, xml_get(t->stanza, "hash"), keys_found) : ask_other(t, s);
}

/* --- accounts that nobody has logged in to --- */

static enum stanza_error appears(struct turn *t)
{
	return t->account->state == ACCOUNT_UNKNOWN ? credentials_appear(t) : HANDLED;
}

/* A turn of its own before this one makes the account; this one is begun again when it is there. */
static enum stanza_error begin_again(struct turn *t)
{
	struct turn *before = turn_new(arena_new(), t->account);
	before->to = t->account->address;
	before->out->begin = appears;
	t->out->has_met = true;
	turn_again(t);
	turn_queue_first(before);
	return HANDLED;
}

static enum stanza_error denied(struct turn *t)
{
	t->account->is_denied = true;
	return t->out->refuse(t);
}

static enum stanza_error met(struct turn *t, void *with)
{
	const struct asking *k = with;
	if (k->answer == SOURCE_LATER)
		return RESOURCE_CONSTRAINT;
	return k->answer == SOURCE_YES ? begin_again(t) : denied(t);
}

static enum stanza_error met_there(struct turn *t, const struct rows *rows)
{
	return rows->first ? begin_again(t) : denied(t);
}

static enum stanza_error meet_file(struct turn *t, struct source *s)
{
	struct file_user user;
	struct file_facts facts;
	return file_find(s, t->arena, t->account->address, &user, &facts) ? begin_again(t) : t->out->refuse(t);
}

enum stanza_error source_meet(struct turn *t, hook_function *refuse)
{
	struct source *s = source_of_host(t->account->host, SOURCE_FOR_PLAIN);
	if (!s || t->account->is_denied || !(source_abilities(s) & SOURCE_KNOWS))
		return refuse(t);
	if (t->out->has_met)                         /* the account was made and isn't there: the store is in trouble */
		return RESOURCE_CONSTRAINT;
	t->out->refuse = refuse;
	if (s->kind == &source_file)
		return meet_file(t, s);
	if (s->kind == &source_sqlite)
		return sqlite_is_there(t, s, met_there);
	struct asking *k = ARENA_NEW(t->arena, struct asking);
	k->turn = t;
	source_ask(s, ASK_USER, t->account->address, NULL, came, k);
	return turn_wait(t, true, met, k);
}

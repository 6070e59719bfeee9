/*
 * The home is asked for keys, and for whether it saw this very password lately:
 * then it says so, by a keyed digest, and the pool has nothing to do.
 */
#include "streams/password.h"
#include "core/call.h"
#include "core/credentials.h"
#include "streams/keys.h"
#include <openssl/crypto.h>
#include <string.h>

struct check {
	const char *user;
	char *text;
	char *password;              /* prepared */
	struct scram_keys keys;
	bool is_right;
};

static const enum scram_hash usual = SCRAM_SHA_256;

/* A password that came with an account from elsewhere, where only old keys were made of it: seen once, it gets all. */
static void renew_keys(const struct exchange *x, const struct check *k)
{
	if (k->keys.hash != SCRAM_SHA_1 || x->source)
		return;
	struct arena *a = arena_new();
	call_account(x->jid->bare, a, EL(a, NS_CALL, "account-passwd", ATTR(a, "password", arena_string(a, k->text))), NULL, NULL);
}

static void verify(struct exchange *x)                           /* on a worker */
{
	struct check *k = x->work_on;
	k->is_right = scram_verify_password(&k->keys, k->password);
}

static void verified(struct exchange *x)
{
	struct check *k = x->work_on;
	if (!k->is_right) {
		exchange_refuse(x);
		return;
	}
	renew_keys(x, k);
	exchange_succeed(x, NULL, 0);
}

static void answered(struct exchange *x, const struct xml *answer)
{
	struct check *k = x->work_on;
	if (xml_is(answer, NS_CALL, "verified")) {
		exchange_succeed(x, NULL, 0);
		return;
	}
	keys_take(x, &k->keys, usual, k->user, answer);
	exchange_work(x, verify, verified);
}

void password_forget(struct exchange *x)
{
	struct check *k = x->work_on;
	if (!k)
		return;
	OPENSSL_cleanse(k->text, strlen(k->text));
	OPENSSL_cleanse(k->password, strlen(k->password));
	OPENSSL_cleanse(&k->keys, sizeof k->keys);
}

/* Does with what keys there are. */
void password_check(struct exchange *x, const char *user, char *text)
{
	struct check *k = x->work_on = ARENA_NEW(x->arena, struct check);
	const char *prepared = jid_password(x->arena, text);
	k->user = user;
	k->text = text;
	k->password = arena_string(x->arena, prepared ? prepared : "");
	x->verifier = x->jid ? keys_verifier(x, k->password) : NULL;
	struct arena *a = arena_new();
	exchange_ask(x, a, EL(a, NS_CALL, "credentials", ATTR(a, "hash", scram_mechanism(usual, false)),
		ATTR(a, "or", scram_mechanism(SCRAM_SHA_1, false)),
		x->verifier ? ATTR(a, "verifier", arena_string(a, x->verifier)) : NULL,
		x->source_checks ? ATTR(a, "password", arena_string(a, k->password)) : NULL), answered);
}

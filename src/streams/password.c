/*
 * The home is asked for keys, and for whether it saw this very password lately:
 * then it says so, by a keyed digest, and the pool has nothing to do.
 */
#include "streams/password.h"
#include "core/call.h"
#include "core/credentials.h"
#include "core/host.h"
#include "streams/keys.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <string.h>

struct check {
	const char *user;
	char *text;
	char *password;              /* prepared */
	struct scram_keys keys;
	bool is_stale, is_right;
};

/* What accounts of this domain have keys of; who isn't there takes as long. */
static enum scram_hash usual_hash(const struct exchange *x)
{
	const struct host *host = c2s_host(x->c);
	const unsigned hashes = host ? host->passwords.hashes : password_terms_usual()->hashes;
	if (hashes >> SCRAM_SHA_256 & 1)
		return SCRAM_SHA_256;
	return hashes >> SCRAM_SHA_512 & 1 ? SCRAM_SHA_512 : SCRAM_SHA_1;
}

/* A password of which not all is kept that the domain wants by now, as when it came from elsewhere: seen once, it gets all. */
static void renew_keys(const struct exchange *x, const struct check *k)
{
	if (!k->is_stale)
		return;
	struct arena *a = arena_new();
	call_account(x->jid->bare, a, EL(a, NS_CALL, "renew", ATTR(a, "password", arena_string(a, k->password)),
		ATTR(a, "hash", scram_mechanism(k->keys.hash, false)),
		ATTR(a, "stored", base64_encode(a, k->keys.stored, scram_size(k->keys.hash)))), NULL, NULL);
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
	keys_take(x, &k->keys, usual_hash(x), k->user, answer);
	k->is_stale = xml_get(answer, "stale");
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
	x->verifier = x->jid && c2s_auth_terms(x->c).verifier_cache ? keys_verifier(x, k->password) : NULL;
	struct arena *a = arena_new();
	exchange_ask(x, a, EL(a, NS_CALL, "credentials", ATTR(a, "hash", scram_mechanism(usual_hash(x), false)), ATTR(a, "or", "any"),
		x->verifier ? ATTR(a, "verifier", arena_string(a, x->verifier)) : NULL,
		x->source_checks ? ATTR(a, "password", arena_string(a, k->password)) : NULL), answered);
}

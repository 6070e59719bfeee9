/*
 * SASL, step by step:
 *
 *   <auth/> → whom? → the account's home is asked for its keys → challenge → <response/> → verdict
 *
 * The stream waits (reads nothing) while the home or the pool works. Who isn't
 * there gets keys that fit no password: the same steps, answers and times.
 * What a failure was about is for the log; the client learns the condition.
 */
#include "streams/auth.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/call.h"
#include "core/credentials.h"
#include "core/entrance.h"
#include "core/home.h"
#include "streams/address.h"
#include "xmpp/base64.h"
#include "xmpp/sasl_plain.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_MESSAGE = 4096, SECRET = 32 };

struct auth {
	struct arena      *arena;
	struct c2s        *c;                /* NULL: the stream ended while the pool works */
	const char        *mechanism;        /* a static string */
	bool               is_plain, is_working;
	struct scram       scram;
	struct scram_binding bindings[2];
	unsigned char      exporter[32], end_point[64];
	struct sasl_plain  plain;
	const struct jid  *jid;              /* who it wants to be, bare; NULL: a name that can't be one */
	const char        *password;         /* PLAIN's, prepared */
	const char        *verifier;         /* PLAIN's, for the home's cache */
	struct scram_keys  keys;
	bool               is_right;         /* the pool's verdict */
	enum { AUTH_FIRST, AUTH_ASKED, AUTH_FINAL } step;
};

/* Of this process: no cached verifier and no fake salt says anything to another. */
static unsigned char secret[SECRET];

__attribute__((constructor)) static void make_secret(void)
{
	random_fill(secret, sizeof secret);
}

/* --- what is offered --- */

static bool ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);
	return a >= b && strcmp(text + a - b, end) == 0;
}

static bool is_offered(struct c2s *c, const char *mechanism)
{
	if (c2s_needs_tls(c) && !c2s_is_secure(c))
		return false;
	if (ends_with(mechanism, "-PLUS"))
		return c2s_is_secure(c);
	return strcmp(mechanism, "PLAIN") != 0 || c2s_may_plain(c);
}

static bool offers_plus(struct c2s *c)
{
	const struct host *host = c2s_host(c);
	for (const char *const *m = host ? host->mechanisms : NULL; m && *m; m++)
		if (ends_with(*m, "-PLUS") && is_offered(c, *m))
			return true;
	return false;
}

void auth_features(struct c2s *c, struct arena *a, struct xml *features)
{
	const struct host *host = c2s_host(c);
	struct xml *list = EL(a, NS_SASL, "mechanisms");
	for (const char *const *m = host->mechanisms; *m; m++)
		if (is_offered(c, *m))
			xml_append(list, EL(a, NS_SASL, "mechanism", TEXT(a, *m)));
	if (!list->first)
		return;
	xml_append(features, list);
	if (offers_plus(c))
		xml_append(features, EL(a, NS_CHANNEL_BINDING, "sasl-channel-binding",
			EL(a, NS_CHANNEL_BINDING, "channel-binding", ATTR(a, "type", "tls-server-end-point")),
			conn_binding_exporter(c->conn, (unsigned char[32]){ 0 })
				? EL(a, NS_CHANNEL_BINDING, "channel-binding", ATTR(a, "type", "tls-exporter")) : NULL));
}

/* --- answers --- */

void auth_free(struct auth *u)
{
	if (!u)
		return;
	u->c = NULL;
	if (u->is_working)
		return;                              /* the pool has it: freed when that is done */
	sasl_plain_forget(&u->plain);
	OPENSSL_cleanse(&u->keys, sizeof u->keys);
	arena_free(u->arena);
}

static void end(struct c2s *c)
{
	auth_free(c->auth);
	c->auth = NULL;
}

static void fail_with(struct c2s *c, enum sasl_failure failure, const char *why)
{
	struct arena *a = arena_new();
	c2s_log(c, LOG_LOW, "authentication of %s failed: %s%s%s", c->auth && c->auth->jid ? c->auth->jid->bare : "somebody",
		sasl_failure_name(failure), why ? ": " : "", why ? why : "");
	c2s_write(c, EL(a, NS_SASL, "failure", EL(a, NS_SASL, sasl_failure_name(failure))));
	arena_free(a);
	home_here()->counts.logins_refused++;
	end(c);
	if (++c->tries <= c2s_terms(c)->limits.login_tries) {
		c2s_go_on(c);
		return;
	}
	limit_reached(LIMIT_LOGIN_ATTEMPTS);
	c2s_error(c, STREAM_POLICY_VIOLATION, "Too many failed authentications");
}

static void challenge(struct c2s *c, const char *text)
{
	struct arena *a = arena_new();
	const char *data = text ? base64_encode(a, text, strlen(text)) : NULL;
	c2s_write(c, EL(a, NS_SASL, "challenge", TEXT(a, data)));
	arena_free(a);
	c2s_go_on(c);
}

static void tell_home(const struct auth *u, bool is_good)
{
	struct arena *a = arena_new();
	if (u->jid)
		call_account(u->jid->bare, a, EL(a, NS_CALL, "verdict", ATTR(a, "good", is_good ? "yes" : "no"),
			is_good ? ATTR(a, "verifier", arena_string(a, u->verifier)) : NULL), NULL, NULL);
	else
		arena_free(a);
}

/* An authorization identity must be the account itself (RFC 6120 §6.3.8). */
static bool may_act_as(const struct auth *u, const char *authzid)
{
	const struct jid *wanted = authzid ? jid_parse(u->arena, authzid) : u->jid;
	return wanted && jid_same(wanted, u->jid);
}

/* A password that came with an account from elsewhere, where only old keys were made of it: seen once, it gets all. */
static void renew_keys(const struct auth *u)
{
	if (!u->is_plain || !u->keys.rounds || u->keys.fake || u->keys.hash != SCRAM_SHA_1)
		return;
	struct arena *a = arena_new();
	call_account(u->jid->bare, a, EL(a, NS_CALL, "account-passwd", ATTR(a, "password", arena_string(a, u->plain.password))), NULL, NULL);
}

static void succeed(struct c2s *c, const char *authzid, const char *last)
{
	struct auth *u = c->auth;
	tell_home(u, true);
	renew_keys(u);
	if (!may_act_as(u, authzid)) {
		fail_with(c, SASL_INVALID_AUTHZID, "acts for somebody else");
		return;
	}
	struct arena *a = arena_new();
	struct xml *success = EL(a, NS_SASL, "success", last ? TEXT(a, base64_encode(a, last, strlen(last))) : NULL);
	const char *bare = arena_string(a, u->jid->bare), *mechanism = u->mechanism;
	end(c);
	c2s_authenticated(c, bare, mechanism, a, success);
}

static void refuse_wrong(struct c2s *c)
{
	tell_home(c->auth, false);
	address_wrong_login(c->address);
	fail_with(c, SASL_NOT_AUTHORIZED, "wrong password or no such account");
}

/* --- PLAIN, on the pool --- */

static void verify(void *thing)                                  /* on a worker */
{
	struct auth *u = thing;
	u->is_right = scram_verify_password(&u->keys, u->password);
}

static void verified(void *thing)
{
	struct auth *u = thing;
	struct c2s *c = u->c;
	u->is_working = false;
	if (!c)
		auth_free(u);
	else if (u->is_right)
		succeed(c, u->plain.authzid, NULL);
	else
		refuse_wrong(c);
}

static void verify_on_pool(struct auth *u)
{
	u->is_working = true;
	loop_work(verify, verified, u);
}

static const char *make_verifier(struct auth *u)
{
	unsigned char mac[32];
	unsigned size = sizeof mac;
	const char *text = arena_printf(u->arena, "%s/%s", u->jid->bare, u->password);
	HMAC(EVP_sha256(), secret, sizeof secret, (const unsigned char *)text, strlen(text), mac, &size);
	return base64_encode(u->arena, mac, size);
}

/* --- keys --- */

static void use_fake_keys(struct auth *u, enum scram_hash hash)
{
	const char *name = u->jid ? u->jid->bare : u->is_plain ? u->plain.authcid : u->scram.user;
	scram_fake_keys(&u->keys, secret, sizeof secret, name, hash, SCRAM_SALT_USUAL, CREDENTIAL_ROUNDS);
}

static bool read_bytes(struct arena *a, const struct xml *el, const char *name, unsigned char *to, size_t least, size_t most, size_t *size)
{
	const char *text = xml_get(el, name);
	const unsigned char *bytes = text ? base64_decode(a, text, size) : NULL;
	if (!bytes || *size < least || *size > most)
		return false;
	memcpy(to, bytes, *size);
	return true;
}

static bool read_keys(struct auth *u, enum scram_hash hash, const struct xml *answer)
{
	const char *rounds = xml_get(answer, "rounds");
	size_t size = scram_size(hash), got;
	u->keys.hash = hash;
	u->keys.fake = false;
	u->keys.rounds = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 0;
	return u->keys.rounds
	    && read_bytes(u->arena, answer, "salt", u->keys.salt, 1, SCRAM_SALT, &u->keys.salt_size)
	    && read_bytes(u->arena, answer, "stored", u->keys.stored, size, size, &got)
	    && read_bytes(u->arena, answer, "server", u->keys.server, size, size, &got);
}

static void go_on_with_keys(struct c2s *c)
{
	struct auth *u = c->auth;
	if (u->is_plain) {
		verify_on_pool(u);
		return;
	}
	u->step = AUTH_FINAL;
	challenge(c, scram_challenge(&u->scram, &u->keys, NULL, NULL));
}

static enum scram_hash hash_wanted(const struct auth *u)
{
	return u->is_plain ? SCRAM_SHA_256 : u->scram.hash;
}

static void answered(void *with, const struct xml *answer)
{
	struct c2s *c = with;
	struct auth *u = c->auth;
	enum scram_hash hash = hash_wanted(u);
	if (!answer) {
		fail_with(c, SASL_TEMPORARY_AUTH_FAILURE, "the account can't be read");
	} else if (strcmp(answer->name, "wait") == 0) {
		fail_with(c, SASL_TEMPORARY_AUTH_FAILURE, "too many wrong passwords lately");
	} else if (strcmp(answer->name, "verified") == 0) {
		succeed(c, u->plain.authzid, NULL);
	} else {
		const char *its = xml_get(answer, "hash");
		bool plus;
		if (its && u->is_plain)
			scram_find(its, &hash, &plus);
		if (!read_keys(u, hash, answer))
			use_fake_keys(u, hash);
		go_on_with_keys(c);
	}
}

/* PLAIN does with what keys there are. */
static struct xml *question(struct arena *a, const struct auth *u)
{
	return EL(a, NS_CALL, "credentials", ATTR(a, "hash", scram_mechanism(hash_wanted(u), false)),
		u->is_plain ? ATTR(a, "or", scram_mechanism(SCRAM_SHA_1, false)) : NULL,
		u->verifier ? ATTR(a, "verifier", arena_string(a, u->verifier)) : NULL);
}

static void ask_home(struct c2s *c)
{
	struct auth *u = c->auth;
	u->step = AUTH_ASKED;
	c2s_wait(c);
	if (!u->jid) {
		use_fake_keys(u, hash_wanted(u));
		go_on_with_keys(c);
		return;
	}
	struct arena *a = arena_new();
	call_account(u->jid->bare, a, question(a, u), answered, c);
}

/* --- messages of the client --- */

static const struct jid *account_of(const struct c2s *c, const char *user)
{
	struct arena *a = c->auth->arena;
	return jid_make(a, user, c->host, NULL);
}

static void plain_first(struct c2s *c, const char *text, size_t size)
{
	struct auth *u = c->auth;
	enum sasl_failure wrong = sasl_plain_parse(&u->plain, u->arena, text, size, JID_PART);
	if (wrong != SASL_OK) {
		fail_with(c, wrong, "PLAIN");
		return;
	}
	u->jid = account_of(c, u->plain.authcid);
	u->password = jid_password(u->arena, u->plain.password);
	if (!u->password)
		u->password = "";
	if (u->jid)
		u->verifier = make_verifier(u);
	ask_home(c);
}

static size_t take_bindings(struct c2s *c)
{
	struct auth *u = c->auth;
	size_t n = 0, size = 0;
	if (!c2s_is_secure(c))
		return 0;
	if (conn_binding_end_point(c->conn, u->end_point, &size))
		u->bindings[n++] = (struct scram_binding){ "tls-server-end-point", u->end_point, size };
	if (conn_binding_exporter(c->conn, u->exporter))
		u->bindings[n++] = (struct scram_binding){ "tls-exporter", u->exporter, sizeof u->exporter };
	return n;
}

static void scram_begin(struct c2s *c, const char *text, size_t size)
{
	struct auth *u = c->auth;
	struct scram_terms terms = { .plus_offered = offers_plus(c), .bindings = u->bindings, .longest = LONGEST_MESSAGE };
	scram_find(u->mechanism, &terms.hash, &terms.plus);
	terms.bindings_count = take_bindings(c);
	enum sasl_failure wrong = scram_first(&u->scram, u->arena, &terms, text, size);
	if (wrong != SASL_OK) {
		fail_with(c, wrong, u->scram.why);
		return;
	}
	u->jid = account_of(c, u->scram.user);
	ask_home(c);
}

static void scram_end(struct c2s *c, const char *text, size_t size)
{
	struct auth *u = c->auth;
	const char *last = NULL;
	enum sasl_failure wrong = scram_final(&u->scram, text, size, &last);
	if (wrong == SASL_OK)
		succeed(c, u->scram.authzid, last);
	else if (wrong == SASL_NOT_AUTHORIZED)
		refuse_wrong(c);
	else
		fail_with(c, wrong, u->scram.why);
}

/* The text of an element: base64, where "=" is an empty message (RFC 6120 §6.4.2). NULL: none was sent; *ok false: it isn't base64. */
static const char *message(struct auth *u, const struct xml *el, size_t *size, bool *ok)
{
	const char *text = xml_text(el, u->arena);
	*ok = true;
	*size = 0;
	if (!*text)
		return NULL;
	if (strcmp(text, "=") == 0)
		return "";
	const char *bytes = (const char *)base64_decode(u->arena, text, size);
	*ok = bytes != NULL;
	return bytes;
}

static void step(struct c2s *c, const struct xml *el, bool is_initial)
{
	struct auth *u = c->auth;
	size_t size;
	bool ok;
	const char *text = message(u, el, &size, &ok);
	if (!ok)
		fail_with(c, SASL_INCORRECT_ENCODING, NULL);
	else if (!text && is_initial)
		challenge(c, NULL);                  /* the client speaks first, in its response */
	else if (size > LONGEST_MESSAGE)
		fail_with(c, SASL_MALFORMED_REQUEST, "too long");
	else if (u->step == AUTH_FINAL)
		scram_end(c, text ? text : "", size);
	else if (u->is_plain)
		plain_first(c, text ? text : "", size);
	else
		scram_begin(c, text ? text : "", size);
}

static const char *find_mechanism(const struct c2s *c, const char *name)
{
	const struct host *host = c2s_host(c);
	for (const char *const *m = host ? host->mechanisms : NULL; name && m && *m; m++)
		if (strcmp(*m, name) == 0)
			return *m;
	return NULL;
}

static const char *lasting_name(const char *mechanism)           /* the host's list goes with its configuration */
{
	enum scram_hash hash;
	bool plus;
	return scram_find(mechanism, &hash, &plus) ? scram_mechanism(hash, plus) : "PLAIN";
}

static void begin(struct c2s *c, const struct xml *el)
{
	const char *mechanism = find_mechanism(c, xml_get(el, "mechanism"));
	end(c);
	if (!mechanism) {
		fail_with(c, SASL_INVALID_MECHANISM, NULL);
	} else if (!is_offered(c, mechanism)) {
		fail_with(c, ends_with(mechanism, "-PLUS") ? SASL_INVALID_MECHANISM : SASL_ENCRYPTION_REQUIRED, mechanism);
	} else if (home_here()->is_degraded || home_here()->is_stopping) {
		limit_reached(LIMIT_STORE_PATIENCE);
		fail_with(c, SASL_TEMPORARY_AUTH_FAILURE, "degraded: the store is slow");
	} else if (!address_may_login(c->address)) {
		limit_reached(LIMIT_LOGINS_PER_ADDRESS);
		fail_with(c, SASL_TEMPORARY_AUTH_FAILURE, "too many wrong passwords from this address lately");
	} else {
		struct arena *a = arena_new();
		struct auth *u = c->auth = ARENA_NEW(a, struct auth);
		u->arena = a;
		u->c = c;
		u->mechanism = lasting_name(mechanism);
		u->is_plain = strcmp(mechanism, "PLAIN") == 0;
		step(c, el, true);
	}
}

void auth_element(struct c2s *c, const struct xml *el)
{
	if (strcmp(el->name, "auth") == 0)
		begin(c, el);
	else if (strcmp(el->name, "abort") == 0)
		fail_with(c, SASL_ABORTED, NULL);
	else if (strcmp(el->name, "response") == 0 && c->auth)
		step(c, el, false);
	else if (strcmp(el->name, "response") == 0)
		fail_with(c, SASL_MALFORMED_REQUEST, "a response to no challenge");
	else
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/*
 * What a failure was about is for the log; the client learns the condition.
 * Who isn't there is asked for like anybody else: the same steps and times.
 */
#include "streams/exchange.h"
#include "base/log.h"
#include "core/call.h"
#include "core/entrance.h"
#include "core/home.h"
#include "streams/address.h"
#include <string.h>

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	x->c = NULL;
	if (x->is_working)
		return;                              /* the pool has it: freed when that is done */
	if (x->mechanism->clear)
		x->mechanism->clear(x);
	login_free(x->login);
	arena_free(x->arena);
}

static void end(struct c2s *c)
{
	exchange_free(c->auth);
	c->auth = NULL;
}

void exchange_failed(struct c2s *c, const struct exchange_wire *wire, enum sasl_failure failure, const char *why)
{
	c2s_log(c, LOG_LOW, "authentication of %s failed: %s%s%s", c->auth && c->auth->jid ? c->auth->jid->bare : "somebody",
		sasl_failure_name(failure), why ? ": " : "", why ? why : "");
	end(c);
	wire->failed(c, failure);
	home_here()->counts.logins_refused++;
	if (++c->tries <= c2s_terms(c)->limits.login_tries) {
		c2s_go_on(c);
		return;
	}
	limit_reached(LIMIT_LOGIN_ATTEMPTS);
	c2s_error(c, STREAM_POLICY_VIOLATION, "Too many failed authentications");
}

/* --- its beginning, and messages --- */

static enum sasl_failure refusal(struct c2s *c, const struct mechanism *m, bool takes_tokens, const char **why)
{
	*why = m ? m->name : NULL;
	if (!m || !mechanism_is_configured(c, m) || (m->needs & NEEDS_TOKEN && !takes_tokens))
		return SASL_INVALID_MECHANISM;
	return mechanism_lacks(c, m);
}

/* Nobody may log in now, or nobody from there. */
static enum sasl_failure postponement(struct c2s *c, const char **why)
{
	if (home_here()->is_degraded || home_here()->is_stopping) {
		limit_reached(LIMIT_STORE_PATIENCE);
		*why = "degraded: the store is slow";
		return SASL_TEMPORARY_AUTH_FAILURE;
	}
	if (c2s_host(c) && c2s_host(c)->is_suspended) {
		*why = "the domain is suspended";
		return SASL_ACCOUNT_DISABLED;
	}
	if (!address_may_login(c->address)) {
		limit_reached(LIMIT_LOGINS_PER_ADDRESS);
		*why = "too many wrong passwords from this address lately";
		return SASL_TEMPORARY_AUTH_FAILURE;
	}
	return SASL_OK;
}

static void take_source(struct exchange *x, const struct source *s)
{
	x->source = arena_string(x->arena, source_uri(s));
	x->source_stamp = source_stamp(s);
	x->source_checks = source_abilities(s) & SOURCE_CHECK;
}

bool exchange_begin(struct c2s *c, const struct exchange_wire *wire, const char *name)
{
	const struct mechanism *m = name ? mechanism_find(name) : NULL;
	const char *why;
	end(c);
	enum sasl_failure failure = refusal(c, m, wire->takes_tokens, &why);
	if (failure == SASL_OK)
		return exchange_start(c, wire, m);
	exchange_failed(c, wire, failure, why);
	return false;
}

struct exchange *exchange_start(struct c2s *c, const struct exchange_wire *wire, const struct mechanism *m)
{
	const char *why;
	end(c);
	enum sasl_failure failure = postponement(c, &why);
	if (failure != SASL_OK) {
		exchange_failed(c, wire, failure, why);
		return NULL;
	}
	struct arena *a = arena_new();
	struct exchange *x = c->auth = ARENA_NEW(a, struct exchange);
	x->arena = a;
	x->c = c;
	x->mechanism = m;
	x->wire = wire;
	if (m->lives_on)
		take_source(x, c2s_source(c, m->use));
	return x;
}

void exchange_message(struct c2s *c, const char *text, size_t size)
{
	struct exchange *x = c->auth;
	const struct mechanism *m = x->mechanism;
	const bool is_asked = x->has_begun;
	x->has_begun = true;
	if (size > m->longest) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "too long");
	} else if (x->own) {
		m->next(x, text ? text : "", size);
	} else if (text || is_asked || m->server_first) {
		m->first(x, text || !is_asked ? text : "", size);
	} else {
		exchange_challenge(x, NULL, 0);      /* the client speaks first, in its response */
	}
}

void exchange_name(struct exchange *x, const char *user)
{
	x->jid = jid_make(x->arena, user, x->c->host, NULL);
}

/* --- steps --- */

void exchange_challenge(struct exchange *x, const char *data, size_t size)
{
	struct c2s *c = x->c;
	x->wire->challenge(c, data, size);
	c2s_go_on(c);
}

static void answered(void *with, const struct xml *answer)
{
	struct c2s *c = with;
	struct exchange *x = c->auth;
	if (!answer)
		exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "the account can't be read");
	else if (strcmp(answer->name, "wait") == 0)
		exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "too many wrong passwords lately");
	else
		x->answered(x, answer);
}

void exchange_ask(struct exchange *x, struct arena *a, struct xml *question, void (*then)(struct exchange *, const struct xml *))
{
	x->answered = then;
	c2s_wait(x->c);
	if (x->jid) {
		if (x->source)
			xml_set(a, question, "source", arena_string(a, x->source));
		call_account(x->jid->bare, a, question, answered, x->c);
		return;
	}
	arena_free(a);
	then(x, EL(x->arena, NS_CALL, "refused"));
}

static void do_work(void *thing)                                 /* on a worker */
{
	struct exchange *x = thing;
	x->work(x);
}

static void worked(void *thing)
{
	struct exchange *x = thing;
	x->is_working = false;
	if (x->c)
		x->done(x);
	else
		exchange_free(x);
}

void exchange_work(struct exchange *x, void (*work)(struct exchange *), void (*done)(struct exchange *))
{
	x->work = work;
	x->done = done;
	x->is_working = true;
	c2s_wait(x->c);
	loop_work(do_work, worked, x);
}

/* --- ends --- */

/* A verifier that the home is to keep for so long; an account it hasn't seen has none. */
static void tell_home(const struct exchange *x, bool is_good)
{
	struct arena *a = arena_new();
	struct xml *verdict = EL(a, NS_CALL, "verdict", ATTR(a, "good", is_good ? "yes" : "no"));
	if (is_good && x->verifier) {
		xml_set(a, verdict, "verifier", arena_string(a, x->verifier));
		xml_set(a, verdict, "for", arena_printf(a, "%lld", (long long)c2s_auth_terms(x->c).verifier_cache));
	}
	if (x->source) {
		xml_set(a, verdict, "source", arena_string(a, x->source));
		xml_set(a, verdict, "stamp", arena_printf(a, "%u", x->source_stamp));
	}
	if (x->jid)
		call_account(x->jid->bare, a, verdict, NULL, NULL);
	else
		arena_free(a);
}

/* An authorization identity must be the account itself (RFC 6120 §6.3.8). */
static bool may_act_as(const struct exchange *x)
{
	const struct jid *wanted = x->authzid ? jid_parse(x->arena, x->authzid) : x->jid;
	return wanted && jid_same(wanted, x->jid);
}

void exchange_succeed(struct exchange *x, const char *last, size_t size)
{
	struct c2s *c = x->c;
	if (!x->login || !x->login->is_anonymous)
		tell_home(x, true);
	if (!may_act_as(x)) {
		exchange_fail(x, SASL_INVALID_AUTHZID, "acts for somebody else");
		return;
	}
	struct arena *a = arena_new();
	const struct exchange_wire *wire = x->wire;
	const struct exchange_success success = { wire, arena_string(a, x->jid->bare), x->mechanism->name,
		last ? arena_copy(a, last, size) : NULL, size, arena_string(a, x->resource) };
	struct login *login = x->login;
	x->login = NULL;
	end(c);
	c->login = login;
	wire->succeeded(c, a, &success);
}

void exchange_refuse(struct exchange *x)
{
	tell_home(x, false);
	address_wrong_login(x->c->address);
	exchange_fail(x, SASL_NOT_AUTHORIZED, "wrong password or no such account");
}

void exchange_fail(struct exchange *x, enum sasl_failure failure, const char *why)
{
	exchange_failed(x->c, x->wire, failure, why);
}

/*
 * OAUTHBEARER (RFC 7628): a token that somebody else's server signed.
 *
 * It is checked on the pool, by the keys of the snapshot in which the exchange
 * began. Who fails is told why as the RFC has it, and fails with the next
 * message, whatever that is. That an account isn't there is said only to who
 * has proved to be it.
 */
#include "streams/exchange.h"
#include "core/call.h"
#include "core/host.h"
#include "core/oauth.h"
#include "streams/address.h"
#include "xmpp/sasl_oauth.h"
#include <string.h>

enum { LONGEST = 8192 };             /* what fits into a stanza before authentication */

struct bearer {
	struct hosts       *hosts;           /* a share: the keys are the snapshot's */
	const struct oauth *oauth;
	struct arena       *arena;
	const char         *token;
	int64_t             now;
	struct jwt          jwt;
	enum jwt_fault      fault;
	bool                has_failed;      /* and that was told */
};

static enum sasl_failure lacks(struct c2s *c)
{
	const struct host *host = c2s_host(c);
	return host->oauth ? SASL_OK : SASL_INVALID_MECHANISM;
}

/* --- the token --- */

static void check(struct exchange *x)                            /* on a worker */
{
	struct bearer *b = x->work_on;
	b->fault = jwt_check(&b->jwt, b->arena, &b->oauth->keys->set, &b->oauth->terms, b->now, b->token);
}

/* §3.2.2, with the codes of RFC 6750 §3.1. */
static void tell_failure(struct exchange *x)
{
	struct bearer *b = x->own;
	const char *status = b->fault == JWT_SCOPE ? "insufficient_scope" : "invalid_token";
	const char *json = sasl_oauth_error(x->arena, status, b->oauth->terms.scope, b->oauth->configuration);
	b->has_failed = true;
	address_wrong_login(x->c->address);
	exchange_challenge(x, json, strlen(json));
}

/* A name, or an address of this domain. */
static const struct jid *account_of(const struct exchange *x, const char *name)
{
	if (!strchr(name, '@'))
		return jid_make(x->arena, name, x->c->host, NULL);
	const struct jid *jid = jid_parse(x->arena, name);
	return jid && jid->local && !jid->resource && strcmp(jid->domain, x->c->host) == 0 ? jid : NULL;
}

static void answered(struct exchange *x, const struct xml *answer)
{
	const struct bearer *b = x->own;
	if (!xml_is(answer, NS_CALL, "known")) {
		exchange_fail(x, SASL_NOT_AUTHORIZED, "no account of that name");
		return;
	}
	if (b->oauth->ends_sessions) {
		x->login = login_new();
		x->login->until = (b->jwt.expires + b->oauth->terms.leeway) * 1000;
		x->login->ending = "The token has expired";
	}
	exchange_succeed(x, NULL, 0);
}

static void checked(struct exchange *x)
{
	struct bearer *b = x->own;
	const struct jid *jid = b->fault == JWT_OK ? account_of(x, b->jwt.name) : NULL;
	if (b->fault == JWT_OK && !jid)
		b->fault = JWT_NAMELESS;
	if (b->fault != JWT_OK) {
		c2s_log(x->c, LOG_LOW, "a token %s", jwt_fault_words(b->fault));
		tell_failure(x);
		return;
	}
	struct arena *a = arena_new();
	x->jid = jid;
	exchange_ask(x, a, EL(a, NS_CALL, "identity", ATTR(a, "make", b->oauth->makes_accounts ? "yes" : "no")), answered);
}

/* --- messages --- */

static void first(struct exchange *x, const char *text, size_t size)
{
	const struct host *host = c2s_host(x->c);
	struct sasl_oauth said;
	if (!host || !host->oauth || sasl_oauth_parse(&said, x->arena, text, size) != SASL_OK) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "no bearer's token");
		return;
	}
	struct bearer *b = ARENA_NEW(x->arena, struct bearer);
	*b = (struct bearer){ .hosts = hosts_share(host->hosts), .oauth = host->oauth, .arena = x->arena, .token = said.token,
		.now = clock_wall() / 1000 };
	x->own = x->work_on = b;
	x->authzid = said.authzid;
	exchange_work(x, check, checked);
}

/* §3.2.3: the failure was told already. */
static void next(struct exchange *x, const char *text, size_t size)
{
	const struct bearer *b = x->own;
	const bool is_dummy = size == 1 && *text == '\1';
	const enum sasl_failure failure = b->fault == JWT_EXPIRED ? SASL_CREDENTIALS_EXPIRED : SASL_NOT_AUTHORIZED;
	exchange_fail(x, is_dummy && b->has_failed ? failure : SASL_MALFORMED_REQUEST, jwt_fault_words(b->fault));
}

static void clear(struct exchange *x)
{
	struct bearer *b = x->own;
	if (b)
		hosts_drop(b->hosts);
}

const struct mechanism mechanism_oauthbearer = {
	.name = "OAUTHBEARER", .needs = NEEDS_TLS, .longest = LONGEST, .lacks = lacks, .first = first, .next = next, .clear = clear,
};

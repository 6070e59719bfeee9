/*
 * GSSAPI (RFC 4752), by libgsasl: whoever holds a ticket of Kerberos for
 * xmpp/DOMAIN is the account of the same name.
 *
 * Each step may read the keytab, so it is taken on the pool. No KDC is asked.
 * The ticket says who somebody is; whether such an account is here, only its
 * home does.
 */
#include "streams/exchange.h"
#include "streams/sasl_library.h"
#include "base/check.h"
#include "core/call.h"
#include "core/config.h"
#include "core/host.h"
#include <string.h>
#include <strings.h>

enum { LONGEST_TOKEN = 16 * 1024 };  /* with what a directory adds to a ticket; `limits { stanza_size_before_auth }` must let it in */

struct own {
	Gsasl_session *session;
	const char *text;
	size_t      size;
	char       *answer;          /* the library's */
	size_t      answer_size;
	int         code;
};

static enum sasl_failure lacks(struct c2s *c)
{
	return sasl_library_has_keytab() ? SASL_OK : SASL_INVALID_MECHANISM;
}

/* --- who it is --- */

/* "romeo@EXAMPLE.COM": romeo, if that is the domain's realm. No service's name, and nobody of another realm. */
static const char *user_of(const struct exchange *x, const char *principal)
{
	const struct host *host = c2s_host(x->c);
	const char *at = principal ? strrchr(principal, '@') : NULL, *wanted = host ? config_text(host->scope, "auth.gssapi.realm") : NULL;
	if (!at || at == principal || !host || strpbrk(principal, "/\\"))
		return NULL;
	bool is_ours = wanted ? strcmp(at + 1, wanted) == 0 : strcasecmp(at + 1, host->name) == 0;
	return is_ours ? arena_copy(x->arena, principal, (size_t)(at - principal)) : NULL;
}

static void known(struct exchange *x, const struct xml *answer)
{
	if (xml_is(answer, NS_CALL, "known"))
		exchange_succeed(x, NULL, 0);
	else
		exchange_refuse(x);
}

/* Many clients name themselves by the user alone, where a JID belongs. */
static void proved(struct exchange *x)
{
	struct own *own = x->own;
	const char *authzid = gsasl_property_fast(own->session, GSASL_AUTHZID);
	const char *user = user_of(x, gsasl_property_fast(own->session, GSASL_GSSAPI_DISPLAY_NAME));
	if (!user) {
		exchange_fail(x, SASL_NOT_AUTHORIZED, "a principal of another realm, or of no user");
		return;
	}
	exchange_name(x, user);
	x->authzid = authzid && *authzid && strcmp(authzid, user) != 0 ? arena_string(x->arena, authzid) : NULL;
	struct arena *a = arena_new();
	exchange_ask(x, a, EL(a, NS_CALL, "identity"), known);
}

/* --- steps --- */

static void work(struct exchange *x)                             /* on a worker */
{
	struct own *own = x->own;
	own->code = gsasl_step(own->session, own->text, own->size, &own->answer, &own->answer_size);
}

/* Counted like a wrong password: the library loses a hundred bytes with each ticket that Kerberos refuses. */
static void refuse(struct exchange *x, const char *why)
{
	c2s_log(x->c, LOG_LOW, "GSSAPI: %s", why);
	exchange_refuse(x);
}

static void worked(struct exchange *x)
{
	struct own *own = x->own;
	const char *answer = arena_copy(x->arena, own->answer ? own->answer : "", own->answer_size);
	gsasl_free(own->answer);
	own->answer = NULL;
	if (own->code == GSASL_NEEDS_MORE)
		exchange_challenge(x, answer, own->answer_size);
	else if (own->code == GSASL_OK)
		proved(x);
	else if (own->code == GSASL_GSSAPI_ACQUIRE_CRED_ERROR)
		exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "the keytab holds no key for this domain");
	else
		refuse(x, gsasl_strerror(own->code));
}

static void next(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own;
	own->text = arena_copy(x->arena, text, size);
	own->size = size;
	exchange_work(x, work, worked);
}

static void first(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own = ARENA_NEW(x->arena, struct own);
	if (gsasl_server_start(sasl_library(), "GSSAPI", &own->session) != GSASL_OK)
		BUG("libgsasl lacks what it had at the start");
	gsasl_property_set(own->session, GSASL_SERVICE, "xmpp");
	gsasl_property_set(own->session, GSASL_HOSTNAME, x->c->host);
	next(x, text, size);
}

static void clear(struct exchange *x)
{
	struct own *own = x->own;
	if (!own)
		return;
	gsasl_free(own->answer);
	gsasl_finish(own->session);
}

const struct mechanism mechanism_gssapi = { "GSSAPI", .longest = LONGEST_TOKEN, .lacks = lacks, .first = first, .next = next, .clear = clear };

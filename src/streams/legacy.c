/*
 * A wire for exchanges, like SASL's, and two ways to check a password: the
 * keys, or the password itself, of which the client sends
 * SHA1(stream id, password).
 */
#include "streams/legacy.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/call.h"
#include "core/entrance.h"
#include "streams/exchange.h"
#include "streams/password.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

/* --- what is offered --- */

bool legacy_is_on(struct c2s *c)
{
	return c2s_auth_terms(c).legacy > 0;
}

static bool is_safe(struct c2s *c)
{
	return c2s_is_secure(c) || !c2s_needs_tls(c);
}

static bool takes_password(struct c2s *c)
{
	return mechanism_is_offered(c, &mechanism_plain);
}

static bool takes_digest(struct c2s *c)
{
	return mechanism_is_offered(c, &mechanism_cram_md5);
}

void legacy_features(struct c2s *c, struct arena *a, struct xml *features)
{
	if (legacy_is_on(c) && (takes_password(c) || takes_digest(c)))
		xml_append(features, EL(a, NS_AUTH_FEATURE, "auth"));
}

static bool is_type(const struct xml *iq, const char *type)
{
	const char *its = xml_get(iq, "type");
	return its && strcmp(its, type) == 0;
}

bool legacy_is_asked(const struct c2s *c, const struct xml *el)
{
	return xml_is(el, NS_CLIENT, "iq") && (is_type(el, "get") || is_type(el, "set")) && xml_child(el, NS_AUTH, "query");
}

/* --- answers --- */

struct xml *legacy_error(struct arena *a, enum stanza_error error)
{
	struct xml *el = stanza_error_element(a, error, NULL, NULL);
	xml_set(a, el, "code", error == NOT_AUTHORIZED ? "401" : error == NOT_ACCEPTABLE ? "406" : error == CONFLICT ? "409"
		: error == BAD_REQUEST ? "400" : error == RESOURCE_CONSTRAINT ? "500" : "503");
	return el;
}

static void refuse(struct c2s *c, struct arena *a, const char *id, enum stanza_error error)
{
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "error"), ATTR(a, "id", id), ATTR(a, "from", c->host), legacy_error(a, error)));
}

/* The same for everybody, whether there is such a user or not. */
static void tell_fields(struct c2s *c, struct arena *a, const char *id)
{
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "result"), ATTR(a, "id", id), ATTR(a, "from", c->host), EL(a, NS_AUTH, "query",
		EL(a, NS_AUTH, "username"),
		takes_password(c) ? EL(a, NS_AUTH, "password") : NULL,
		takes_digest(c) ? EL(a, NS_AUTH, "digest") : NULL,
		EL(a, NS_AUTH, "resource"))));
}

/* --- the exchange --- */

static void succeeded(struct c2s *c, struct arena *a, const struct exchange_success *s)
{
	c2s_authenticated_to_bind(c, s->wire, s->bare, s->mechanism, a, s->resource);
}

static void failed(struct c2s *c, enum sasl_failure failure)
{
	struct arena *a = arena_new();
	refuse(c, a, c->bind_id, failure == SASL_TEMPORARY_AUTH_FAILURE ? RESOURCE_CONSTRAINT : NOT_AUTHORIZED);
	arena_free(a);
	mem_free(c->bind_id);
	c->bind_id = NULL;
}

static const struct exchange_wire wire = { NULL, succeeded, failed };
static const struct mechanism by_password = { "jabber:iq:auth password", .lives_on = SOURCE_KEYS | SOURCE_CHECK, .clear = password_forget };
static const struct mechanism by_digest = { "jabber:iq:auth digest", .lives_on = SOURCE_CLEAR };

/* §3.2: in lower case, as it must be sent. */
static const char *digest_of(struct arena *a, const char *id, const char *password)
{
	unsigned char sha1[20];
	char *hex = arena_bytes(a, 2 * sizeof sha1 + 1);
	const char *text = arena_printf(a, "%s%s", id, password);
	EVP_Digest(text, strlen(text), sha1, NULL, EVP_sha1(), NULL);
	for (size_t i = 0; i < sizeof sha1; i++)
		snprintf(hex + 2 * i, 3, "%02x", sha1[i]);
	return hex;
}

/* Who isn't there, or has no password in the clear, gets a random one. */
static void password_came(struct exchange *x, const struct xml *answer)
{
	char nobodys[24 + 1];
	const char *password = xml_get(answer, "password"), *sent = x->own;
	const char *right = digest_of(x->arena, x->c->id, password ? password : random_text(nobodys, 24));
	if (strlen(sent) == strlen(right) && CRYPTO_memcmp(sent, right, strlen(right)) == 0 && password)
		exchange_succeed(x, NULL, 0);
	else
		exchange_refuse(x);
}

static void check_digest(struct exchange *x, const char *digest)
{
	struct arena *a = arena_new();
	x->own = arena_string(x->arena, digest);
	exchange_ask(x, a, EL(a, NS_CALL, "clear"), password_came);
}

/* No bind is under way here, so bind_id holds what the answer needs. */
static void log_in(struct c2s *c, const char *id, const char *user, const char *password, const char *digest, const char *resource)
{
	mem_free(c->bind_id);
	c->bind_id = mem_string(id);
	struct exchange *x = exchange_start(c, &wire, password ? &by_password : &by_digest);
	if (!x)
		return;
	x->resource = arena_string(x->arena, resource);
	exchange_name(x, user);
	if (password)
		password_check(x, arena_string(x->arena, user), arena_string(x->arena, password));
	else
		check_digest(x, digest);
}

/* It is logged in already, and its resource was refused. */
static void bind_another(struct c2s *c, struct arena *a, const char *id, const char *user, const char *resource)
{
	const struct jid *jid = jid_make(a, user, c->host, NULL);
	if (!jid || strcmp(jid->bare, c->account) != 0) {
		refuse(c, a, id, NOT_AUTHORIZED);
		return;
	}
	c->bind_id = mem_string(id);
	c2s_bind_at_once(c, resource);
}

static void set(struct c2s *c, struct arena *a, const char *id, const struct xml *query)
{
	const char *user = xml_child_text(query, NS_AUTH, "username", a), *asked = xml_child_text(query, NS_AUTH, "resource", a);
	const char *password = takes_password(c) ? xml_child_text(query, NS_AUTH, "password", a) : NULL;
	const char *digest = takes_digest(c) ? xml_child_text(query, NS_AUTH, "digest", a) : NULL;
	const char *resource = asked && *asked ? jid_resource(a, asked) : NULL;
	if (!user || !*user || !resource || (!password && !digest))
		refuse(c, a, id, NOT_ACCEPTABLE);
	else if (c->account)
		bind_another(c, a, id, user, resource);
	else
		log_in(c, id, user, password, digest, resource);
}

static bool is_for_host(const struct c2s *c, struct arena *a, const struct xml *iq)
{
	const char *to = xml_get(iq, "to");
	const struct jid *jid = to ? jid_parse(a, to) : NULL;
	return !to || (jid && strcmp(jid->full, c->host) == 0);
}

void legacy_element(struct c2s *c, const struct xml *iq)
{
	struct arena *a = arena_new();
	const struct xml *query = xml_child(iq, NS_AUTH, "query");
	const char *id = xml_get(iq, "id");
	if (!id)
		refuse(c, a, id, BAD_REQUEST);
	else if (!legacy_is_on(c) || !is_for_host(c, a, iq))
		refuse(c, a, id, SERVICE_UNAVAILABLE);               /* §3.1 */
	else if (c->has_failed_sasl)
		c2s_error(c, STREAM_POLICY_VIOLATION, "SASL was tried first");
	else if (!is_safe(c))
		refuse(c, a, id, NOT_AUTHORIZED);                    /* STARTTLS first */
	else if (is_type(iq, "get"))
		tell_fields(c, a, id);
	else
		set(c, a, id, query);
	arena_free(a);
}

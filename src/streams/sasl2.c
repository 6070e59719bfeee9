/* <authenticate/>, <challenge/>, <response/>, <continue/>, <success/>, <failure/> around an exchange's messages, in base64. */
#include "streams/sasl2.h"
#include "base/log.h"
#include "core/host.h"
#include "streams/c2s_inside.h"
#include "streams/exchange.h"
#include "streams/sasl2_inside.h"
#include "xmpp/base64.h"
#include <string.h>

/* --- what is offered: §2.1 --- */

static void add_mechanisms(struct c2s *c, struct arena *a, struct xml *authentication)
{
	const struct mechanism *m;
	unsigned place = 0;
	while ((m = mechanism_next(c, &place)))
		xml_append(authentication, EL(a, NS_SASL2, "mechanism", TEXT(a, m->name)));
}

static struct xml *fast(struct c2s *c, struct arena *a)                  /* XEP-0484 §3.1 */
{
	const struct mechanism *m;
	unsigned place = 0;
	struct xml *fast = EL(a, NS_FAST, "fast");
	while ((m = mechanism_next_fast(c, &place)))
		xml_append(fast, EL(a, NS_FAST, "mechanism", TEXT(a, m->name)));
	return fast->first ? fast : NULL;
}

static struct xml *bind2(struct c2s *c, struct arena *a)                  /* XEP-0386 §3.1 */
{
	struct xml *list = EL(a, NS_BIND2, "inline", EL(a, NS_BIND2, "feature", ATTR(a, "var", NS_SM)));
	const struct host *host = c2s_host(c);
	for (unsigned i = 0; modules[i]; i++)
		if (modules[i]->bind_feature && host_runs(host, i))
			xml_append(list, EL(a, NS_BIND2, "feature", ATTR(a, "var", modules[i]->bind_feature)));
	return EL(a, NS_BIND2, "bind", list);
}

/* §4: only behind TLS. */
static bool is_offered(struct c2s *c)
{
	return c2s_is_secure(c);
}

void sasl2_features(struct c2s *c, struct arena *a, struct xml *features)
{
	struct xml *authentication = EL(a, NS_SASL2, "authentication");
	if (!is_offered(c))
		return;
	add_mechanisms(c, a, authentication);
	if (!authentication->first)
		return;
	xml_append(authentication, EL(a, NS_SASL2, "inline", bind2(c, a), EL(a, NS_SM, "sm"), fast(c, a)));
	sasl2_offer_upgrades(c, a, authentication);
	xml_append(features, authentication);
}

/* --- the request: §2.3 --- */

void sasl2_free(struct sasl2 *s)
{
	if (s)
		arena_free(s->arena);
}

void sasl2_end(struct c2s *c)
{
	sasl2_free(c->sasl2);
	c->sasl2 = NULL;
}

/* A UUID (RFC 4122), whose version doesn't matter to us: §2.3 wants 4. */
static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;
	for (; text[i] && form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	return !text[i] && !form[i];
}

static const char *agent_of(const struct xml *request)
{
	const char *id = xml_get(xml_child(request, NS_SASL2, "user-agent"), "id");
	return id && is_uuid(id) ? id : NULL;
}

static bool is_true(const char *text)
{
	return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static void take_request(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	struct sasl2 *s = c->sasl2 = ARENA_NEW(a, struct sasl2);
	s->arena = a;
	s->request = xml_clone(a, el);
	s->agent = agent_of(s->request);
	s->token_slot = TOKEN_NONE;
	s->token_mechanism = xml_get(xml_child(s->request, NS_FAST, "request-token"), "mechanism");
	s->invalidates = is_true(xml_get(xml_child(s->request, NS_FAST, "fast"), "invalidate"));
	s->count = xml_get(xml_child(s->request, NS_FAST, "fast"), "count");
	s->task = xml_child(s->request, NS_UPGRADE, "upgrade");
}

/* --- answers --- */

static void challenge(struct c2s *c, const char *data, size_t size)
{
	struct arena *a = arena_new();
	c2s_write(c, EL(a, NS_SASL2, "challenge", data ? TEXT(a, base64_encode(a, data, size)) : NULL));
	arena_free(a);
}

static void failed(struct c2s *c, enum sasl_failure failure)
{
	struct arena *a = arena_new();
	sasl2_end(c);
	c2s_write(c, EL(a, NS_SASL2, "failure", EL(a, NS_SASL, sasl_failure_name(failure))));
	arena_free(a);
}

static void succeeded(struct c2s *c, struct arena *a, const struct exchange_success *success)
{
	struct sasl2 *s = c->sasl2;
	s->last = success->last ? base64_encode(s->arena, success->last, success->size) : NULL;
	s->bare = arena_string(s->arena, success->bare);
	s->mechanism = success->mechanism;
	s->wire = success->wire;
	arena_free(a);
	sasl2_next_task(c);
}

static const struct exchange_wire wire = { challenge, succeeded, failed, .takes_tokens = true };

void sasl2_fail(struct c2s *c, enum sasl_failure failure, const char *why)
{
	exchange_failed(c, &wire, failure, why);
}

/* --- messages of the client --- */

/* §2.2: an empty element is an empty message; NULL: none was sent. */
static void take_message(struct c2s *c, const struct xml *el)
{
	struct arena *a = c->auth->arena;
	size_t size = 0;
	const char *text = el ? xml_text(el, a) : NULL, *bytes = text && !*text ? "" : NULL;
	if (text && *text)
		bytes = (const char *)base64_decode(a, text, &size);
	if (text && !bytes)
		sasl2_fail(c, SASL_INCORRECT_ENCODING, NULL);
	else
		exchange_message(c, bytes, size);
}

/* XEP-0484 §3.4: a token comes with <fast/>, and for whom it is says <user-agent/>. */
static bool is_well_asked(const struct sasl2 *s, const struct mechanism *m)
{
	bool is_fast = m && m->needs & NEEDS_TOKEN;
	return !is_fast || (s->agent && xml_child(s->request, NS_FAST, "fast"));
}

static void authenticate(struct c2s *c, const struct xml *el)
{
	const char *name = xml_get(el, "mechanism");
	sasl2_end(c);
	take_request(c, el);
	if (!is_offered(c))
		sasl2_fail(c, SASL_ENCRYPTION_REQUIRED, NULL);
	else if (!is_well_asked(c->sasl2, name ? mechanism_find(name) : NULL))
		sasl2_fail(c, SASL_MALFORMED_REQUEST, "a token without <fast/> or <user-agent/>");
	else if (exchange_begin(c, &wire, name))
		take_message(c, xml_child(c->sasl2->request, NS_SASL2, "initial-response"));
}

/* §5.8: only the first is an authentication. */
static bool is_in_task(const struct c2s *c)
{
	return c->sasl2 && c->sasl2->in_task;
}

void sasl2_element(struct c2s *c, const struct xml *el)
{
	if (strcmp(el->name, "abort") == 0)
		sasl2_fail(c, SASL_ABORTED, NULL);
	else if (is_in_task(c))
		sasl2_task(c, el);
	else if (strcmp(el->name, "authenticate") == 0)
		authenticate(c, el);
	else if (strcmp(el->name, "response") == 0 && c->auth)
		take_message(c, el);
	else if (strcmp(el->name, "response") == 0)
		sasl2_fail(c, SASL_MALFORMED_REQUEST, "a response to no challenge");
	else
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

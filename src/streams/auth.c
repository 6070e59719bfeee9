/* <auth/>, <challenge/>, <response/>, <success/>, <failure/> around an exchange's messages, in base64. */
#include "streams/auth.h"
#include "streams/bindings.h"
#include "streams/exchange.h"
#include "xmpp/base64.h"
#include <string.h>

/* --- what is offered --- */

static struct xml *channel_bindings(struct c2s *c, struct arena *a)
{
	struct bindings b;
	struct xml *list = EL(a, NS_CHANNEL_BINDING, "sasl-channel-binding");
	bindings_take(&b, c);
	for (size_t i = 0; i < b.count; i++)
		xml_append(list, EL(a, NS_CHANNEL_BINDING, "channel-binding", ATTR(a, "type", b.all[i].type)));
	return list;
}

void auth_features(struct c2s *c, struct arena *a, struct xml *features)
{
	struct xml *list = EL(a, NS_SASL, "mechanisms");
	const struct mechanism *m;
	unsigned place = 0;
	while ((m = mechanism_next(c, &place)))
		xml_append(list, EL(a, NS_SASL, "mechanism", TEXT(a, m->name)));
	if (!list->first)
		return;
	xml_append(features, list);
	if (mechanism_offers_binding(c))
		xml_append(features, channel_bindings(c, a));
}

/* --- answers --- */

static void challenge(struct c2s *c, const char *data, size_t size)
{
	struct arena *a = arena_new();
	c2s_write(c, EL(a, NS_SASL, "challenge", data ? TEXT(a, base64_encode(a, data, size)) : NULL));
	arena_free(a);
}

static void succeeded(struct c2s *c, struct arena *a, const struct exchange_success *s)
{
	c2s_authenticated(c, s->wire, s->bare, s->mechanism, a, EL(a, NS_SASL, "success", s->last ? TEXT(a, base64_encode(a, s->last, s->size)) : NULL));
}

static void failed(struct c2s *c, enum sasl_failure failure)
{
	struct arena *a = arena_new();
	c->has_failed_sasl = true;
	c2s_write(c, EL(a, NS_SASL, "failure", EL(a, NS_SASL, sasl_failure_name(failure))));
	arena_free(a);
}

static const struct exchange_wire wire = { challenge, succeeded, failed };

/* --- messages of the client --- */

/* The text of an element: base64, where "=" is an empty message (RFC 6120 §6.4.2). NULL: none was sent; *ok false: it isn't base64. */
static const char *message(struct arena *a, const struct xml *el, size_t *size, bool *ok)
{
	const char *text = xml_text(el, a);
	*ok = true;
	*size = 0;
	if (!*text)
		return NULL;
	if (strcmp(text, "=") == 0)
		return "";
	const char *bytes = (const char *)base64_decode(a, text, size);
	*ok = bytes != NULL;
	return bytes;
}

static void take_message(struct c2s *c, const struct xml *el)
{
	size_t size;
	bool ok;
	const char *text = message(c->auth->arena, el, &size, &ok);
	if (ok)
		exchange_message(c, text, size);
	else
		exchange_failed(c, &wire, SASL_INCORRECT_ENCODING, NULL);
}

void auth_element(struct c2s *c, const struct xml *el)
{
	if (strcmp(el->name, "auth") == 0) {
		if (exchange_begin(c, &wire, xml_get(el, "mechanism")))
			take_message(c, el);
	} else if (strcmp(el->name, "abort") == 0) {
		exchange_failed(c, &wire, SASL_ABORTED, NULL);
	} else if (strcmp(el->name, "response") == 0 && c->auth) {
		take_message(c, el);
	} else if (strcmp(el->name, "response") == 0) {
		exchange_failed(c, &wire, SASL_MALFORMED_REQUEST, "a response to no challenge");
	} else {
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	}
}

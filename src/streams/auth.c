/* <auth/>, <challenge/>, <response/>, <success/>, <failure/> around an exchange's messages, in base64. */
#include "streams/auth.h"
#include "streams/exchange.h"
#include "xmpp/base64.h"
#include <string.h>

/* --- what is offered --- */

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
		xml_append(features, EL(a, NS_CHANNEL_BINDING, "sasl-channel-binding",
			EL(a, NS_CHANNEL_BINDING, "channel-binding", ATTR(a, "type", "tls-server-end-point")),
			conn_binding_exporter(c->conn, (unsigned char[32]){ 0 })
				? EL(a, NS_CHANNEL_BINDING, "channel-binding", ATTR(a, "type", "tls-exporter")) : NULL));
}

/* --- answers --- */

static void challenge(struct c2s *c, const char *data, size_t size)
{
	struct arena *a = arena_new();
	c2s_write(c, EL(a, NS_SASL, "challenge", data ? TEXT(a, base64_encode(a, data, size)) : NULL));
	arena_free(a);
}

static void succeeded(struct c2s *c, struct arena *a, const char *bare, const char *mechanism, const char *last, size_t size)
{
	c2s_authenticated(c, bare, mechanism, a, EL(a, NS_SASL, "success", last ? TEXT(a, base64_encode(a, last, size)) : NULL));
}

static void failed(struct c2s *c, enum sasl_failure failure)
{
	struct arena *a = arena_new();
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

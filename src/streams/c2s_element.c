/*
 * The elements of a client's stream: what may come when, and what follows
 * from it. Before a session that is the negotiation (RFC 6120 §4.3); in one,
 * stanzas and acknowledgements.
 */
#include "streams/c2s_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "streams/acks.h"
#include "streams/auth.h"
#include "streams/header.h"
#include "streams/guest.h"
#include "streams/signup.h"
#include <string.h>

/* --- elements before a session --- */

static struct tls_choice choose(const char *sni, void *stream)
{
	struct c2s *c = stream;
	return guest_choose(c2s_terms(c), sni, c->host);
}

static void starttls(struct c2s *c)
{
	struct arena *a = arena_new();
	bool can = c2s_offers_tls(c);
	c2s_write(c, EL(a, NS_TLS, can ? "proceed" : "failure"));
	arena_free(a);
	if (!can) {
		c2s_close(c, "STARTTLS is not to be had");
		return;
	}
	c2s_restart(c);
	c->state = C2S_SECURING;
	conn_tls(c->conn, choose, c);
}

static void bind_asked(struct c2s *c, const struct xml *iq)
{
	const struct xml *bind = xml_child(iq, NS_BIND, "bind");
	struct arena *a = arena_new();
	const char *asked = xml_child_text(bind, NS_BIND, "resource", a), *id = xml_get(iq, "id");
	const char *resource = asked && *asked ? jid_resource(a, asked) : NULL;
	if (!id || (asked && *asked && !resource)) {
		c2s_bind_refused(c, id, BAD_REQUEST);
	} else if (home_here()->is_degraded || home_here()->is_stopping) {
		c2s_bind_refused(c, id, RESOURCE_CONSTRAINT);
	} else {
		c->bind_id = mem_string(id);
		c->is_binding = true;
		c2s_wait(c);
		session_bind(c->account, resource, &c2s_transport, c);
	}
	arena_free(a);
}

static bool is_named_like_a_stanza(const struct xml *el)
{
	return strcmp(el->name, "message") == 0 || strcmp(el->name, "iq") == 0 || strcmp(el->name, "presence") == 0;
}

/* What is no element of this stream: RFC 6120 §4.8.3, §4.9.3.10, §4.9.3.24. A peer's own error just ends it. */
static void refuse_element(struct c2s *c, const struct xml *el)
{
	if (xml_is(el, NS_STREAMS, "error"))
		c2s_close(c, stream_error_name(stream_error_read(el)));
	else
		c2s_error(c, is_named_like_a_stanza(el) ? STREAM_INVALID_NAMESPACE : STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/* What comes before its time: RFC 6120 §4.9.3.12, §7.1. */
static void too_early(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	if (xml_is(el, NS_SM, "enable") || xml_is(el, NS_SM, "resume") || xml_is(el, NS_SM, "r") || xml_is(el, NS_SM, "a"))
		c2s_write(c, EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, "unexpected-request")));
	else if (el->ns == NS_CLIENT || el->ns == NS_SASL)
		c2s_error(c, STREAM_NOT_AUTHORIZED, c->account ? "Bind a resource first" : "Authenticate first");
	else
		refuse_element(c, el);
	arena_free(a);
}

static bool is_iq_set(const struct xml *el, const char *ns, const char *name)
{
	if (!xml_is(el, NS_CLIENT, "iq"))
		return false;                /* nearly all: messages */
	const char *type = xml_get(el, "type");
	return type && strcmp(type, "set") == 0 && xml_child(el, ns, name);
}

static void negotiate(struct c2s *c, const struct xml *el)
{
	if (xml_is(el, NS_TLS, "starttls"))
		starttls(c);
	else if (!c->account && el->ns == NS_SASL)
		auth_element(c, el);
	else if (!c->account && signup_is_asked(c, el))
		signup_element(c, el);
	else if (c->account && is_iq_set(el, NS_BIND, "bind"))
		bind_asked(c, el);
	else
		too_early(c, el);
}

/* --- elements of a session --- */

static void enable_acks(struct c2s *c)
{
	struct arena *a = arena_new();
	if (c->acks) {
		c2s_write(c, EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, "unexpected-request")));
	} else {
		session_taken(c->session, c->sent);
		c->sent = 0;
		c->acks = acks_new();
		session_use_acks(c->session);
		c2s_write(c, EL(a, NS_SM, "enabled"));
	}
	arena_free(a);
}

/* XEP-0198 §4: more acknowledged than was sent ends the stream. */
static void too_many_acknowledged(struct c2s *c, uint32_t h, uint32_t sent)
{
	struct arena *a = arena_new();
	struct xml *why = EL(a, NS_SM, "handled-count-too-high", ATTR(a, "h", arena_printf(a, "%u", h)), ATTR(a, "send-count", arena_printf(a, "%u", sent)));
	header_write_error(conn_out(c->conn), STREAM_UNDEFINED_CONDITION, NULL, why);
	conn_printed(c->conn);
	c2s_log(c, LOG_LOW, "acknowledged %u stanzas of %u", h, sent);
	arena_free(a);
	c2s_finish(c, "handled-count-too-high");
}

static bool read_h(const struct xml *el, uint32_t *h)
{
	const char *text = xml_get(el, "h");
	uint64_t n = 0;
	if (!text || !*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || (n = n * 10 + (uint64_t)(*text - '0')) > UINT32_MAX)
			return false;
	}
	*h = (uint32_t)n;
	return true;
}

static void acknowledged(struct c2s *c, const struct xml *el)
{
	uint32_t h, sent;
	uint64_t taken;
	if (!read_h(el, &h))
		c2s_error(c, STREAM_BAD_FORMAT, "h must be a number");
	else if (!acks_taken(c->acks, c->conn, h, &taken, &sent))
		too_many_acknowledged(c, h, sent);
	else
		session_taken(c->session, taken);
}

static void answer_request(struct c2s *c)
{
	c2s_log(c, LOG_ALL, "sent <a xmlns='urn:xmpp:sm:3' h='%u'/>", c->session->settled);
	acks_answer(c->acks, c->conn, c->session->settled, c->session->received);
}

static void stream_management(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	if (strcmp(el->name, "enable") == 0)
		enable_acks(c);
	else if (c->acks && strcmp(el->name, "r") == 0)
		answer_request(c);
	else if (c->acks && strcmp(el->name, "a") == 0)
		acknowledged(c, el);
	else if (strcmp(el->name, "resume") == 0)
		c2s_write(c, EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, "feature-not-implemented")));
	else
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
	arena_free(a);
}

static bool is_stanza(const struct xml *el)
{
	return el->ns == NS_CLIENT && is_named_like_a_stanza(el);
}

/* RFC 6120 §8.1.2.1: a `from` must be the session's own, full or bare. */
static bool is_own_from(const struct c2s *c, struct arena *a, const char *from)
{
	if (!from || strcmp(from, c->session->jid->full) == 0)
		return true;
	const struct jid *jid = jid_parse(a, from);
	return jid && (jid_same(jid, c->session->jid) || (jid_is_bare(jid) && jid_same_bare(jid, c->session->jid)));
}

/* RFC 3921's session, asked for by old clients, is an empty success. */
static bool is_legacy_session(struct c2s *c, const struct xml *el)
{
	struct arena *a;
	if (!is_iq_set(el, NS_SESSION, "session"))
		return false;
	a = arena_new();
	c2s_write(c, EL(a, NS_CLIENT, "iq", ATTR(a, "type", "result"), ATTR(a, "id", xml_get(el, "id"))));
	arena_free(a);
	return true;
}

/* Takes the arena. */
static void stanza(struct c2s *c, struct arena *a, struct xml *el, size_t bytes)
{
	if (!is_own_from(c, a, xml_get(el, "from"))) {
		c2s_error(c, STREAM_INVALID_FROM, NULL);
	} else if (!is_legacy_session(c, el)) {
		if (c->lang && !xml_lang(el))
			xml_set_lang(a, el, arena_string(a, c->lang));
		session_receive(c->session, a, el, bytes);
		return;
	}
	arena_free(a);
}

/* Takes the arena. */
void c2s_element(struct c2s *c, struct arena *a, struct xml *el, size_t bytes)
{
	C2S_LOG_XML(c, "received", el);
	c->stanzas_in += is_stanza(el);
	if (c->state == C2S_BOUND && is_stanza(el) && !(c->account && is_iq_set(el, NS_BIND, "bind"))) {
		stanza(c, a, el, bytes);
		return;
	}
	if (c->state == C2S_BOUND && el->ns == NS_SM)
		stream_management(c, el);
	else if (c->state == C2S_BOUND && is_stanza(el))
		c2s_write_error(c, a, stanza_error_reply(a, el, NOT_ALLOWED, "One resource for each stream", NULL));
	else if (c->state == C2S_BOUND)
		refuse_element(c, el);
	else if (c->state == C2S_NEGOTIATING)
		negotiate(c, el);
	arena_free(a);
}

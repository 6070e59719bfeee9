/*
 * The elements of a client's stream: what may come when, and what follows
 * from it. Before a session that is the negotiation (RFC 6120 §4.3); in one,
 * stanzas and acknowledgements.
 */
#include "streams/c2s_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "streams/auth.h"
#include "streams/guest.h"
#include "streams/legacy.h"
#include "streams/login.h"
#include "streams/management.h"
#include "streams/sasl2.h"
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

/* Who may have one resource only gets it, and an older session of that name ends (XEP-0257 §3). */
static void bind_resource(struct c2s *c, const char *asked)
{
	const char *resource = login_resource(c->login, asked);
	if (c->login && c->login->resource)
		session_bind_again(c->account, resource, &c2s_transport, c);
	else
		session_bind(c->account, resource, &c2s_transport, c);
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
		c->is_legacy = false;
		c2s_wait(c);
		bind_resource(c, resource);
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
	if (el->ns == NS_CLIENT || el->ns == NS_SASL || el->ns == NS_SASL2)
		c2s_error(c, STREAM_NOT_AUTHORIZED, c->account ? "Bind a resource first" : "Authenticate first");
	else
		refuse_element(c, el);
}

static bool is_iq_set(const struct xml *el, const char *ns, const char *name)
{
	if (!xml_is(el, NS_CLIENT, "iq"))
		return false;                /* nearly all: messages */
	const char *type = xml_get(el, "type");
	return type && strcmp(type, "set") == 0 && xml_child(el, ns, name);
}

static bool is_management(const struct xml *el)
{
	return strcmp(el->name, "enable") == 0 || strcmp(el->name, "resume") == 0 || strcmp(el->name, "r") == 0 || strcmp(el->name, "a") == 0;
}

static void negotiate(struct c2s *c, const struct xml *el)
{
	if (c->sasl2 && el->ns != NS_SASL2)                  /* XEP-0388 §2.3: while it is under way nothing else comes */
		c2s_error(c, STREAM_NOT_AUTHORIZED, "An authentication is under way");
	else if (xml_is(el, NS_TLS, "starttls"))
		starttls(c);
	else if (!c->account && el->ns == NS_SASL)
		auth_element(c, el);
	else if (!c->account && el->ns == NS_SASL2)
		sasl2_element(c, el);
	else if (!c->account && signup_is_asked(c, el))
		signup_element(c, el);
	else if ((!c->account || c->is_legacy) && legacy_is_asked(c, el))
		legacy_element(c, el);
	else if (c->account && is_iq_set(el, NS_BIND, "bind"))
		bind_asked(c, el);
	else if (el->ns == NS_SM && is_management(el))
		management_negotiate(c, el);
	else
		too_early(c, el);
}

/* --- elements of a session --- */

/* XEP-0352 §4.2: no answer. */
static void attention(struct c2s *c, const struct xml *el)
{
	if (strcmp(el->name, "active") == 0 || strcmp(el->name, "inactive") == 0)
		session_set_inactive(c->session, strcmp(el->name, "inactive") == 0);
	else
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
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
	c2s_show(c, TAP_IN, el);
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

static void refuse_second_bind(struct c2s *c, struct arena *a, const struct xml *el)
{
	c2s_show(c, TAP_IN, el);
	c2s_write_error(c, a, stanza_error_reply(a, el, NOT_ALLOWED, "One resource for each stream", NULL));
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
		management_element(c, el);
	else if (c->state == C2S_BOUND && el->ns == NS_CSI)
		attention(c, el);
	else if (c->state == C2S_BOUND && is_stanza(el))
		refuse_second_bind(c, a, el);
	else if (c->state == C2S_BOUND)
		refuse_element(c, el);
	else if (c->state == C2S_NEGOTIATING)
		negotiate(c, el);
	arena_free(a);
}

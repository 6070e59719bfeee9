/*
 * XEP-0328 JID Preparation and Validation: what an address is once it is
 * prepared, for clients without the tables of Unicode. For our own users only
 * (§6: it costs time); their stanzas are counted like any others.
 */
#include "modules/modules.h"
#include "xmpp/base64.h"
#include <string.h>

static struct xml *part(struct arena *a, const char *name, const char *text)
{
	return text ? EL(a, NS_JIDPREP, name, TEXT(a, text)) : NULL;
}

static struct xml *valid(struct arena *a, const struct jid *jid)
{
	return EL(a, NS_JIDPREP, "valid-jid", part(a, "localpart", jid->local), part(a, "domainpart", jid->domain),
		part(a, "resourcepart", jid->resource));
}

/* The first part that isn't one. RFC 7622 §3.1: cut at the first slash, then at the first at sign before it. */
static const char *reason(struct arena *a, const char *text)
{
	const char *slash = strchrnul(text, '/'), *at = memchr(text, '@', (size_t)(slash - text)), *domain = at ? at + 1 : text;
	if (at && !jid_local(a, arena_copy(a, text, (size_t)(at - text))))
		return "The localpart isn't allowed.";
	if (!jid_domain(a, arena_copy(a, domain, (size_t)(slash - domain))))
		return "The domainpart isn't allowed.";
	return "The resourcepart isn't allowed.";
}

/* NULL: it is no text at all. */
static enum stanza_error answer(struct turn *t, const char *text)
{
	struct arena *a = t->arena;
	if (!t->session)
		return FORBIDDEN;
	const struct jid *jid = text ? jid_parse(a, text) : NULL;
	turn_reply(t, EL(a, NS_JIDPREP, "jid-validate-result", jid ? valid(a, jid)
		: EL(a, NS_JIDPREP, "invalid-jid", part(a, "reason", text ? reason(a, text) : "This is no text."))));
	return OK;
}

static enum stanza_error prepare(struct turn *t)
{
	const char *text = xml_child_text(t->payload, NS_JIDPREP, "maybe-jid", t->arena);
	return text ? answer(t, text) : BAD_REQUEST;
}

static enum stanza_error prepare_base64(struct turn *t)
{
	size_t size;
	const char *encoded = xml_child_text(t->payload, NS_JIDPREP, "base64-maybe-jid", t->arena);
	const unsigned char *bytes = encoded ? base64_decode(t->arena, encoded, &size) : NULL;
	if (!bytes)
		return BAD_REQUEST;
	return answer(t, memchr(bytes, 0, size) ? NULL : arena_copy(t->arena, (const char *)bytes, size));
}

const struct module mod_jidprep = {
	.name     = "jidprep",
	.title    = "JID Preparation and Validation Service",
	.xep      = 328,
	.features = FEATURES(NS_JIDPREP, "urn:xmpp:jidprep:base64:1"),
	.iqs      = IQS({ NS_JIDPREP, "jid-validate-request", IQ_GET, TO_HOST, prepare },
		{ NS_JIDPREP, "jid-validate-base64-request", IQ_GET, TO_HOST, prepare_base64 }),
};

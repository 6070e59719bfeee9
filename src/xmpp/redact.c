/*
 * What is secret is known by where it stands: what SASL carries (RFC 6120 §6,
 * XEP-0388, XEP-0484), elements and attributes that are named so (XEP-0077,
 * 0078, 0114, 0045's rooms), and fields of forms that are (XEP-0004).
 * Rather too much is hidden than too little; messages' bodies are shown.
 */
#include "xmpp/redact.h"
#include "xmpp/ns.h"
#include <string.h>
#include <strings.h>

static const char hidden[] = "[hidden]";

static bool is_among(const char *name, const char *const list[])
{
	while (*list && strcasecmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

static bool is_secret_name(const char *name)
{
	static const char *const names[] = { "password", "passwd", "digest", "secret", "token", "handshake", "refresh-token", "client-secret", NULL };
	return is_among(name, names);
}

/* Of SASL's elements these carry no credentials. */
static bool is_sasl(const struct xml *el)
{
	static const char *const open[] = { "mechanisms", "mechanism", "failure", "authentication", "inline", "user-agent", "software", "device", NULL };
	bool is_of_sasl = strcmp(el->ns, NS_SASL) == 0 || strncmp(el->ns, "urn:xmpp:sasl:", 14) == 0 || strncmp(el->ns, "urn:xmpp:fast:", 14) == 0;
	return is_of_sasl && !is_among(el->name, open);
}

static bool is_dialback(const struct xml *el)
{
	return strcmp(el->ns, "jabber:server:dialback") == 0;
}

static bool is_secret_field(const struct xml *el)
{
	const char *var = xml_get(el, "var"), *type = xml_get(el, "type");
	if (strcmp(el->ns, NS_DATA) != 0 || strcmp(el->name, "field") != 0)
		return false;
	return (type && strcmp(type, "text-private") == 0) || (var && (strcasestr(var, "passw") || strcasestr(var, "secret") || strcasestr(var, "token")));
}

static struct xml *copy(struct arena *a, const struct xml *el, bool is_secret)
{
	struct xml *c = xml_shallow(a, el), *first = c->first;
	is_secret |= is_sasl(el) || is_secret_name(el->name) || is_secret_field(el);
	c->first = c->last = NULL;
	for (const struct xml *attr = el->attrs; attr; attr = attr->next)
		if (!attr->ns && is_secret_name(attr->name))
			xml_set(a, c, attr->name, hidden);
	for (const struct xml *child = first; child; child = child->next) {
		if (child->name)
			xml_append(c, copy(a, child, is_secret));
		else if (*child->text)
			xml_append(c, TEXT(a, is_secret || is_dialback(el) ? hidden : child->text));
	}
	return c;
}

char *redact_print(struct arena *a, const struct xml *el, const char *around)
{
	return xml_string(a, copy(a, el, false), around);
}

char *redact_outline(struct arena *a, const struct xml *el, const char *around)
{
	return xml_string(a, copy(a, el, true), around);
}

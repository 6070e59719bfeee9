/*
 * Whose is it? (RFC 6120 §10, RFC 6121 §8)
 *
 * A stanza goes to an account of ours, to one of our hosts, or by a link to
 * another domain: a component's now, a server's later. What an own session
 * sends leaves as it came, with its arena and its receipt; what a turn built is
 * copied.
 */
#include "core/route.h"
#include "core/component.h"
#include "core/host.h"
#include "core/link.h"
#include "core/session.h"
#include "core/turn_out.h"
#include <string.h>

static bool is_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* RFC 6120 §8, RFC 6121 §4.7.1, §5.2.2: an unknown type of message is `normal`; of anything else a fault. */
bool type_of(const struct xml *stanza, enum kind *kind, enum type *type)
{
	static const struct { const char *name, *type; enum kind kind; enum type value; } words[] = {
		{ "message", "chat", KIND_MESSAGE, TYPE_CHAT },
		{ "message", "groupchat", KIND_MESSAGE, TYPE_GROUPCHAT },
		{ "message", "headline", KIND_MESSAGE, TYPE_HEADLINE },
		{ "message", "normal", KIND_MESSAGE, TYPE_NORMAL },
		{ "message", "error", KIND_MESSAGE, TYPE_ERROR },
		{ "presence", "unavailable", KIND_NOTIFY, TYPE_UNAVAILABLE },
		{ "presence", "subscribe", KIND_SUBSCRIBE, TYPE_SUBSCRIBE },
		{ "presence", "subscribed", KIND_SUBSCRIBE, TYPE_SUBSCRIBED },
		{ "presence", "unsubscribe", KIND_SUBSCRIBE, TYPE_UNSUBSCRIBE },
		{ "presence", "unsubscribed", KIND_SUBSCRIBE, TYPE_UNSUBSCRIBED },
		{ "presence", "probe", KIND_SUBSCRIBE, TYPE_PROBE },
		{ "presence", "error", KIND_NOTIFY, TYPE_ERROR },
		{ "iq", "get", KIND_INFO, TYPE_GET },
		{ "iq", "set", KIND_INFO, TYPE_SET },
		{ "iq", "result", KIND_INFO, TYPE_RESULT },
		{ "iq", "error", KIND_INFO, TYPE_ERROR },
	};
	const char *name = stanza->name, *word = xml_get(stanza, "type");
	bool is_message = is_same(name, "message"), is_presence = is_same(name, "presence");
	for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
		if (is_same(words[i].name, name) && is_same(words[i].type, word)) {
			*kind = words[i].kind;
			*type = words[i].value;
			return true;
		}
	}
	*kind = is_message ? KIND_MESSAGE : is_presence ? KIND_NOTIFY : KIND_INFO;
	*type = is_message ? TYPE_NORMAL : TYPE_AVAILABLE;
	return is_message || (is_presence && !word);
}

const char *route_link(struct arena *a, const char *domain)
{
	const struct component *c = component_of(domain);
	if (link_is_of_gateway(domain))
		return arena_string(a, domain);
	return c ? arena_string(a, component_name(c, domain)) : NULL;
}

bool route_leads_to(const char *domain)
{
	return host_find(domain) || component_of(domain) || link_is_of_gateway(domain);
}

/* Which link leads there; NULL: none does, or it is ours. A gateway may have a single address, even of a domain of ours. */
static const char *way_to(struct arena *a, const struct jid *to, bool is_ours)
{
	if (to->local && link_is_of_gateway(to->bare))
		return arena_string(a, to->bare);
	return is_ours ? NULL : route_link(a, to->domain);
}

/* To a host itself: messages have nobody to read them, presence nobody to see it (RFC 6121 §8.2). IQs were answered before. */
enum stanza_error route_to_host(const struct turn *t)
{
	return t->kind == KIND_MESSAGE && t->type != TYPE_ERROR ? SERVICE_UNAVAILABLE : HANDLED;
}

enum stanza_error route_on(struct turn *t)
{
	const bool is_ours = host_find(t->to->domain);
	const char *via = way_to(t->arena, t->to, is_ours);
	if (!is_ours && !via)
		return t->type == TYPE_ERROR || t->type == TYPE_RESULT ? HANDLED : REMOTE_SERVER_NOT_FOUND;
	if (is_ours && !t->to->local)
		return route_to_host(t);
	output_add(t, t->stanza, NULL, true);
	t->out->outputs_last->via = via;
	return OK;
}

static struct signal *own_signal(struct turn *t, const char *via)
{
	struct signal *s = signal_new(t->arena, t->stanza, t->from, t->to, t->kind, t->type);
	s->via = via;
	s->was_addressed = t->was_addressed;
	s->wants_keeping = t->wants_keeping;
	s->receipt = t->out->receipt;
	receipt_hold(s->receipt);
	return s;
}

/* While the server stops, who of its sessions was there is news only to those that live on; it would be told once for each contact. */
static bool is_news(enum kind kind)
{
	return kind != KIND_NOTIFY || !home_here()->is_stopping || sessions_are_resumable();
}

void route_stanza(struct arena *a, struct xml *stanza)
{
	const char *to = xml_get(stanza, "to"), *from = xml_get(stanza, "from");
	const struct jid *target = to ? jid_parse(a, to) : NULL, *sender = from ? jid_parse(a, from) : NULL;
	const bool is_ours = target && host_find(target->domain);
	const char *via = target ? way_to(a, target, is_ours) : NULL;
	enum kind kind;
	enum type type;
	if (!sender || !(via || (is_ours && target->local)) || !type_of(stanza, &kind, &type) || !is_news(kind)) {
		arena_free(a);
		return;
	}
	struct signal *s = signal_new(a, stanza, sender, target, kind, type);
	s->via = via;
	signal_send(s);
}

struct signal *route_out(struct turn *t, const struct output *o)
{
	if (o->is_own)
		return own_signal(t, o->via);
	struct arena *a = arena_new();
	route_stanza(a, xml_clone(a, o->stanza));
	return NULL;
}

/* A carrier of a link whose other end is a function. */
#include "core/gateway.h"
#include "core/home.h"
#include <string.h>

static struct gateway *gateway_of(struct carrier *c)
{
	return CONTAINER(c, struct gateway, carrier);
}

static struct tap_place place_of(const struct gateway *g)
{
	const char *at = strchr(g->address, '@');
	return (struct tap_place){ .front = "gateway", .address = g->address, .host = at ? host_find(at + 1) : NULL };
}

/* --- to it --- */

/* As its sender may have written them; a gateway shall have one spelling only. */
static const char *prepared(struct arena *a, const char *address)
{
	const struct jid *jid = jid_parse(a, address);
	return jid ? jid->full : address;
}

static bool give(struct carrier *c, const struct xml *stanza)
{
	struct gateway *g = gateway_of(c);
	const struct tap_place p = place_of(g);
	struct arena *a = arena_new();
	struct tap_view v;
	tap_look(&v, TAP_OUT, &p, stanza);
	v.from = prepared(a, v.from);
	v.to = prepared(a, v.to);
	tap_show(&v);
	g->receive(g, &v);
	arena_free(a);
	return true;
}

/* Nobody asks whether it is there, or ends it: it has its link alone. */
static const struct carrier_kind kind = { .send = give, .is_inside = true };

bool gateway_open(struct gateway *g)
{
	g->carrier = (struct carrier){ .kind = &kind };
	if (host_find(g->address) || !link_join(&g->carrier, g->address))
		return false;
	link_open(&g->carrier);
	return true;
}

void gateway_close(struct gateway *g)
{
	link_leave(&g->carrier);
}

/* --- from it --- */

static bool is_its_own(const struct gateway *g, const struct jid *from)
{
	return from && (strcmp(from->bare, g->address) == 0 || strcmp(from->domain, g->address) == 0);
}

static bool is_stanza(const struct xml *el)
{
	return xml_is(el, NS_CLIENT, "message") || xml_is(el, NS_CLIENT, "presence") || xml_is(el, NS_CLIENT, "iq");
}

bool gateway_send(struct gateway *g, struct arena *a, struct xml *stanza)
{
	const char *said = xml_get(stanza, "from");
	const struct jid *from = said ? jid_parse(a, said) : NULL;
	if (!g->carrier.link || !is_stanza(stanza) || !is_its_own(g, from)) {
		arena_free(a);
		return false;
	}
	const struct tap_place p = place_of(g);
	struct tap_view v;
	xml_set(a, stanza, "from", from->full);
	tap_look(&v, TAP_IN, &p, stanza);
	tap_show(&v);
	link_receive(&g->carrier, a, stanza, from, NULL);
	return true;
}

/*
 * XEP-0352 Client State Indication: while nobody looks, what nobody needs now waits.
 *
 *   presence of contacts            → the last one of each full address
 *   chat states and nothing else    → the last one of each sender
 *   events of nodes without a body  → the last one of each item
 *   answers of the server itself    → leave at once, alone
 *   all the rest                    → leaves at once, behind what waited
 *
 * So a client never hears what one sender says out of order, and its radio wakes only when
 * there is something to read, when it says that it is active, or when too much
 * waits. What waits when the session ends is forgotten: it was news, and the
 * next session asks for the state of things.
 */
#include "base/bytes.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "core/account.h"
#include "core/host.h"
#include "core/session.h"
#include "modules/modules.h"
#include "xml/parser.h"
#include <string.h>

struct held {
	struct list   link;
	uint64_t      key;               /* what it is the last one of; 0: nothing */
	struct bytes *stanza;            /* printed */
};

struct waiting {                     /* of a session; made when something waits first */
	struct list all;             /* oldest first */
	unsigned    count;
};

/* --- what may wait --- */

static uint64_t hash(uint64_t seed, const char *text)
{
	return text ? hash_bytes(seed, text, strlen(text)) : seed;
}

static uint64_t key_of(const char *kind, const char *from, const char *more)
{
	return hash(hash(hash(0, kind), from), more) | 1;
}

/* A room says that one has come in (XEP-0045 §7.2.2): the client waits for it. */
static bool is_of_oneself(const struct xml *presence)
{
	const struct xml *status = xml_child(xml_child(presence, NS_MUC_USER, "x"), NS_MUC_USER, "status");
	for (; status; status = xml_next(status, NS_MUC_USER, "status")) {
		const char *code = xml_get(status, "code");
		if (code && strcmp(code, "110") == 0)
			return true;
	}
	return false;
}

static bool presence_may_wait(const struct xml *presence, uint64_t *key)
{
	const char *type = xml_get(presence, "type");
	*key = key_of("presence", xml_get(presence, "from"), NULL);
	return (!type || strcmp(type, "unavailable") == 0) && !is_of_oneself(presence);
}

/* The one item or retraction that an event is about: the next one about it says more. NULL: several, or something else. */
static const char *item_of(const struct xml *items)
{
	const struct xml *item = xml_first(items);
	return item && !xml_next(item, NULL, NULL) ? xml_get(item, "id") : NULL;
}

static bool event_may_wait(const struct xml *message, const struct xml *event, uint64_t *key)
{
	const struct xml *items = xml_child(event, NS_PUBSUB_EVENT, "items");
	const char *node = xml_get(items, "node"), *item = item_of(items);
	*key = node && item ? hash(key_of("event", xml_get(message, "from"), node), item) | 1 : 0;
	return true;
}

static bool is_marginal(const struct xml *el)
{
	return el->ns == NS_CHAT_STATES || el->ns == NS_HINTS || el->ns == NS_STANZA_ID || el->ns == NS_DELAY || xml_is(el, NS_CLIENT, "thread");
}

static bool is_only_state(const struct xml *message)
{
	const struct xml *el = xml_first(message);
	if (!xml_child(message, NS_CHAT_STATES, NULL))
		return false;
	while (el && is_marginal(el))
		el = xml_next(el, NULL, NULL);
	return !el;
}

/* The message that a copy is of (XEP-0280), or this one. */
static const struct xml *inner(const struct xml *message)
{
	const struct xml *copy = xml_child(message, NS_CARBONS, NULL);
	const struct xml *of = xml_child(xml_child(copy, NS_FORWARD, "forwarded"), NS_CLIENT, "message");
	return of ? of : message;
}

static bool message_may_wait(const struct xml *message, uint64_t *key)
{
	const struct xml *event = xml_child(message, NS_PUBSUB_EVENT, "event"), *of = inner(message);
	const char *type = xml_get(of, "type");
	if (type && strcmp(type, "error") == 0)
		return false;
	if (event && !xml_child(message, NS_CLIENT, "body"))
		return event_may_wait(message, event, key);
	*key = key_of("state", xml_get(of, "from"), xml_get(of, "to"));
	return is_only_state(of);
}

static bool may_wait(const struct xml *stanza, uint64_t *key)
{
	if (strcmp(stanza->name, "presence") == 0)
		return presence_may_wait(stanza, key);
	return strcmp(stanza->name, "message") == 0 && message_may_wait(stanza, key);
}

/* --- what waits --- */

static struct waiting *waiting_of(struct session *s)
{
	struct waiting *w = session_data(s, &mod_csi);
	if (!w) {
		w = NEW(struct waiting);
		list_init(&w->all);
		session_set_data(s, &mod_csi, w);
	}
	return w;
}

static void forget(struct waiting *w, struct held *h)
{
	list_remove(&h->link);
	w->count--;
	bytes_drop(h->stanza);
	mem_free(h);
}

static void forget_earlier(struct waiting *w, uint64_t key)
{
	LIST_EACH(&w->all, struct held, link, h) {
		if (!key || h->key != key)
			continue;
		forget(w, h);
		return;
	}
}

static void add(struct waiting *w, const struct xml *stanza, uint64_t key)
{
	struct buf text = { 0 };
	struct held *h = NEW(struct held);
	forget_earlier(w, key);
	xml_print(&text, stanza, NS_CLIENT);
	h->stanza = bytes_new(buf_start(&text), buf_length(&text));
	h->key = key;
	buf_clear(&text);
	list_append(&w->all, &h->link);
	w->count++;
}

static void give_all(struct session *s)
{
	struct waiting *w = session_data(s, &mod_csi);
	if (!w)
		return;
	LIST_EACH(&w->all, struct held, link, h) {
		struct arena *a = arena_new();
		session_give(s, xml_parse(a, h->stanza->data, h->stanza->size, NS_CLIENT));
		arena_free(a);
		forget(w, h);
	}
}

static void free_waiting(void *thing)
{
	struct waiting *w = thing;
	LIST_EACH(&w->all, struct held, link, h)
		forget(w, h);
	mem_free(w);
}

/* --- the session --- */

/* The client asked just now, and nobody else's stanzas have an order with it. */
static bool is_our_answer(const struct session *s, const struct xml *stanza)
{
	const char *from = xml_get(stanza, "from");
	return strcmp(stanza->name, "iq") == 0 && (!from || strcmp(from, s->account->jid) == 0 || strcmp(from, s->account->address->domain) == 0);
}

static bool hold_back(struct session *s, const struct xml *stanza, bool may)
{
	uint64_t key = 0;
	if (is_our_answer(s, stanza))
		return false;
	if (!may || !may_wait(stanza, &key)) {
		give_all(s);
		return false;
	}
	struct waiting *w = waiting_of(s);
	add(w, stanza, key);
	if (w->count >= (unsigned)host_int(s->account->host, &mod_csi, "queue"))
		give_all(s);
	return true;
}

static void attention(struct session *s)
{
	if (!s->is_inactive)
		give_all(s);
}

static struct xml *bind(struct session *s, struct arena *a, const struct xml *el)
{
	session_set_inactive(s, strcmp(el->name, "inactive") == 0);
	return NULL;
}

static void offer(const struct host *host, struct arena *a, struct xml *features)
{
	xml_append(features, EL(a, NS_CSI, "csi"));
}

const struct module mod_csi = {
	.name  = "csi",
	.title = "Client State Indication",
	.xep   = 352,
	.stream_features = offer,
	.bind_feature = NS_CSI,
	.bind         = bind,
	.hold_back    = hold_back,
	.attention    = attention,
	.session_free = free_waiting,
	.options = OPTIONS({ "queue", OPTION_INT, "200", "Stanzas that wait for an inactive client before all of them leave", 1, 10000, NULL }),
};

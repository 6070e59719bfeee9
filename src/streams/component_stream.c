/*
 * A component that has proved who it is: stanzas both ways.
 *
 * On its stream they are in jabber:component:accept, inside the server in
 * jabber:client. It is trusted with any address of its domains, and with no
 * other.
 *
 * Nothing in the protocol says what the component has got. Where its link has
 * a queue we ask by a ping behind what was sent: its answer says that all before
 * it has arrived. From one that answers no pings we take what its socket took.
 */
#include "streams/component_inside.h"
#include "base/log.h"
#include "base/random.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/tap.h"
#include "xmpp/redact.h"
#include <string.h>

enum { PING_WAIT = 30000, RIVAL_WAIT = 10000 };      /* ms for an answer; when another wants its place */

/* --- namespaces --- */

/* The stanza's own elements; what is inside of another namespace says itself which it is. */
static struct xml *outward(struct arena *a, const struct xml *el)
{
	struct xml *copy = xml_shallow(a, el);
	copy->ns = NS_COMPONENT;
	copy->first = copy->last = NULL;
	for (const struct xml *child = el->first; child; child = child->next) {
		if (!child->name)
			xml_append_text(a, copy, child->text);
		else
			xml_append(copy, child->ns == NS_CLIENT ? outward(a, child) : xml_shallow(a, child));
	}
	return copy;
}

static void inward(struct xml *el)
{
	if (el->ns == NS_COMPONENT)
		el->ns = NS_CLIENT;
	for (struct xml *child = el->first; child; child = child->next)
		if (child->name)
			inward(child);
}

static void log_xml(const struct component_stream *c, const char *done, const struct xml *el)
{
	struct arena *a = arena_new();
	component_log(c, LOG_ALL, "%s %s", done, redact_print(a, el, NS_COMPONENT));
	arena_free(a);
}
#define LOG_XML(c, done, el) \
	((int)LOG_ALL <= atomic_load_explicit(&log_limit, memory_order_relaxed) ? log_xml(c, done, el) : (void)0)

/* --- taps --- */

static struct session_facts facts(void *stream)
{
	const struct component_stream *c = stream;
	struct session_facts f = { .tag = "" };
	if (c->conn)
		memcpy(f.peer, conn_facts(c->conn).peer_name, sizeof f.peer);
	return f;
}

/* The stanza as it is inside of the server. */
static void show(struct component_stream *c, enum tap_way way, const struct xml *stanza)
{
	if (!tap_is_open(home_here()))
		return;
	const struct tap_place p = { .front = "component", .address = c->name, .facts = facts, .with = c };
	struct tap_view v;
	tap_look(&v, way, &p, stanza);
	tap_show(&v);
}

/* --- silence --- */

static void write_ping(struct component_stream *c)
{
	struct arena *a = arena_new();
	random_text(c->ping, sizeof c->ping - 1);
	c->pinged_at = clock_now();
	c->kept_before_ping = c->carrier.kept;
	const struct xml *ping = EL(a, NS_CLIENT, "iq", ATTR(a, "type", "get"), ATTR(a, "from", host_first()->name), ATTR(a, "to", c->name),
		ATTR(a, "id", c->ping), EL(a, NS_PING, "ping"));
	show(c, TAP_OUT, ping);
	xml_print(conn_out(c->conn), outward(a, ping), NS_COMPONENT);
	conn_printed(c->conn);
	arena_free(a);
}

static void listen_for_life(struct timer *timer);

static void ask_for_life(struct component_stream *c, msec patience)
{
	if (!c->asked_at)
		c->asked_at = clock_now();
	c->patience = patience;
	if (!c->pinged_at)
		write_ping(c);
	timer_start(&c->timer, patience, listen_for_life);
}

static void listen_for_life(struct timer *timer)
{
	struct component_stream *c = CONTAINER(timer, struct component_stream, timer);
	const struct component *terms = component_terms(c);
	msec limit = terms ? terms->idle_time : 0, silent = clock_now() - c->heard_at;
	if (c->asked_at && clock_now() - c->asked_at >= c->patience) {
		limit_reached(LIMIT_COMPONENT_IDLE);
		component_error(c, STREAM_CONNECTION_TIMEOUT, "Nothing was heard for too long");
	} else if (!c->asked_at && limit && silent >= limit) {
		ask_for_life(c, limit < PING_WAIT ? limit : PING_WAIT);
	} else {
		component_watch(c);
	}
}

/* Without a limit it is looked at now and then, for a reload may set one. */
void component_watch(struct component_stream *c)
{
	const struct component *terms = component_terms(c);
	msec limit = terms && terms->idle_time ? terms->idle_time : PING_WAIT, silent = clock_now() - c->heard_at;
	timer_start(&c->timer, silent < limit ? limit - silent : PING_WAIT, listen_for_life);
}

static void ask(struct carrier *carrier)
{
	ask_for_life(CONTAINER(carrier, struct component_stream, carrier), RIVAL_WAIT);
}

/* --- what it has got --- */

void component_ask_for_receipts(struct component_stream *c)
{
	if (!c->carrier.sent_count)
		return;
	if (!c->pinged_at)
		write_ping(c);
	else if (clock_now() - c->pinged_at >= RIVAL_WAIT)
		c->is_mute = true;
}

void component_written(void *stream, uint64_t total)
{
	struct component_stream *c = stream;
	if (c->is_mute && c->carrier.link && conn_total(c->conn) == total)
		link_taken(&c->carrier, 0);
}

/* The answer to a question of the stream's own goes no further. */
static bool is_answer(struct component_stream *c, const struct xml *el)
{
	const char *id = xml_get(el, "id"), *type = xml_get(el, "type");
	if (!c->pinged_at || !id || !type || strcmp(el->name, "iq") != 0 || strcmp(id, c->ping) != 0)
		return false;
	if (strcmp(type, "result") != 0 && strcmp(type, "error") != 0)
		return false;
	c->pinged_at = 0;
	c->is_mute = false;
	link_taken(&c->carrier, (unsigned)(c->carrier.kept - c->kept_before_ping));
	return true;
}

/* --- stanzas out --- */

static void overflowed(struct timer *timer)
{
	component_error(CONTAINER(timer, struct component_stream, overflow), STREAM_RESOURCE_CONSTRAINT, "The component doesn't read");
}

static bool send_stanza(struct carrier *carrier, const struct xml *stanza)
{
	struct component_stream *c = CONTAINER(carrier, struct component_stream, carrier);
	const struct component *terms = component_terms(c);
	if (c->is_overflowing || !terms)
		return false;
	struct arena *a = arena_new();
	const struct xml *el = outward(a, stanza);
	LOG_XML(c, "sent", el);
	show(c, TAP_OUT, stanza);
	xml_print(conn_out(c->conn), el, NS_COMPONENT);
	conn_printed(c->conn);
	arena_free(a);
	c->stanzas_out++;
	if (conn_queued(c->conn) > terms->write_most) {
		limit_reached(LIMIT_COMPONENT_WRITE_QUEUE);
		c->is_overflowing = true;
		timer_start(&c->overflow, 0, overflowed);        /* not here: whoever sends isn't done with this link */
	}
	return true;
}

static void end(struct carrier *carrier, enum stream_error error, const char *text)
{
	component_error(CONTAINER(carrier, struct component_stream, carrier), error, text);
}

const struct carrier_kind component_carrier = { send_stanza, ask, end };

/* --- stanzas in, and how many at a time --- */

static bool is_stanza_name(const struct xml *el)
{
	return strcmp(el->name, "message") == 0 || strcmp(el->name, "iq") == 0 || strcmp(el->name, "presence") == 0;
}

static void refuse_element(struct component_stream *c, const struct xml *el)
{
	if (xml_is(el, NS_STREAMS, "error"))
		component_finish(c, stream_error_name(stream_error_read(el)));
	else
		component_error(c, is_stanza_name(el) ? STREAM_INVALID_NAMESPACE : STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/* Takes the arena. XEP-0114 §3: a `from`, which is of its domains, is the one thing that is demanded. */
void component_stanza(struct component_stream *c, struct arena *a, struct xml *el, size_t bytes)
{
	const char *said = xml_get(el, "from");
	const struct jid *from = said ? jid_parse(a, said) : NULL;
	LOG_XML(c, "received", el);
	c->stanzas_in++;
	if (el->ns != NS_COMPONENT || !is_stanza_name(el)) {
		refuse_element(c, el);
	} else if (!from || !link_is_of(c->carrier.link, from->domain)) {
		component_log(c, LOG_PROBLEM, "sent a stanza from %s", said ? said : "nobody");
		component_error(c, STREAM_INVALID_FROM, NULL);
	} else {
		inward(el);
		xml_set(a, el, "from", from->full);
		show(c, TAP_IN, el);
		if (!is_answer(c, el)) {
			link_receive(&c->carrier, a, el, from, receipt_new_of(&c->debtor, (uint32_t)bytes));
			return;
		}
	}
	arena_free(a);
}

void component_check_doors(struct component_stream *c)
{
	const struct component *terms = c->conn && c->state == COMPONENT_OPEN ? component_terms(c) : NULL;
	if (!terms)
		return;
	c->is_full = c->debtor.unsettled > terms->unsettled || c->debtor.bytes > terms->unsettled_bytes;
	if (c->is_full)
		limit_reached(c->debtor.bytes > terms->unsettled_bytes ? LIMIT_COMPONENT_UNSETTLED_BYTES : LIMIT_COMPONENT_UNSETTLED);
	c->is_starved = home_here()->is_over_memory;
	if (c->is_full || c->is_starved)
		conn_pause(c->conn);
}

void component_settled(struct debtor *debtor)
{
	struct component_stream *c = CONTAINER(debtor, struct component_stream, debtor);
	const struct component *terms = c->is_full && c->conn ? component_terms(c) : NULL;
	if (terms && debtor->unsettled * 2 <= terms->unsettled && debtor->bytes * 2 <= terms->unsettled_bytes) {
		c->is_full = false;
		component_read_again(c);
	}
	component_free_if_settled(c);
}

static void go_on_reading(struct timer *timer)
{
	struct component_stream *c = CONTAINER(timer, struct component_stream, pause);
	c->is_slowed = false;
	component_read_again(c);
}

void component_slow_down(struct component_stream *c, size_t bytes)
{
	msec now = clock_now(), for_stanzas = meter_take(&c->stanzas, 1, now), for_bytes = meter_take(&c->bytes, (int64_t)bytes, now);
	msec pause = for_bytes > for_stanzas ? for_bytes : for_stanzas;
	if (!pause || !c->conn || !hosts_here()->limits.enabled)
		return;
	limit_reached(pause == for_stanzas ? LIMIT_COMPONENT_STANZAS : LIMIT_COMPONENT_BYTES);
	conn_pause(c->conn);
	c->is_slowed = true;
	timer_start(&c->pause, pause, go_on_reading);
}

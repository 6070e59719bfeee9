/*
 * A component's stream as a row of the table of streams (core/stream_table.h).
 */
#include "streams/component_inside.h"

static const char *doing(const struct component_stream *c)
{
	if (c->is_full)
		return "not read: too much is unsettled";
	if (c->is_slowed)
		return "not read: it was too fast";
	if (c->is_starved)
		return "not read: the server is short of memory";
	return c->asked_at ? "was silent, and was asked whether it is there" : NULL;
}

void component_tell(const struct component_stream *c, stream_seen *fn, void *with)
{
	static const enum stream_step steps[] = {
		[COMPONENT_HANDSHAKE] = STEP_NEGOTIATING, [COMPONENT_MOVING] = STEP_WAITING, [COMPONENT_OPEN] = STEP_BOUND };
	const struct conn_facts facts = conn_facts(c->conn);
	struct stream_row row = {
		.number = c->arrival.number, .kind = 'C', .peer = facts.peer_name, .gate = c->gate->address, .host = c->name, .jid = c->name,
		.step = steps[c->state], .doing = doing(c), .since = c->arrival.since, .tls = facts.tls_version, .cipher = facts.cipher,
		.mechanism = c->state == COMPONENT_OPEN ? "handshake" : NULL, .stanzas_in = c->stanzas_in, .stanzas_out = c->stanzas_out,
		.bytes_in = c->bytes_in, .bytes_out = conn_total(c->conn), .queued = conn_queued(c->conn), .unsettled = c->debtor.bytes,
	};
	fn(with, &row);
}

/*
 * A client's stream as a row of the table of streams (core/stream_table.h).
 */
#include "streams/c2s_inside.h"
#include "core/entrance.h"
#include <string.h>

static enum stream_step step_of(const struct c2s *c)
{
	static const enum stream_step steps[] = { [C2S_HEADER] = STEP_CONNECTED, [C2S_NEGOTIATING] = STEP_NEGOTIATING, [C2S_SECURING] = STEP_NEGOTIATING, [C2S_WAITING] = STEP_WAITING,
		[C2S_BOUND] = STEP_BOUND, [C2S_LEAVING] = STEP_LEAVING, [C2S_CLOSING] = STEP_CLOSING };
	return c->state == C2S_HEADER && c->host ? STEP_NEGOTIATING : steps[c->state];
}

static const char *doing(const struct c2s *c)
{
	if (c->is_full)
		return "not read: too much is unsettled";
	if (c->is_slowed)
		return "not read: it was too fast";
	if (c->is_starved)
		return "not read: the server is short of memory";
	if (c->is_resuming)
		return "resumes a session";
	if (c->is_binding)
		return "binds a resource";
	if (c->auth)
		return "authenticates";
	if (c->state == C2S_WAITING)
		return "waits for an account";
	if (c->state == C2S_LEAVING)
		return "waits until what it sent is settled";
	return c->is_asked ? "was silent, and was asked whether it is there" : NULL;
}

/* `facts` lives as long as the row. */
struct stream_row c2s_row(const struct c2s *c, struct conn_facts *facts)
{
	*facts = c->conn ? conn_facts(c->conn) : (struct conn_facts){ .is_tls = false };
	return (struct stream_row){
		.number = c->number, .kind = c->kind, .peer = *facts->peer_name ? facts->peer_name : NULL, .gate = c->gate->address, .host = c->host,
		.jid = c->session ? c->session->jid->full : c->account, .step = step_of(c), .doing = doing(c), .since = (msec)c->since * 1000,
		.tls = facts->tls_version, .cipher = facts->cipher, .mechanism = c->mechanism, .has_acks = c->acks,
		.stanzas_in = c->stanzas_in, .stanzas_out = c->stanzas_out, .bytes_in = c->bytes_in, .bytes_out = c->conn ? conn_total(c->conn) : 0,
		.queued = c->conn ? conn_queued(c->conn) : 0, .unsettled = c->session ? c->session->unsettled_bytes : 0,
	};
}

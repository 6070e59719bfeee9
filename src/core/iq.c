/*
 * IQs: who answers (RFC 6120 §8.2.3, RFC 6121 §8.5).
 *
 * A handler of a module, found by its payload; or the session it is addressed
 * to; or service-unavailable, so that every request has exactly one answer.
 */
#include "core/session.h"
#include "core/turn_out.h"
#include <string.h>

static bool is_request(const struct turn *t)
{
	return t->type == TYPE_GET || t->type == TYPE_SET;
}

enum stanza_error iq_check(const struct turn *t)
{
	if (!t->id)
		return BAD_REQUEST;
	if (!is_request(t))
		return xml_next(xml_first(t->stanza), NULL, NULL) && t->type == TYPE_RESULT ? BAD_REQUEST : OK;
	return t->payload && !xml_next(t->payload, NULL, NULL) ? OK : BAD_REQUEST;
}

static enum stanza_error answer(struct turn *t, unsigned asked)
{
	bool known = false;
	if (!is_request(t))
		return HANDLED;                      /* the answer to something we asked */
	const struct iq_handler *h = modules_iq(t->payload, t->type == TYPE_GET ? IQ_GET : IQ_SET, asked, t->host ? t->host->off : 0, &known);
	if (h && t->session && t->account->is_anonymous && t->type == TYPE_SET)
		return FORBIDDEN;                    /* XEP-0175 §3: it would set what is kept */
	if (h)
		return h->run(t);
	return known && asked & TO_SELF ? BAD_REQUEST : SERVICE_UNAVAILABLE;
}

static enum stanza_error pass(struct turn *t)
{
	struct session *s = account_session(t->account, t->to->resource);
	if (!s)
		return is_request(t) ? SERVICE_UNAVAILABLE : HANDLED;
	turn_deliver(t, s, t->stanza);
	return OK;
}

static void take_line(struct turn *t, enum event event, hook_function *after)
{
	t->out->line = modules_line(event, &t->out->count);
	t->out->after = after;
}

enum stanza_error iq_sent(struct turn *t)
{
	enum stanza_error wrong = iq_check(t);
	if (wrong != OK)
		return wrong;
	if (!t->was_addressed || jid_same(t->to, t->account->address))
		return answer(t, TO_SELF | TO_ACCOUNT);
	const struct host *host = t->to->local ? NULL : host_find(t->to->domain);
	if (host)
		return iq_to_host(t, host);
	take_line(t, IQ_SENT, route_on);
	return OK;
}

enum stanza_error iq_to_host(struct turn *t, const struct host *host)
{
	t->host = host;
	return t->to->resource && is_request(t) ? SERVICE_UNAVAILABLE : answer(t, TO_HOST);
}

enum stanza_error iq_arrived(struct turn *t)
{
	if (!t->to->resource)
		return answer(t, TO_ACCOUNT);
	take_line(t, IQ_PASSING, pass);
	return OK;
}

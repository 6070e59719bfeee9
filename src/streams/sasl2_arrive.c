/*
 * At the account's home: what was asked for together with the login, in the
 * order of XEP-0386 §3.2, and then <success/> in one write with the features.
 *
 *   token (XEP-0484) → resume (XEP-0198) → bind (XEP-0386) → <success/>
 */
#include "streams/sasl2.h"
#include "base/log.h"
#include "base/random.h"
#include "core/call.h"
#include "core/home.h"
#include "streams/c2s_inside.h"
#include "streams/login.h"
#include "streams/management.h"
#include "streams/mechanism.h"
#include "streams/sasl2_inside.h"
#include <string.h>

enum { LONGEST_NAME = 100 };          /* bytes of what a device calls itself */

/* --- success: XEP-0388 §2.6.1 --- */

static void say_success(struct c2s *c, const char *who)
{
	struct sasl2 *s = c->sasl2;
	struct arena *a = s->arena;
	struct xml *success = EL(a, NS_SASL2, "success", s->last ? EL(a, NS_SASL2, "additional-data", TEXT(a, s->last)) : NULL,
		EL(a, NS_SASL2, "authorization-identifier", TEXT(a, who)));
	const struct xml *parts[] = { s->resumed, s->bound, s->token };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i])
			xml_append(success, xml_clone(a, parts[i]));
	c2s_write(c, success);
	c2s_write(c, c2s_features(c, a));
	sasl2_end(c);
}

/* --- bind: XEP-0386 --- */

/* §3.2.1: the client's tag, and a name that stays the same for the same client. */
static const char *resource_for(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	struct arena *a = s->arena;
	const char *tag = xml_child_text(xml_child(s->request, NS_BIND2, "bind"), NS_BIND2, "tag", a);
	char random[13];
	const char *own = s->agent ? arena_printf(a, "%012llx", (unsigned long long)home_mark(arena_printf(a, "%s %s", c->account, s->agent)) >> 16)
		: arena_string(a, random_text(random, 12));
	const char *tagged = tag && *tag ? jid_resource(a, arena_printf(a, "%s/%s", tag, own)) : NULL;
	return tagged ? tagged : own;
}

/* Each feature that was asked for inside <bind/>; what it answers goes into <bound/>. */
static void enable(struct c2s *c, const struct xml *el, struct xml *bound)
{
	struct arena *a = c->sasl2->arena;
	const struct host *host = c2s_host(c);
	if (xml_is(el, NS_SM, "enable")) {
		xml_append(bound, management_enable(c, a, el));
		return;
	}
	for (unsigned i = 0; modules[i]; i++)
		if (modules[i]->bind_feature && el->ns == modules[i]->bind_feature && host_runs(host, i))
			xml_append(bound, modules[i]->bind(c->session, a, el));
}

void sasl2_bound(struct c2s *c, struct session *session, enum stanza_error error)
{
	struct sasl2 *s = c->sasl2;
	struct xml *bound = EL(s->arena, NS_BIND2, "bound");
	if (!session) {
		c2s_error(c, error == RESOURCE_CONSTRAINT ? STREAM_RESOURCE_CONSTRAINT : STREAM_POLICY_VIOLATION, "No resource is to be had");
		return;
	}
	c2s_begin_session(c, session);
	for (const struct xml *el = xml_first(xml_child(s->request, NS_BIND2, "bind")); el; el = xml_next(el, NULL, NULL))
		enable(c, el, bound);
	s->bound = bound;
	say_success(c, session->jid->full);
	c2s_bound(c);
}

static void bind_or_succeed(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	if (!xml_child(s->request, NS_BIND2, "bind")) {
		say_success(c, c->account);
		c2s_go_on(c);
		return;
	}
	c->is_binding = true;
	session_bind_again(c->account, login_resource(c->login, resource_for(c)), &c2s_transport, c);
}

/* --- the old stream: XEP-0198 §5 --- */

static void resumed(struct c2s *c, struct arena *a, struct xml *answer, bool is_resumed)
{
	struct sasl2 *s = c->sasl2;
	s->resumed = xml_clone(s->arena, answer);
	if (is_resumed)
		say_success(c, c->session->jid->full);       /* what was missed follows */
	else
		bind_or_succeed(c);
}

static void resume_or_bind(struct c2s *c)
{
	const struct xml *resume = xml_child(c->sasl2->request, NS_SM, "resume");
	if (resume)
		management_resume(c, resume, resumed);
	else
		bind_or_succeed(c);
}

/* --- the token: XEP-0484 --- */

static void token_came(void *with, const struct xml *answer)
{
	struct c2s *c = with;
	struct sasl2 *s = c->sasl2;
	if (!answer) {
		c2s_error(c, STREAM_INTERNAL_SERVER_ERROR, "The account can't be read");
		return;
	}
	if (xml_get(answer, "token"))
		s->token = EL(s->arena, NS_FAST, "token", ATTR(s->arena, "token", arena_string(s->arena, xml_get(answer, "token"))),
			ATTR(s->arena, "expiry", arena_string(s->arena, xml_get(answer, "expiry"))));
	resume_or_bind(c);
}

/* Long ones lose their end, whole characters of it. */
static struct xml *text_of(struct arena *a, const struct xml *agent, const char *name)
{
	const char *text = xml_child_text(agent, NS_SASL2, name, a);
	size_t size = text ? strnlen(text, LONGEST_NAME) : 0;
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return text ? ATTR(a, name, arena_copy(a, text, size)) : NULL;
}

/* Only what it was offered: of this stream and domain (XEP-0484 §3.2). None for a login that ends or may not do all: the token would
 * outlive that. */
static struct xml *wish(struct c2s *c, struct arena *a)
{
	const char *name = c->login ? NULL : c->sasl2->token_mechanism;
	const struct mechanism *m = name ? mechanism_find(name) : NULL;
	return m && m->needs & NEEDS_TOKEN && mechanism_is_offered(c, m) ? ATTR(a, "wants", m->name) : NULL;
}

/* Which device came, with which token, and whether it gets another: core/token.h. */
static struct xml *question(struct c2s *c, struct arena *a)
{
	const struct sasl2 *s = c->sasl2;
	const struct xml *agent = xml_child(s->request, NS_SASL2, "user-agent");
	return EL(a, NS_CALL, "device", ATTR(a, "agent", arena_string(a, s->agent)), text_of(a, agent, "software"), text_of(a, agent, "device"),
		wish(c, a),
		s->token_slot == TOKEN_NONE ? NULL : ATTR(a, "slot", s->token_slot ? "1" : "0"),
		s->count ? ATTR(a, "count", arena_string(a, s->count)) : NULL, s->invalidates ? ATTR(a, "invalidate", "yes") : NULL);
}

void sasl2_arrived(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	c2s_wait(c);
	if (!s->agent) {
		resume_or_bind(c);
		return;
	}
	struct arena *a = arena_new();
	call_account(c->account, a, question(c, a), token_came, c);
}

/*
 * Enabling, acknowledging, resuming.
 *
 * A session that is resumed while its old connection still seems to live goes
 * through the same steps as one that hibernates: the old stream lets go of it
 * and closes, what it had not read is dropped, what it had read settles, and
 * only then is h told.
 */
#include "streams/management.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "streams/acks.h"
#include "streams/c2s_inside.h"
#include "streams/header.h"
#include "streams/hibernate.h"
#include "streams/login.h"
#include <stdlib.h>
#include <string.h>

static struct xml *failed(struct arena *a, const char *condition)
{
	return EL(a, NS_SM, "failed", EL(a, NS_STANZA_ERRORS, condition));
}

static void say_failed(struct c2s *c, const char *condition)
{
	struct arena *a = arena_new();
	c2s_write(c, failed(a, condition));
	arena_free(a);
}

/* --- §3: enabling --- */

static bool is_true(const char *word)
{
	return word && (strcmp(word, "true") == 0 || strcmp(word, "1") == 0);
}

/* The client's wish is in seconds; ours is the most. An anonymous user never comes again as the same, and is gone with the stream. */
static msec resume_time(struct c2s *c, const struct xml *enable)
{
	const char *max = xml_get(enable, "max");
	msec most = limits(c)->resume_time;
	if (!is_true(xml_get(enable, "resume")) || (c->login && c->login->is_anonymous))
		return 0;
	if (!max || !*max || strlen(max) > 9 || strspn(max, "0123456789") != strlen(max))
		return most;
	msec wish = (msec)strtol(max, NULL, 10) * 1000;
	return wish < most ? wish : most;
}

static void unanswered(void *with)
{
	struct c2s *c = with;
	limit_reached(LIMIT_ACKS_ANSWER);
	c2s_error(c, STREAM_CONNECTION_TIMEOUT, "Nothing was acknowledged for too long");
}

struct xml *management_enable(struct c2s *c, struct arena *a, const struct xml *el)
{
	if (c->acks)
		return failed(a, "unexpected-request");
	const struct acks_bounds bounds = { limits(c)->acks_stanzas, limits(c)->acks_bytes, limits(c)->acks_answer };
	msec time = resume_time(c, el);
	struct xml *enabled = EL(a, NS_SM, "enabled");
	session_taken(c->session, c->sent);
	c->sent = 0;
	c->acks = acks_new(&bounds);
	acks_watch(c->acks, unanswered, c);
	session_use_acks(c->session);
	if (time) {
		acks_let_resume(c->acks, time);
		sessions_may_resume(1);
		xml_set(a, enabled, "id", acks_id(c->acks));
		xml_set(a, enabled, "resume", "true");
		xml_set(a, enabled, "max", arena_printf(a, "%lld", (long long)time / 1000));
		xml_set(a, enabled, "location", limits(c)->resume_location);
	}
	return enabled;
}

static void enable(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	c2s_write(c, management_enable(c, a, el));
	arena_free(a);
}

/* --- §4: acknowledging --- */

/* More was acknowledged than was sent. */
static void too_many_acknowledged(struct c2s *c, const struct acks *acks, uint32_t h)
{
	struct arena *a = arena_new();
	uint32_t sent = (uint32_t)acks_last(acks);
	struct xml *why = EL(a, NS_SM, "handled-count-too-high", ATTR(a, "h", arena_printf(a, "%u", h)), ATTR(a, "send-count", arena_printf(a, "%u", sent)));
	header_write_error(conn_out(c->conn), STREAM_UNDEFINED_CONDITION, NULL, why);
	conn_printed(c->conn);
	c2s_log(c, LOG_LOW, "acknowledged %u stanzas of %u", h, sent);
	arena_free(a);
	c2s_finish(c, "handled-count-too-high");
}

static bool read_h(const struct xml *el, uint32_t *h)
{
	const char *text = xml_get(el, "h");
	uint64_t n = 0;
	if (!text || !*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || (n = n * 10 + (uint64_t)(*text - '0')) > UINT32_MAX)
			return false;
	}
	*h = (uint32_t)n;
	return true;
}

static void acknowledged(struct c2s *c, const struct xml *el)
{
	uint32_t h;
	uint64_t taken;
	if (!read_h(el, &h)) {
		c2s_error(c, STREAM_BAD_FORMAT, "h must be a number");
	} else if (!acks_may_say(c->acks, h)) {
		too_many_acknowledged(c, c->acks, h);
	} else {
		acks_taken(c->acks, c->conn, h, &taken);
		session_taken(c->session, taken);
	}
}

static void answer_request(struct c2s *c)
{
	c2s_log(c, LOG_ALL, "sent <a xmlns='urn:xmpp:sm:3' h='%u'/>", c->session->settled);
	acks_answer(c->acks, c->conn, c->session->settled, c->session->received);
}

void management_element(struct c2s *c, const struct xml *el)
{
	if (strcmp(el->name, "enable") == 0)
		enable(c, el);
	else if (c->acks && strcmp(el->name, "r") == 0)
		answer_request(c);
	else if (c->acks && strcmp(el->name, "a") == 0)
		acknowledged(c, el);
	else if (strcmp(el->name, "resume") == 0)
		say_failed(c, "unexpected-request");
	else
		c2s_error(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/* --- §5: a connection is lost --- */

void management_hibernate(struct c2s *c, const char *why)
{
	struct session *s = c->session;
	if (c->state != C2S_BOUND || !c->acks || !acks_id(c->acks))
		return;
	struct last_stream last = { .mechanism = c->mechanism };
	stream_tag(last.tag, c->kind, c->number);
	c2s_log(c, LOG_LOW, "its session hibernates: %s", why);
	hibernate(s, c->acks, &last);
	session_set_inactive(s, false);              /* XEP-0352 §5.2: what was held back waits with the rest */
	c->session = NULL;
	c->acks = NULL;
}

/* --- §5: resuming --- */

struct resume {                      /* what a stream wants; its own, by mem_free */
	management_told *told;
	uint32_t h;
	char     previd[];
};

static void answer(struct c2s *c, struct arena *a, struct xml *el, bool is_resumed)
{
	struct resume *r = c->resume;
	c->resume = NULL;
	c->is_resuming = false;
	if (is_resumed)
		home_here()->counts.resumed++;
	else
		home_here()->counts.not_resumed++;
	r->told(c, a, el, is_resumed);
	mem_free(r);
}

/* There is no such session any more, or never was. How much it had handled is told when that is certain. */
static void refuse(struct c2s *c)
{
	struct arena *a = arena_new();
	struct xml *el = failed(a, "item-not-found");
	uint32_t h;
	if (hibernation_remembers(c->account, c->resume->previd, &h))
		xml_set(a, el, "h", arena_printf(a, "%u", h));
	c2s_log(c, LOG_LOW, "resumes no session of ours");
	answer(c, a, el, false);
	arena_free(a);
}

static void missed(void *with)
{
	refuse(with);
}

static void woken(void *with, struct session *s, struct acks *acks)
{
	struct c2s *c = with;
	struct arena *a = arena_new();
	const uint32_t h = c->resume->h;
	uint64_t taken;
	c2s_log(c, LOG_LOW, "resumes %s with %u stanzas that it hadn't acknowledged", s->jid->full, acks_count(acks));
	c->session = s;
	c->acks = acks;
	c->sent = acks_last(acks);
	acks_watch(acks, unanswered, c);
	session_change_stream(s, &c2s_transport, c);
	answer(c, a, EL(a, NS_SM, "resumed", ATTR(a, "previd", acks_id(acks)), ATTR(a, "h", arena_printf(a, "%u", s->settled))), true);
	acks_resume(acks, c->conn, h, s->account->address->domain, &taken);
	session_taken(s, taken);
	c2s_bound(c);
	arena_free(a);
}

static const struct waker waker = { woken, missed };

static struct acks *acks_of(const struct session *s)
{
	if (s->stream != &c2s_transport)
		return hibernation_acks(s);
	struct c2s *c = s->stream_with;
	return c->state == C2S_BOUND ? c->acks : NULL;
}

static struct session *find(const struct account *account, const char *previd)
{
	EACH_SESSION(account, s) {
		const struct acks *acks = acks_of(s);
		if (acks && acks_id(acks) && strcmp(acks_id(acks), previd) == 0)
			return s;
	}
	return NULL;
}

/* XEP-0257 §3: what it logged in with may be for one resource only. */
static bool may_take(const struct c2s *c, const struct session *s)
{
	return !c->login || !c->login->resource || strcmp(c->login->resource, s->resource) == 0;
}

/* A turn of the account: all that it had to do before is done, ends of sessions too. */
static void look(struct turn *t, void *with)
{
	struct c2s *c = with;
	struct session *s = find(t->account, c->resume->previd);
	if (!s || !may_take(c, s)) {
		refuse(c);
		return;
	}
	if (!acks_may_say(acks_of(s), c->resume->h)) {
		too_many_acknowledged(c, acks_of(s), c->resume->h);
		return;
	}
	if (!hibernates(s)) {
		struct c2s *old = s->stream_with;
		management_hibernate(old, "its client resumes it on another connection");
		c2s_error(old, STREAM_CONFLICT, "Resumed on another connection");
	}
	hibernation_wake(s, &waker, c);
}

void management_resume(struct c2s *c, const struct xml *el, management_told *told)
{
	const char *previd = xml_get(el, "previd");
	uint32_t h;
	if (!previd || !read_h(el, &h)) {
		struct arena *a = arena_new();
		told(c, a, failed(a, "bad-request"), false);
		arena_free(a);
		return;
	}
	size_t size = strlen(previd) + 1;
	c->resume = mem_new(sizeof *c->resume + size);
	c->resume->told = told;
	c->resume->h = h;
	memcpy(c->resume->previd, previd, size);
	c->is_resuming = true;
	c2s_wait(c);
	session_visit(c->account, look, c);
}

void management_leave(struct c2s *c)
{
	struct account *account = account_find(c->account);
	session_visit_cancel(c->account, c);
	if (account)
		hibernation_leave(account, c);
}

/* --- §3, §5: on a stream without a session --- */

/* May end the stream, and it with it: ids may be guessed at as little as passwords. */
static void tell(struct c2s *c, struct arena *a, struct xml *el, bool is_resumed)
{
	c2s_write(c, el);
	if (is_resumed)
		return;
	if (++c->tries > limits(c)->login_tries)
		c2s_error(c, STREAM_POLICY_VIOLATION, "Too many failed resumptions");
	else
		c2s_go_on(c);
}

void management_negotiate(struct c2s *c, const struct xml *el)
{
	if (c->account && strcmp(el->name, "resume") == 0)
		management_resume(c, el, tell);
	else
		say_failed(c, "unexpected-request");
}

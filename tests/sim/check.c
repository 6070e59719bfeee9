/*
 * What must hold: within a life when it is quiet, and over all lives at the
 * end.
 */
#include "check.h"
#include "client.h"
#include <stdio.h>
#include <string.h>

/* --- in a quiet moment of a life --- */

static void check_answers(const struct speaker *s)
{
	for (unsigned i = 0; i < record->questions; i++) {
		const struct question *q = &record->question[i];
		if (q->session == s->session && q->must_be_answered && q->answers != 1)
			life_failed("%s: question q%u has %d answers", s->jid, i, q->answers);
	}
}

static bool is_promised(const struct sent_message *m);

static bool was_heard(unsigned message)
{
	for (unsigned n = 0; n < record->heard; n++)
		if (record->hear[n].message == (int)message)
			return true;
	return false;
}

/* Who is there has what was kept: nothing waits in the table that nobody reads any more. */
static void check_nothing_waits(int account)
{
	for (unsigned i = 0; i < record->messages; i++)
		if (record->message[i].to_account == account && is_promised(&record->message[i]) && !was_heard(i))
			life_failed("message %u waits, and %s is there", i, account_jids[account]);
}

void speakers_check_quiet(void)
{
	for (unsigned i = 0; i < speakers_count(); i++) {
		const struct speaker *s = &speakers[i];
		const struct seen_session *seen = &record->session[s->session < 0 ? 0 : s->session];
		if (s->state == NEGOTIATING)
			life_failed("%s/%s is stuck in its login", account_jids[s->account], s->resource);
		if (s->state == CLOSING)
			life_failed("%s/%s waits for the end of its stream", account_jids[s->account], s->resource);
		if (s->state != ON)
			continue;
		if (s->has_acks && seen->acked != seen->sent)
			life_failed("%s: %u of %u stanzas are settled when all is quiet", s->jid, seen->acked, seen->sent);
		check_answers(s);
		if (s->is_available && !record->reads_failed && !account_is_away(s->account))
			check_nothing_waits(s->account);
	}
}

static bool sees(const char *subscription)           /* the contact's presence */
{
	return strcmp(subscription, "to") == 0 || strcmp(subscription, "both") == 0;
}

static bool shows(const char *subscription)          /* its own */
{
	return strcmp(subscription, "from") == 0 || strcmp(subscription, "both") == 0;
}

/*
 * Who believes to be subscribed must be, after a login's probes. The other way
 * round (one side shows its presence to somebody who forgot about it) comes of
 * answers that cross on their way, and nothing heals it but the user.
 */
void speakers_check_presence(void)
{
	for (int a = 0; a < ACCOUNTS; a++)
		for (int b = 0; b < ACCOUNTS; b++) {
			const char *mine = record->subscription[a][b], *theirs = record->subscription[b][a];
			if (a == b)
				continue;
			if (sees(mine) && !shows(theirs))
				life_failed("rosters disagree: of %s '%s' is %s, and the other way '%s'", account_jids[a], mine, account_jids[b], theirs);
			if (heard_show[a][b] != shows(theirs))
				life_failed("%s %s presence of %s, whose subscription is '%s'", account_jids[a],
					heard_show[a][b] ? "heard" : "didn't hear", account_jids[b], theirs);
		}
}

/* --- over all lives --- */

static bool wrong(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	vsnprintf(record->why, sizeof record->why, format, ap);
	va_end(ap);
	return false;
}

static bool is_promised(const struct sent_message *m)
{
	const struct seen_session *s = &record->session[m->session];
	if (record->reads_failed && s->has_ended)
		return false;                /* its recipient may not have been readable, and the error that said so came too late */
	return m->is_storable && !m->is_bounced && s->has_acks && m->stanza && m->stanza <= s->acked;
}

static bool settled_is_kept(void)
{
	for (unsigned i = 0; i < record->messages; i++) {
		bool came = false;
		for (unsigned n = 0; n < record->heard && !came; n++)
			came = record->hear[n].message == (int)i;
		if (!came && is_promised(&record->message[i]))
			return wrong("message %u of session %d was acknowledged and came to nobody", i, record->message[i].session);
	}
	return true;
}

/* Both from one session, to one address, heard in one session: the second was sent first. */
static bool is_disorder(const struct heard_message *first, const struct heard_message *second)
{
	const struct sent_message *a = &record->message[first->message], *b = &record->message[second->message];
	bool same = a->session == b->session && first->session == second->session && a->to_session == b->to_session;
	bool both_live = !first->is_delayed && !second->is_delayed && !second->may_be_second_hand;
	return same && both_live && second->message < first->message;
}

static bool order_holds(void)
{
	for (unsigned i = 0; i < record->heard; i++)
		for (unsigned n = i + 1; n < record->heard; n++) {
			const struct heard_message *a = &record->hear[i], *b = &record->hear[n];
			if (is_disorder(a, b))
				return wrong("session %d heard message %d after %d, which was sent later", b->session, b->message, a->message);
			if (a->session == b->session && a->message == b->message && !b->may_be_second_hand && !record->was_failed_by_store)
				return wrong("session %d heard message %d twice", b->session, b->message);
		}
	return true;
}

static bool heard(int session, int message)
{
	for (unsigned n = 0; n < record->heard; n++)
		if (record->hear[n].session == session && record->hear[n].message == message)
			return true;
	return false;
}

/* Of those sent by one session to one session, which is heard must be all before some point. */
static bool no_holes(void)
{
	for (unsigned i = 0; i < record->messages; i++) {
		const struct sent_message *m = &record->message[i];
		if (m->to_session < 0 || m->is_bounced || heard(m->to_session, (int)i))
			continue;
		for (unsigned n = i + 1; n < record->messages; n++) {
			const struct sent_message *later = &record->message[n];
			if (later->session == m->session && later->to_session == m->to_session && heard(m->to_session, (int)n))
				return wrong("session %d heard message %u and not %u, sent before it", m->to_session, n, i);
		}
	}
	return true;
}

bool record_holds(void)
{
	return settled_is_kept() && order_holds() && (record->was_failed_by_store || no_holes());
}

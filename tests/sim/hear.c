/*
 * What a client makes of what it reads: it notes, answers, and complains of
 * what must never come.
 */
#include "client.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool heard_show[ACCOUNTS][ACCOUNTS];

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static int account_of(const char *jid)
{
	for (int i = 0; jid && i < ACCOUNTS; i++) {
		size_t size = strlen(account_jids[i]);
		if (strncmp(jid, account_jids[i], size) == 0 && (!jid[size] || jid[size] == '/'))
			return i;
	}
	return -1;
}

static int number_of(const char *id, char kind, unsigned limit)
{
	if (!id || id[0] != kind || id[1] < '0' || id[1] > '9')
		return -1;
	int n = atoi(id + 1);
	return (unsigned)n < limit ? n : -1;
}

/* --- messages --- */

static void message(struct speaker *s, const struct xml *el)
{
	int n = number_of(xml_get(el, "id"), 'm', record->messages);
	struct sent_message *m = n < 0 ? NULL : &record->message[n];
	if (!m)
		life_failed("a message that nobody sent came to %s: id %s", s->jid, xml_get(el, "id"));
	if (is(xml_get(el, "type"), "error")) {
		if (record->session[m->session].account != s->account)
			life_failed("an error came to %s about message %d, which it hasn't sent", s->jid, n);
		m->is_bounced = true;
		return;
	}
	if (m->to_account != s->account)
		life_failed("message %d to %s came to %s", n, account_jids[m->to_account], s->jid);
	if (account_of(xml_get(el, "from")) != record->session[m->session].account)
		life_failed("message %d came with a wrong sender, %s", n, xml_get(el, "from"));
	if (record->heard >= HEARD)
		life_failed("message %d and too many others came", n);
	const struct xml *delay = xml_child(el, NS_DELAY, "delay");
	record->hear[record->heard++] = (struct heard_message){ s->session, n, delay && delay->first,     /* one that was resumed says why nothing */
		account_is_shaky(s->account) || record->was_shaky[s->account] || (delay && !s->is_resent_to) };
}

/* --- presence --- */

static void react_to_subscribe(struct speaker *s, int who)
{
	bool grants = speakers_mood() != CHATTING || dice_chance(60);
	if (!grants && dice_chance(50))
		return;
	if (grants)
		record->has_granted[s->account][who] = true;
	client_stanza(s, "<presence to='%s' type='%s'/>", account_jids[who], grants ? "subscribed" : "unsubscribed");
}

static void presence(struct speaker *s, const struct xml *el)
{
	const char *type = xml_get(el, "type"), *from = xml_get(el, "from");
	int who = account_of(from);
	if (is(type, "subscribe"))
		react_to_subscribe(s, who);
	if ((type && !is(type, "unavailable")) || who < 0 || who == s->account)
		return;
	if (!record->has_asked[s->account][who] || !record->has_granted[who][s->account])
		life_failed("presence of %s came to %s, which never had a subscription", from, s->jid);
	if (xml_child(el, NS_CLIENT, "status"))
		heard_show[s->account][who] = true;
}

/* --- IQs --- */

/* A change has the number of its question for a name. */
static void check_name(const struct speaker *s, const char *name)
{
	int n = name ? number_of(name, 'n', record->questions) : -1;
	if (n >= 0 && record->question[n].is_refused && !record->may_be_unknown)
		life_failed("%s sees %s in its roster, a change that was refused", s->jid, name);
}

static void roster(struct speaker *s, const struct xml *query)
{
	memset(record->subscription[s->account], 0, sizeof record->subscription[s->account]);
	for (const struct xml *item = xml_child(query, NS_ROSTER, "item"); item; item = xml_next(item, NS_ROSTER, "item")) {
		int who = account_of(xml_get(item, "jid"));
		const char *subscription = xml_get(item, "subscription");
		check_name(s, xml_get(item, "name"));
		if (who >= 0 && subscription)
			snprintf(record->subscription[s->account][who], sizeof record->subscription[0][0], "%s", subscription);
	}
}

/* Another home, or another client, answers to an address, whoever has it by then. */
static bool has_same_address(const struct seen_session *asker, const struct speaker *s)
{
	return asker->account == s->account && strcmp(asker->resource, record->session[s->session].resource) == 0;
}

static void answer(struct speaker *s, const struct xml *el)
{
	const char *id = xml_get(el, "id");
	int n = number_of(id, 'q', record->questions);
	if (n < 0)
		life_failed("%s got an answer to what it hasn't asked: %s", s->jid, id);
	struct question *q = &record->question[n];
	if (q->session != s->session && has_same_address(&record->session[q->session], s))
		return;
	if (q->session != s->session)
		life_failed("%s got the answer %s to another session's question", s->jid, id);
	if (++q->answers > 1 && q->must_be_answered)         /* who was asked may have answered, and gone without acknowledging the question */
		life_failed("%s got a second answer to %s", s->jid, id);
	q->is_refused = is(xml_get(el, "type"), "error");
	if (xml_child(el, NS_ROSTER, "query"))
		roster(s, xml_child(el, NS_ROSTER, "query"));
}

static void iq(struct speaker *s, const struct xml *el)
{
	const char *type = xml_get(el, "type"), *from = xml_get(el, "from"), *id = xml_get(el, "id");
	if (is(type, "result") || is(type, "error"))
		answer(s, el);
	else if (from)
		client_stanza(s, "<iq type='result' id='%s' to='%s'/>", id, from);
	else
		client_stanza(s, "<iq type='result' id='%s'/>", id);
}

/* --- XEP-0198 --- */

static void acknowledged(struct speaker *s, const struct xml *el)
{
	client_acked(s, (uint32_t)strtoul(xml_get(el, "h"), NULL, 10));
}

static void resumed(struct speaker *s, const struct xml *el)
{
	if (!s->is_resuming || !is(xml_get(el, "previd"), s->sm_id))
		life_failed("%s resumed what it hasn't asked for", s->jid);
	acknowledged(s, el);
	s->is_resuming = s->may_resume = false;
	s->state = ON;
	s->told = s->taken;
	s->is_resent_to = true;
	client_resend(s);
}

/* It begins anew: what it was told of is the session's last h, and certain. */
static void not_resumed(struct speaker *s, const struct xml *el)
{
	if (xml_get(el, "h"))
		acknowledged(s, el);
	client_gives_up(s);
	*s->sm_id = '\0';
	client_close(s);
}

static void management(struct speaker *s, const struct xml *el)
{
	if (is(el->name, "enabled")) {
		s->has_acks = record->session[s->session].has_acks = true;
		s->taken = s->told = 0;
		snprintf(s->sm_id, sizeof s->sm_id, "%s", xml_get(el, "id") ? xml_get(el, "id") : "");
	} else if (is(el->name, "r")) {
		s->owes_ack = true;
		s->is_resent_to = false;
	} else if (is(el->name, "a")) {
		acknowledged(s, el);
	} else if (is(el->name, "resumed")) {
		resumed(s, el);
	} else if (is(el->name, "failed") && s->is_resuming) {
		not_resumed(s, el);
	} else if (is(el->name, "failed") && s->state != ON) {
		client_close(s);             /* its bind was refused, and it had sent <enable/> already */
	} else {
		life_failed("%s was told <%s/> of XEP-0198", s->jid, el->name);
	}
}

/* --- all --- */

static void stanza(struct speaker *s, const struct xml *el)
{
	s->taken++;
	if (is(el->name, "message"))
		message(s, el);
	else if (is(el->name, "presence"))
		presence(s, el);
	else
		iq(s, el);
}

static void element(struct speaker *s, const struct xml *el)
{
	if (verbose) {
		struct arena *a = arena_new();
		trace("%s/%s hears %s", account_jids[s->account], s->resource, xml_string(a, el, NS_CLIENT));
		arena_free(a);
	}
	if (login_element(s, el))
		return;
	if (el->ns == NS_SM)
		management(s, el);
	else if (el->ns == NS_CLIENT)
		stanza(s, el);
	else if (!xml_is(el, NS_STREAMS, "error"))
		life_failed("%s heard <%s xmlns='%s'/>", s->jid, el->name, el->ns);
}

void hear(struct speaker *s, const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size;
	for (;;) {
		struct xml_found found;
		switch (xml_parser_next(s->parser, &at, end, &found)) {
		case XML_MORE:
			return;
		case XML_OPEN:
			arena_free(found.arena);
			break;
		case XML_STANZA:
			element(s, found.element);
			arena_free(found.arena);
			break;
		case XML_CLOSE:
			client_close(s);
			client_is_over(s, "the server closed");
			return;
		case XML_WRONG:
			life_failed("%s read what is no XML: …%.*s", s->jid, (int)(end - bytes), bytes);
		}
		if (!s->wire)
			return;
	}
}

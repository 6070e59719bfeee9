/*
 * Six speakers of three accounts: what each does next, when it is its turn.
 */
#include "client.h"
#include "base/mem.h"
#include "core/host.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEVICES = 2, SPEAKERS = ACCOUNTS * DEVICES };
static const char *const resources[DEVICES] = { "desk", "phone" };
const char *const account_jids[ACCOUNTS] = { "anna@" HOST, "bert@" HOST, "cleo@" HOST };

struct speaker speakers[SPEAKERS];
static enum mood mood;
static unsigned budget;

unsigned speakers_count(void)
{
	return SPEAKERS;
}

enum mood speakers_mood(void)
{
	return mood;
}

void speakers_begin(unsigned n)
{
	budget = n;
	for (int i = 0; i < SPEAKERS; i++)
		speakers[i] = (struct speaker){ .account = i / DEVICES, .own_resource = resources[i % DEVICES], .session = -1 };
}

void speakers_set_mood(enum mood m)
{
	mood = m;
	for (int i = 0; i < SPEAKERS; i++) {
		speakers[i].has_asked_all = false;
		if (m != CHATTING)
			speakers[i].is_slow = false;
	}
}

bool speakers_have_budget(void)
{
	return budget > 0;
}

bool account_is_shaky(int account)
{
	for (int i = 0; i < SPEAKERS; i++)
		if (speakers[i].account == account && speakers[i].is_shaky)
			return true;
	return plan.unknown > 0;
}

/* --- writing --- */

static void write_line(struct speaker *s, const char *format, va_list ap)
{
	char *text = NULL;
	if (!s->wire)
		return;
	int size = vasprintf(&text, format, ap);
	trace("%s/%s says %s", account_jids[s->account], s->resource, text);
	buf_add(&s->wire->up, text, (size_t)size);
	mem_free(text);
}

void client_write(struct speaker *s, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	write_line(s, format, ap);
	va_end(ap);
}

struct unacked {
	struct unacked *next;
	char *text;
};

static void remember(struct speaker *s, const char *text)
{
	struct unacked *u = NEW(struct unacked);
	u->text = mem_string(text);
	if (s->last)
		s->last->next = u;
	else
		s->first = u;
	s->last = u;
}

static void forget_one(struct speaker *s)
{
	struct unacked *u = s->first;
	s->first = u->next;
	if (!u->next)
		s->last = NULL;
	mem_free(u->text);
	mem_free(u);
}

void client_stanza(struct speaker *s, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		life_failed("no memory");
	va_end(ap);
	if (s->has_enabled) {
		record->session[s->session].sent++;
		remember(s, text);
	}
	client_write(s, "%s", text);
	mem_free(text);
}

void client_acked(struct speaker *s, uint32_t h)
{
	struct seen_session *seen = &record->session[s->session];
	if (h > seen->sent || h < seen->acked)
		life_failed("%s was told h=%u after %u, of %u stanzas sent", s->jid, h, seen->acked, seen->sent);
	for (; seen->acked < h; seen->acked++)
		forget_one(s);
}

void client_resend(struct speaker *s)
{
	for (const struct unacked *u = s->first; u; u = u->next)
		client_write(s, "%s", u->text);
}

int client_question(struct speaker *s, bool must_be_answered)
{
	if (record->questions >= QUESTIONS)
		life_failed("the record has no room for more questions");
	record->question[record->questions] = (struct question){ s->session, must_be_answered, 0 };
	return (int)record->questions++;
}

/* --- coming and going --- */

static msec given_up_at[ACCOUNTS];

void client_gives_up(struct speaker *s)
{
	if (s->may_resume || (s->wants_resume && s->has_enabled))        /* it may not have heard that it could */
		given_up_at[s->account] = clock_now();
	while (s->first)
		forget_one(s);
	s->may_resume = s->is_resuming = false;
	record->session[s->session].has_ended = true;
	s->is_shaky = record->was_shaky[s->account] = true;
}

/* The server may have noticed late that the connection was lost, but not much later. */
static bool is_recent(msec at)
{
	return at && clock_now() - at < hosts_of_sim()->limits.resume_time + 1000;
}

bool account_is_away(int account)
{
	if (is_recent(given_up_at[account]))
		return true;
	for (int i = 0; i < SPEAKERS; i++)
		if (speakers[i].account == account && speakers[i].may_resume && is_recent(speakers[i].lost_at))
			return true;
	return false;
}

void client_is_over(struct speaker *s, const char *why)
{
	trace("%s/%s is over: %s", account_jids[s->account], s->resource, why);
	s->may_resume = *s->sm_id && s->state != CLOSING;
	s->lost_at = clock_now();
	if (!s->may_resume)
		client_gives_up(s);
	xml_parser_free(s->parser);
	s->parser = NULL;
	if (s->wire) {
		s->wire->up_is_shut = true;
		wire_leave(s->wire);
	}
	s->wire = NULL;
	s->state = OFF;
}

void client_close(struct speaker *s)
{
	if (s->state == CLOSING || !s->wire)
		return;
	s->is_shaky = true;
	if (s->has_acks && dice_chance(50))
		client_write(s, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", s->told = s->taken);
	client_write(s, "</stream:stream>");
	s->state = CLOSING;
}

static void read_some(struct speaker *s, size_t size)
{
	char *bytes = mem_copy(buf_start(&s->wire->down), size);
	buf_take(&s->wire->down, size);
	hear(s, bytes, size);
	mem_free(bytes);
}

/* It reads what had left the server; then no byte passes any more. */
static void drain(struct speaker *s)
{
	while (s->wire && buf_length(&s->wire->down))
		read_some(s, buf_length(&s->wire->down));
}

/* Without XEP-0198 what the socket took is the client's, so such a one reads its socket to the end. */
static void vanish(struct speaker *s)
{
	if (!s->has_acks || dice_chance(50))
		drain(s);
	if (!s->wire)
		return;
	s->wire->is_cut = !*s->sm_id || dice_chance(50);         /* else what it has said may still arrive, when it has resumed elsewhere */
	client_is_over(s, "it vanishes");
}

void speakers_drain(void)
{
	for (int i = 0; i < SPEAKERS; i++)
		if (!speakers[i].has_acks || dice_chance(50))
			drain(&speakers[i]);
}

static void draw_manners(struct speaker *s)
{
	bool all = mood == COMING;
	s->login = dice_below(LOGINS);
	s->wants_acks = all || dice_chance(85);
	s->wants_resume = dice_chance(75);
	if (plan.restless)
		s->wants_acks = s->wants_resume = true;
	s->wants_roster = all || dice_chance(60);
	s->wants_presence = all || dice_chance(80);
	snprintf(s->resource, sizeof s->resource, "%s", all || dice_chance(85) ? s->own_resource : resources[dice_below(DEVICES)]);
}

static void connect(struct speaker *s)
{
	static const struct xml_limits limits = { 1 << 20, 100, 100, 1000 };
	s->state = NEGOTIATING;
	s->parser = xml_parser_new(&limits);
	s->wire = wire_connect();
	if (budget)
		budget--;
	login_begin(s);
}

static void come_back(struct speaker *s)
{
	s->is_resuming = true;
	s->is_authenticated = s->has_pipelined = s->owes_ack = s->is_slow = s->has_asked_all = false;
	s->login = dice_below(LOGINS);
	connect(s);
}

static void come(void *with)
{
	struct speaker *s = with;
	bool again = s->session >= 0;
	if (s->may_resume && dice_chance(85)) {
		come_back(s);
		return;
	}
	if (s->may_resume)
		client_gives_up(s);
	if (record->sessions >= SESSIONS)
		life_failed("the record has no room for more sessions");
	*s = (struct speaker){ .account = s->account, .own_resource = s->own_resource, .state = NEGOTIATING, .is_shaky = s->is_shaky || again };
	draw_manners(s);
	s->is_shaky |= strcmp(s->resource, s->own_resource) != 0;
	s->session = (int)record->sessions++;
	record->session[s->session] = (struct seen_session){ .account = s->account, .life = record->life };
	connect(s);
}

static void leave(void *with)
{
	struct speaker *s = with;
	if (s->state == ON)
		client_close(s);
	else
		vanish(s);
}

/* --- speaking --- */

static struct speaker *somebody_bound(int account)
{
	for (unsigned i = 0, n = dice_below(SPEAKERS); i < SPEAKERS; i++) {
		struct speaker *s = &speakers[(i + n) % SPEAKERS];
		if (s->account == account && s->state == ON)
			return s;
	}
	return NULL;
}

void client_message(struct speaker *s)
{
	int account = (int)dice_below(ACCOUNTS), n = (int)record->messages;
	struct speaker *target = dice_chance(50) ? somebody_bound(account) : NULL;
	bool headline = dice_chance(8), pads = dice_chance(10), chat = dice_chance(70);
	if (record->messages >= MESSAGES)
		return;
	record->messages++;
	client_stanza(s, "<message id='m%d' to='%s' type='%s'><body>%*d</body></message>", n, target ? target->jid : account_jids[account],
		headline ? "headline" : chat ? "chat" : "normal", pads ? 2000 : 4, n);
	record->message[n] = (struct sent_message){ s->session, account, target ? target->session : -1,
		s->has_enabled ? record->session[s->session].sent : 0,
		!headline && (chat || !target), false };         /* RFC 6121 §8.5.3.2.1: a normal one to a resource that has gone is refused */
}

static void subscribe_somehow(struct speaker *s)
{
	static const char *const types[] = { "subscribe", "subscribe", "subscribe", "subscribed", "unsubscribe", "unsubscribed" };
	const char *type = types[dice_below(sizeof types / sizeof *types)];
	int who = (int)dice_below(ACCOUNTS);
	if (who == s->account)
		return;
	if (strcmp(type, "subscribe") == 0)
		record->has_asked[s->account][who] = true;
	if (strcmp(type, "subscribed") == 0)
		record->has_granted[s->account][who] = true;
	client_stanza(s, "<presence to='%s' type='%s'/>", account_jids[who], type);
}

static void ask_server(struct speaker *s)
{
	int q = client_question(s, true);
	switch (dice_below(5)) {
	case 0:
		client_stanza(s, "<iq type='get' id='q%d' to='" HOST "'><ping xmlns='urn:xmpp:ping'/></iq>", q);
		break;
	case 1:
		client_stanza(s, "<iq type='get' id='q%d'><query xmlns='jabber:iq:roster'/></iq>", q);
		break;
	case 2:
		client_stanza(s, "<iq type='set' id='q%d'><query xmlns='jabber:iq:roster'><item jid='%s' name='n%d'/></query></iq>", q,
			account_jids[dice_below(ACCOUNTS)], q);
		break;
	case 3:
		client_stanza(s, "<iq type='get' id='q%d' to='%s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", q,
			account_jids[dice_below(ACCOUNTS)]);
		break;
	case 4:
		client_stanza(s, "<iq type='set' id='q%d'><vCard xmlns='vcard-temp'><FN>%d</FN></vCard></iq>", q, q);
		break;
	}
}

static void ask_somebody(struct speaker *s)
{
	struct speaker *target = somebody_bound((int)dice_below(ACCOUNTS));
	if (target)
		client_stanza(s, "<iq type='get' id='q%d' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", client_question(s, false), target->jid);
}

static void change_presence(struct speaker *s)
{
	s->is_available = !s->is_available;
	client_stanza(s, "<presence%s/>", s->is_available ? "" : " type='unavailable'");
}

static void speak(void *with)
{
	struct speaker *s = with;
	unsigned n = dice_below(100);
	budget--;
	if (plan.restless && *s->sm_id && dice_chance(15))
		vanish(s);
	else if (n < 50)
		client_message(s);
	else if (n < 62)
		subscribe_somehow(s);
	else if (n < 70)
		ask_server(s);
	else if (n < 73)
		ask_somebody(s);
	else if (n < 79)
		change_presence(s);
	else if (n < 91 && s->has_enabled)
		client_write(s, "<r xmlns='urn:xmpp:sm:3'/>");
	else if (n < 95)
		client_close(s);
	else if (n < 98 && plan.losses)
		vanish(s);
	else if (plan.losses)
		s->is_slow = !s->is_slow;
}

/* --- steps --- */

static void acknowledge(void *with)
{
	struct speaker *s = with;
	s->owes_ack = false;
	client_write(s, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", s->told = s->taken);
}

static void ask_all(void *with)
{
	struct speaker *s = with;
	s->has_asked_all = true;
	s->asked_at = record->session[s->session].sent;
	client_write(s, "<r xmlns='urn:xmpp:sm:3'/>");
}

static void read_step(void *with)
{
	struct speaker *s = with;
	read_some(s, dice_piece(buf_length(&s->wire->down)));
}

static void notice_end(void *with)
{
	client_is_over(with, "the server has gone");
}

static void steps_of(struct speaker *s)
{
	bool may_come = (mood == CHATTING && budget) || mood == COMING;
	if (s->state == OFF) {
		if (may_come)
			step_may(IN_SPEAKERS, come, s);
		return;
	}
	if (buf_length(&s->wire->down) && !s->is_slow)
		step_may(IN_NET, read_step, s);
	if (s->wire->down_is_shut && !buf_length(&s->wire->down))
		step_may(IN_NET, notice_end, s);
	if (s->state == CLOSING)
		return;
	if (mood == LEAVING)
		step_may(IN_SPEAKERS, leave, s);
	if (s->state != ON)
		return;
	if (mood == CHATTING && budget)
		step_may(IN_SPEAKERS, speak, s);
	if (s->has_acks && (s->owes_ack || (mood == STAYING && s->told != s->taken)))
		step_may(IN_SPEAKERS, acknowledge, s);
	if (mood == STAYING && s->has_acks && (!s->has_asked_all || s->asked_at != record->session[s->session].sent))
		step_may(IN_SPEAKERS, ask_all, s);
}

void speakers_steps(void)
{
	for (int i = 0; i < SPEAKERS; i++)
		steps_of(&speakers[i]);
}

/* --- the last life --- */

void speakers_ask_rosters(void)
{
	for (int i = 0; i < SPEAKERS; i++)
		if (speakers[i].state == ON)
			client_stanza(&speakers[i], "<iq type='get' id='q%d'><query xmlns='jabber:iq:roster'/></iq>", client_question(&speakers[i], true));
}

void speakers_show_presence(void)
{
	memset(heard_show, 0, sizeof heard_show);
	for (int i = 0; i < SPEAKERS; i++)
		if (speakers[i].state == ON)
			client_stanza(&speakers[i], "<presence><status>here</status></presence>");
}

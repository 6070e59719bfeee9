/*
 * day: what people do all day, some of everything, at a rate that is given.
 *
 * Each act takes somebody who is there and is free for it. What the server owes
 * after it is noted, and at the end everybody comes in, the slow ones read fast,
 * and nothing may be owed any more:
 *
 *   messages   each has come, once, in order; mail.c knows what excuses that
 *   iqs        each has its result; a vCard is at least as new as what was acknowledged
 *   pushes     each change of a roster was pushed once
 *   presence   each knows the latest of all its contacts
 *   acks       with XEP-0198, h is what was sent
 */
#include "day.h"
#include "load.h"
#include <stdlib.h>
#include <string.h>

enum { PENDING = 8, COMING_AT_ONCE = 32, KNOCKERS = 8, TRIES = 16, SIP_US = 100000, SETTLE_US = 60000000, QUIET_US = 5000000, BACKLOG = 20000, SHOWN = 5, ASK_EVERY = 8 };

enum state { OUT, IN_LINE, COMING, HERE, LEAVING };
struct question { uint64_t number; enum act act; unsigned about; uint64_t least; };     /* number from 1; 0: free */

struct person {
	enum state state;
	bool     is_idle, is_slow;
	uint64_t said;               /* the number of its latest presence */
	uint64_t *heard;             /* by slot: that of each contact */
	struct question asked[PENDING];
	unsigned asked_count;
	int      pushes;             /* owed to its session */
	unsigned pardon;             /* pushes of the session before, that may come to this one */
	uint64_t vcard, vcard_kept;  /* the latest that was sent, and that was acknowledged */
};

static struct person *people;
static unsigned *outside, outside_head, outside_count;   /* who is away, the longest first */
static unsigned *line, line_head, line_count, coming;
static struct client knockers[KNOCKERS];                 /* with wrong passwords */
static uint64_t done[ACTS], number, questions, answers, failures, ended_early, unasked, stale_vcards, pushes_missing, refused, stanzas_heard;
static uint64_t dice_state;
static bool is_over;

/* --- dice, lines --- */

static unsigned dice(void)                               /* xorshift* */
{
	dice_state ^= dice_state >> 12;
	dice_state ^= dice_state << 25;
	dice_state ^= dice_state >> 27;
	return (unsigned)(dice_state * 0x2545f4914f6cdd1dULL >> 33);
}

static bool is_chosen(unsigned percent)
{
	return dice() % 100 < percent;
}

static void push_back(unsigned *ring, unsigned head, unsigned *count, unsigned i)
{
	ring[(head + (*count)++) % options.users] = i;
}

static unsigned pop(unsigned *ring, unsigned *head, unsigned *count)
{
	unsigned i = ring[*head];
	*head = (*head + 1) % options.users;
	--*count;
	return i;
}

static void to_line(unsigned i)
{
	people[i].state = IN_LINE;
	push_back(line, line_head, &line_count, i);
}

static void wrong(uint64_t *counter, const struct client *c, struct piece p)
{
	if ((*counter)++ < SHOWN)
		fprintf(stderr, "load: user%u: %.*s\n", c->number, (int)(p.size < 600 ? p.size : 600), p.at);
}

static struct piece words(const char *text)
{
	return (struct piece){ text, strlen(text) };
}

/* --- coming and going --- */

static void say_presence(unsigned i)
{
	unsigned long long n = ++people[i].said;
	client_say(&clients[i], "<presence><show>%s</show><status>%llu</status></presence>", n % 2 ? "away" : "chat", n);
}

static void ready(struct client *c)
{
	unsigned i = crowd_index(c);
	struct person *p = &people[i];
	coming--;
	p->state = HERE;
	mail_recipient_back(i);
	say_presence(i);
	client_slow(c, p->is_slow && !is_over);
}

/* A stream's questions, pushes and what it heard end with it. */
static void forget_stream(struct person *p)
{
	memset(p->asked, 0, sizeof p->asked);
	p->asked_count = 0;
	memset(p->heard, 0, options.contacts * sizeof *p->heard);
}

/* What it heard, and the server can't know. */
static uint32_t unacknowledged_by(const struct client *c)
{
	return c->acks ? c->received - c->told : 0;
}

static void lose_stream(unsigned i)
{
	struct client *c = &clients[i];
	struct person *p = &people[i];
	mail_sender_cut(i, c->acks, c->acknowledged);
	mail_recipient_cut(i, c->acks, unacknowledged_by(c));
	p->pardon += (unsigned)(p->pushes > 0 ? p->pushes : 0);
	p->pushes = 0;
	questions -= p->asked_count;                     /* nobody will answer these */
	forget_stream(p);
}

static void come_in(void)
{
	while (line_count && coming < COMING_AT_ONCE && pace_take()) {
		unsigned i = pop(line, &line_head, &line_count);
		people[i].state = COMING;
		coming++;
		crowd_begin(i);
	}
}

static void gone(unsigned i)
{
	pushes_missing += (uint64_t)abs(people[i].pushes);
	people[i].pushes = 0;
	forget_stream(&people[i]);
	people[i].state = OUT;
	push_back(outside, outside_head, &outside_count, i);
}

static void ended(struct client *c, const char *why)
{
	unsigned i = crowd_index(c);
	if (c >= knockers && c < knockers + KNOCKERS) {
		wrong(&failures, c, words(why));
		return;
	}
	if (people[i].state == LEAVING) {
		mail_recipient_left(i, unacknowledged_by(c));
		gone(i);
		return;
	}
	wrong(&ended_early, c, words(why));
	coming -= people[i].state == COMING;
	lose_stream(i);
	to_line(i);
}

static void on_refused(struct client *c)
{
	refused++;
	client_close(c);
}

/* --- acts: each false when nobody is free for it --- */

static bool is_free(unsigned i)
{
	const struct person *p = &people[i];
	return p->state == HERE && !p->is_idle && p->asked_count < PENDING;
}

static bool somebody(unsigned *i)
{
	for (int n = 0; n < TRIES; n++) {
		*i = dice() % options.users;
		if (is_free(*i))
			return true;
	}
	return false;
}

static bool contact(unsigned i, bool is_here, unsigned *to)
{
	for (int n = 0; n < TRIES; n++) {
		*to = ring_contact(i, dice() % options.contacts);
		if (is_here ? people[*to].state == HERE : people[*to].state == OUT)
			return true;
	}
	return false;
}

static bool write_to(unsigned i, bool is_here)
{
	struct client *c = &clients[i];
	unsigned to;
	uint32_t slot;
	if (!contact(i, is_here, &to))
		return false;
	uint64_t n = mail_send(i, to, c->sent + 1, is_here && !people[to].is_slow, &slot);
	client_say(c, "<message to='user%u@%s' type='chat' id='m%llu-%u'><body>It is the east, and Juliet is the sun. Arise, fair sun,"
		" and kill the envious</body></message>", options.first + to, options.domain, (unsigned long long)n, slot);
	if (c->acks && c->sent % ASK_EVERY == 0)
		client_print(c, "<r xmlns='urn:xmpp:sm:3'/>");
	return true;
}

static uint64_t ask(unsigned i, enum act act, unsigned about)
{
	struct person *p = &people[i];
	for (int n = 0; n < PENDING; n++) {
		if (p->asked[n].number)
			continue;
		p->asked[n] = (struct question){ ++number, act, about, people[about].vcard_kept };
		p->asked_count++;
		questions++;
		return number;
	}
	return 0;
}

static void ask_ping(unsigned i)
{
	client_say(&clients[i], "<iq type='get' id='q%llu' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
		(unsigned long long)ask(i, ACT_PING, i), options.domain);
}

static void ask_roster(unsigned i)
{
	unsigned to = ring_contact(i, dice() % options.contacts);
	unsigned long long n = ask(i, ACT_ROSTER, i);
	people[i].pushes++;
	client_say(&clients[i], "<iq type='set' id='q%llu'><query xmlns='jabber:iq:roster'><item jid='user%u@%s' name='Friend %llu'/></query></iq>",
		n, options.first + to, options.domain, n);
}

static void ask_vcard(unsigned i)
{
	unsigned about = ring_contact(i, dice() % options.contacts);
	client_say(&clients[i], "<iq type='get' id='q%llu' to='user%u@%s'><vCard xmlns='vcard-temp'/></iq>",
		(unsigned long long)ask(i, ACT_VCARD_GET, about), options.first + about, options.domain);
}

static void ask_own_vcard(unsigned i)
{
	unsigned long long n = ask(i, ACT_VCARD_SET, i);
	people[i].vcard = n;
	client_say(&clients[i], "<iq type='set' id='q%llu'><vCard xmlns='vcard-temp'><FN>Somebody</FN><NOTE>%llu</NOTE></vCard></iq>", n, n);
}

/* In good order: with nothing asked, and after the server's farewell. The one who was away longest comes. */
static bool relogin(unsigned i)
{
	if (people[i].asked_count || people[i].pushes || people[i].is_slow)
		return false;
	people[i].state = LEAVING;
	people[i].said++;
	client_say(&clients[i], "<presence type='unavailable'/>");
	if (clients[i].is_counting)
		client_print(&clients[i], "<a xmlns='urn:xmpp:sm:3' h='%u'/>", clients[i].told = clients[i].received);
	client_print(&clients[i], "</stream:stream>");
	if (outside_count)
		to_line(pop(outside, &outside_head, &outside_count));
	return true;
}

static void cut(unsigned i)
{
	lose_stream(i);
	client_close(&clients[i]);
	to_line(i);
}

static bool try_wrong_password(unsigned i)
{
	for (int n = 0; n < KNOCKERS; n++) {
		struct client *c = &knockers[n];
		if (c->fd >= 0)
			continue;
		*c = (struct client){ .fd = -1, .number = clients[i].number, .tls = clients[i].tls, .is_wrong = true, .in = c->in, .out = c->out,
			.life = c->life, .is_dirty = c->is_dirty, .next_dirty = c->next_dirty };
		login_begin(c);
		return true;
	}
	return false;
}

static bool perform(enum act act)
{
	unsigned i;
	if (!somebody(&i))
		return false;
	switch (act) {
	case ACT_CHAT:
		return write_to(i, true);
	case ACT_OFFLINE:
		return write_to(i, false);
	case ACT_PRESENCE:
		say_presence(i);
		return true;
	case ACT_ROSTER:
		ask_roster(i);
		return true;
	case ACT_VCARD_GET:
		ask_vcard(i);
		return true;
	case ACT_VCARD_SET:
		ask_own_vcard(i);
		return true;
	case ACT_PING:
		ask_ping(i);
		return true;
	case ACT_RELOGIN:
		return relogin(i);
	case ACT_CUT:
		cut(i);
		return true;
	case ACT_WRONG_PASSWORD:
		return try_wrong_password(i);
	case ACTS:
		break;
	}
	return false;
}

/* --- hearing --- */

static void message_came(struct client *c, struct piece p)
{
	const char *at = piece_attribute(p, "id").at;
	uint64_t n = *at == 'm' ? (at++, digits(&at)) : 0, slot = *at == '-' ? (at++, digits(&at)) : UINT32_MAX;
	unsigned from = piece_sender(p);
	struct piece type = piece_attribute(p, "type");
	if (piece_same(type, "headline"))
		return;                  /* what some servers tell of vCards */
	if (piece_same(type, "error") || from == options.users || !mail_heard(from, crowd_index(c), n, (uint32_t)slot))
		wrong(&failures, c, p);
}

static uint64_t number_behind(struct piece p, const char *tag)
{
	const char *at = memmem(p.at, p.size, tag, strlen(tag));
	return at ? (at += strlen(tag), digits(&at)) : 0;
}

static void presence_came(struct client *c, struct piece p)
{
	unsigned i = crowd_index(c), from = piece_sender(p);
	int slot = from == options.users ? NO_SLOT : ring_slot(i, from);
	struct piece type = piece_attribute(p, "type");
	if (type.size && !piece_same(type, "unavailable"))
		wrong(&failures, c, p);
	else if (slot != NO_SLOT)
		people[i].heard[slot] = type.size ? 0 : number_behind(p, "<status>");
}

static void answer_vcard(struct client *c, const struct question *q, struct piece p)
{
	uint64_t seen = number_behind(p, "<NOTE>");
	if (seen < q->least || seen > people[q->about].vcard)
		wrong(&stale_vcards, c, p);
}

static void answer(struct client *c, struct question *q, struct piece p)
{
	struct person *me = &people[crowd_index(c)];
	bool is_error = piece_same(piece_attribute(p, "type"), "error");
	if (is_error && !(q->act == ACT_VCARD_GET && !q->least))         /* there may be none yet */
		wrong(&failures, c, p);
	else if (q->act == ACT_VCARD_GET && !is_error)
		answer_vcard(c, q, p);
	else if (q->act == ACT_VCARD_SET)
		me->vcard_kept = q->number > me->vcard_kept ? q->number : me->vcard_kept;
	q->number = 0;
	me->asked_count--;
	answers++;
}

static void pushed(struct client *c, struct piece p)
{
	struct person *me = &people[crowd_index(c)];
	struct piece id = piece_attribute(p, "id");
	client_say(c, "<iq type='result' id='%.*s'/>", (int)id.size, id.at);
	if (me->pushes > 0)
		me->pushes--;
	else if (me->pardon > 0)
		me->pardon--;
	else
		wrong(&unasked, c, p);
}

static void iq_came(struct client *c, struct piece p)
{
	struct person *me = &people[crowd_index(c)];
	const char *at = piece_attribute(p, "id").at;
	uint64_t n = *at == 'q' ? (at++, digits(&at)) : 0;
	if (piece_same(piece_attribute(p, "type"), "set")) {
		pushed(c, p);
		return;
	}
	if (piece_same(piece_attribute(p, "type"), "get") && piece_has(p, "<ping")) {
		struct piece id = piece_attribute(p, "id");              /* of a server that heard nothing for long: XEP-0199 */
		client_say(c, "<iq type='result' id='%.*s'/>", (int)id.size, id.at);
		return;
	}
	for (int i = 0; i < PENDING; i++) {
		if (n && me->asked[i].number == n) {
			answer(c, &me->asked[i], p);
			return;
		}
	}
	wrong(&unasked, c, p);
}

static void stanza(struct client *c, struct piece p)
{
	stanzas_heard++;
	if (piece_is(p, "<message"))
		message_came(c, p);
	else if (piece_is(p, "<presence"))
		presence_came(c, p);
	else if (piece_is(p, "<iq"))
		iq_came(c, p);
}

/* --- the day --- */

static void sip_all(void)
{
	static int64_t next;
	if (now_us() < next)
		return;
	next = now_us() + SIP_US;
	for (unsigned i = 0; i < options.users; i++)
		if (clients[i].is_slow)
			client_sip(&clients[i], profile.slow_bytes * SIP_US / 1000000 + 1);
}

static void go_on(int timeout_ms)
{
	come_in();
	sip_all();
	clients_poll(timeout_ms);
}

/* As many as the rate has made due; who can't be found now is found the next time. */
static void act_due(int64_t since, uint64_t *acted)
{
	uint64_t due = (uint64_t)((double)(now_us() - since) / 1e6 * profile.rate);
	for (int tries = 0; *acted < due && tries < 1000 && mail_owed() < BACKLOG; tries++) {
		enum act act = profile_choose(dice());
		if (!perform(act))
			continue;
		done[act]++;
		++*acted;
	}
}

static void people_init(void)
{
	uint64_t *heard = calloc((size_t)options.users * options.contacts, sizeof *heard);
	people = calloc(options.users, sizeof *people);
	outside = calloc(options.users, sizeof *outside);
	line = calloc(options.users, sizeof *line);
	for (int n = 0; n < KNOCKERS; n++)
		knockers[n].fd = -1;
	for (unsigned i = 0; i < options.users; i++) {
		struct client *c = &clients[i];
		people[i].heard = heard + (size_t)i * options.contacts;
		people[i].is_idle = is_chosen(profile.idle);
		people[i].is_slow = is_chosen(profile.slow);
		c->tls = !is_chosen(profile.tls) ? TLS_NONE : options.tls ? options.tls : TLS_START;
		c->mechanism = is_chosen(profile.plain) ? PLAIN : SCRAM;
		c->acks = is_chosen(profile.acks);
		if (is_chosen(profile.online))
			to_line(i);
		else
			push_back(outside, outside_head, &outside_count, i);
	}
}

static bool all_are_in_place(void)
{
	unsigned leaving = 0;
	for (unsigned i = 0; i < options.users; i++)
		leaving += people[i].state == LEAVING;
	return !line_count && !coming && !leaving;
}

static uint64_t stale_presences(void)
{
	uint64_t stale = 0;
	for (unsigned i = 0; i < options.users; i++)
		for (unsigned slot = 0; slot < options.contacts; slot++)
			stale += people[i].heard[slot] != people[ring_contact(i, slot)].said;
	return stale;
}

static uint64_t unacknowledged(void)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < options.users; i++)
		sum += clients[i].is_counting ? clients[i].sent - clients[i].acknowledged : 0;
	return sum;
}

static uint64_t pushes_owed(void)
{
	uint64_t sum = pushes_missing;
	for (unsigned i = 0; i < options.users; i++)
		sum += (uint64_t)abs(people[i].pushes);
	return sum;
}

static bool is_all_settled(void)
{
	return all_are_in_place() && !mail_owed() && questions == answers && !pushes_owed() && !stale_presences() && !unacknowledged();
}

/* Until it is done, or nothing has come for a while. */
static void wait_for_all(bool (*is_done)(void))
{
	uint64_t heard = stanzas_heard;
	int64_t since = now_us(), quiet_since = since, look = 0;
	for (; now_us() < since + SETTLE_US && now_us() < quiet_since + QUIET_US; go_on(5)) {
		if (heard != stanzas_heard) {
			heard = stanzas_heard;
			quiet_since = now_us();
		}
		if (now_us() < look)
			continue;
		look = now_us() + 100000;
		if (is_done())
			return;
	}
}

static void ask_for_acks(void)
{
	for (unsigned i = 0; i < options.users; i++)
		if (clients[i].is_counting)
			client_print(&clients[i], "<r xmlns='urn:xmpp:sm:3'/>");
}

/* Everybody comes in and reads: then all that is owed must come. */
static void evening(void)
{
	is_over = true;
	for (unsigned i = 0; i < options.users; i++)
		client_slow(&clients[i], false);
	wait_for_all(all_are_in_place);
	while (outside_count)
		to_line(pop(outside, &outside_head, &outside_count));
	wait_for_all(all_are_in_place);
	poll_until(now_us() + 500000);
	ask_for_acks();
	wait_for_all(is_all_settled);
}

static void report_acts(double seconds, uint64_t acted)
{
	report_figure("seconds", seconds, 2);
	report_count("acts", acted);
	report_figure("acts_per_second", (double)acted / seconds, 1);
	report_figure("stanzas_per_second", (double)stanzas_heard / seconds, 1);
	report_open("by_kind");
	for (int i = 0; i < ACTS; i++)
		report_count(act_names[i], done[i]);
	report_close();
}

static void report_debts(void)
{
	uint64_t unanswered = questions - answers, stale = stale_presences(), unheard = unacknowledged(), pushes = pushes_owed();
	bool is_clean = mail_report() && !unanswered && !stale && !unheard && !pushes && !unasked && !stale_vcards && !failures && !ended_early
		&& refused == done[ACT_WRONG_PASSWORD] && all_are_in_place();
	report_count("questions", questions);
	report_count("unanswered", unanswered);
	report_count("unasked", unasked);
	report_count("stale_vcards", stale_vcards);
	report_count("pushes_missing", pushes);
	report_count("stale_presences", stale);
	report_count("unacknowledged", unheard);
	report_count("refused", refused);
	report_count("errors", failures);
	report_count("ended_early", ended_early);
	report_truth("clean", is_clean);
}

static void run(void)
{
	uint64_t acted = 0;
	dice_state = options.seed * 0x9e3779b97f4a7c15ULL + 1;
	mail_init();
	people_init();
	wait_for_all(all_are_in_place);
	fprintf(stderr, "settled\n");
	stanzas_heard = 0;
	double cpu = server_cpu(), own = own_cpu();
	int64_t since = now_us(), until = since + options.seconds * 1000000LL;
	while (now_us() < until) {
		act_due(since, &acted);
		go_on(2);
	}
	report_acts((double)(now_us() - since) / 1e6, acted);
	report_figure("cpu", server_cpu() - cpu, 2);
	report_figure("own_cpu", own_cpu() - own, 2);
	evening();
	report_debts();
	report_latency();
}

const struct mode mode_day = {
	.name = "day", .what = "some of everything, as --profile says, and nothing may be owed at the end",
	.run = run, .ready = ready, .stanza = stanza, .ended = ended, .refused = on_refused, .wants_contacts = true,
};

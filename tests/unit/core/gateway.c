/*
 * A front end without XMPP: it is given what is addressed to it and says what
 * it likes, and nobody can tell it from a component. This one is for tests
 * only: `sms.example.net` answers what it is asked, and keeps all it hears.
 */
#include "core/gateway.h"
#include "homes.h"
#include "base/mem.h"
#include <semaphore.h>
#include <setjmp.h>          /* our headers come first: cmocka makes a macro of fail() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "xml/parser.h"

#define SMS "sms.example.net"
#define MAIL "mail@" DOMAIN

static const char *jids[] = { "romeo@" DOMAIN, "juliet@" DOMAIN };
static struct client *romeo, *juliet;

/* --- the front end --- */

struct heard { enum kind kind; enum type type; char from[64], to[64], id[16], body[64]; };
enum { HEARD = 64 };
static struct heard heard[HEARD];    /* under passed_lock */
static unsigned heard_count;

static void keep(const struct tap_view *v)
{
	struct arena *a = arena_new();
	const char *body = tap_text(v, a, "body");
	pthread_mutex_lock(&passed_lock);
	assert_true(heard_count < HEARD);
	struct heard *h = &heard[heard_count++];
	*h = (struct heard){ v->kind, v->type };
	snprintf(h->from, sizeof h->from, "%s", v->from);
	snprintf(h->to, sizeof h->to, "%s", v->to);
	snprintf(h->id, sizeof h->id, "%s", v->id ? v->id : "");
	snprintf(h->body, sizeof h->body, "%s", body ? body : "");
	pthread_mutex_unlock(&passed_lock);
	arena_free(a);
}

static bool say(struct gateway *g, const char *text)
{
	struct arena *a = arena_new();
	struct xml *el = xml_parse(a, text, strlen(text), NS_CLIENT);
	assert_non_null(el);
	homes_note(TAP_IN, g->address, el);
	return gateway_send(g, a, el);
}

/* A subscription is granted, a request answered. */
static void receive(struct gateway *g, const struct tap_view *v)
{
	char *answer = NULL;
	homes_note(TAP_OUT, g->address, v->stanza);
	keep(v);
	if (v->kind == KIND_SUBSCRIBE && v->type == TYPE_SUBSCRIBE)
		answer = mem_printf("<presence type='subscribed' from='%s' to='%s'/>", v->to, v->from);
	else if (v->kind == KIND_INFO && v->type == TYPE_GET)
		answer = mem_printf("<iq type='result' id='%s' from='%s' to='%s'><credit xmlns='urn:sms'>12</credit></iq>", v->id, v->to, v->from);
	if (answer)
		say(g, answer);
	mem_free(answer);
}

static struct gateway sms = { .address = SMS, .receive = receive }, mail = { .address = MAIL, .receive = receive };

/* --- at its home --- */

static sem_t done;
static bool answer;

struct errand { struct gateway *gateway; const char *says; };

static void run(struct gateway *g, void (*what)(void *), const char *says)
{
	struct errand e = { g, says };
	post(home_of(g->address)->loop, what, &e);
	while (sem_wait(&done))
		continue;
}

static void open_it(void *thing)
{
	answer = gateway_open(((struct errand *)thing)->gateway);
	sem_post(&done);
}

static void close_it(void *thing)
{
	gateway_close(((struct errand *)thing)->gateway);
	sem_post(&done);
}

static void say_it(void *thing)
{
	struct errand *e = thing;
	answer = say(e->gateway, e->says);
	sem_post(&done);
}

static bool opened(struct gateway *g)
{
	run(g, open_it, NULL);
	return answer;
}

static bool says(struct gateway *g, const char *text)
{
	run(g, say_it, text);
	return answer;
}

/* How often it heard such a thing; NULL: whatever. */
static unsigned heard_such(enum kind kind, enum type type, const char *to, const char *id)
{
	unsigned n = 0;
	pthread_mutex_lock(&passed_lock);
	for (unsigned i = 0; i < heard_count; i++) {
		const struct heard *h = &heard[i];
		n += h->kind == kind && h->type == type && (!to || strcmp(to, h->to) == 0) && (!id || strcmp(id, h->id) == 0);
	}
	pthread_mutex_unlock(&passed_lock);
	return n;
}

static int begin(void **state)
{
	sem_init(&done, 0, 0);
	homes_begin(sizeof jids / sizeof *jids, jids);
	romeo = client_bind(jids[0], "orchard");
	juliet = client_bind(jids[1], "balcony");
	homes_settle();
	assert_true(opened(&sms));
	assert_true(opened(&mail));
	return 0;
}

static int end(void **state)
{
	homes_end();
	return 0;
}

static int forget(void **state)
{
	homes_settle();
	homes_forget();
	heard_count = 0;
	return 0;
}

/* --- what holds --- */

static void it_is_given_what_is_addressed_to_it(void **state)
{
	client_says(romeo, "<message id='m1' type='chat' to='+1555@SMS.example.net'><body>Soft!</body><x xmlns='urn:x'/></message>");
	client_says(romeo, "<message id='m2' to='" SMS "'><body>to the domain</body></message>");
	client_says(juliet, "<message id='m3' to='" MAIL "/inbox'><body>to one address</body></message>");
	assert_once();
	assert_int_equal(heard_count, 3);
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_CHAT, "+1555@" SMS, "m1"), 1);
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_NORMAL, SMS, "m2"), 1);
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_NORMAL, MAIL "/inbox", "m3"), 1);
	assert_string_equal(heard[0].from[0] == 'r' ? heard[0].from : heard[1].from, "romeo@" DOMAIN "/orchard");
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_CHAT, SMS, "m1"), 1);
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_ERROR, NULL, NULL), 0);
}

static void it_says_what_it_likes(void **state)
{
	assert_true(says(&sms, "<message id='s1' from='+1555@" SMS "' to='romeo@" DOMAIN "'><body>a text</body></message>"));
	assert_true(says(&mail, "<message id='s2' from='" MAIL "/inbox' to='juliet@" DOMAIN "/balcony'><body>a mail</body></message>"));
	assert_true(says(&sms, "<message id='s3' from='+1555@" SMS "' to='nobody@" DOMAIN "'><body>to nobody</body></message>"));
	assert_true(says(&sms, "<message id='s4' from='+1555@" SMS "' to='" MAIL "'><body>from one to the other</body></message>"));
	assert_true(says(&sms, "<iq id='s5' type='get' from='" SMS "' to='" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>"));
	assert_once();
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_NORMAL, "romeo@" DOMAIN "/orchard", "s1"), 1);
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_NORMAL, "juliet@" DOMAIN "/balcony", "s2"), 1);
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_ERROR, "+1555@" SMS, "s3"), 1);
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_NORMAL, MAIL, "s4"), 1);
	assert_int_equal(heard_such(KIND_INFO, TYPE_RESULT, SMS, "s5"), 1);
}

static void it_answers_and_is_answered(void **state)
{
	client_says(romeo, "<iq id='q1' type='get' to='+1555@" SMS "'><credit xmlns='urn:sms'/></iq>");
	assert_once();
	assert_int_equal(seen_such(TAP_OUT, KIND_INFO, TYPE_RESULT, "romeo@" DOMAIN "/orchard", "q1"), 1);
	assert_true(says(&sms, "<iq id='q2' type='get' from='+1555@" SMS "' to='juliet@" DOMAIN "/balcony'><x xmlns='urn:x'/></iq>"));
	homes_settle();
	client_says(juliet, "<iq id='q2' type='result' to='+1555@" SMS "'/>");
	assert_once();
	assert_int_equal(heard_such(KIND_INFO, TYPE_RESULT, "+1555@" SMS, "q2"), 1);
}

/* SUBSCRIBE and NOTIFY: as to anybody else's address. */
static void it_has_contacts(void **state)
{
	client_says(romeo, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");       /* or he hears of no subscription: RFC 6121 §2.2 */
	client_says(romeo, "<presence type='subscribe' to='+1555@" SMS "'/>");
	assert_once();
	assert_int_equal(heard_such(KIND_SUBSCRIBE, TYPE_SUBSCRIBE, "+1555@" SMS, NULL), 1);
	assert_int_equal(seen_such(TAP_OUT, KIND_SUBSCRIBE, TYPE_SUBSCRIBED, "romeo@" DOMAIN "/orchard", NULL), 1);
	assert_true(says(&sms, "<presence from='+1555@" SMS "' to='romeo@" DOMAIN "'><status>reachable</status></presence>"));
	romeo->grants = true;
	assert_true(says(&sms, "<presence type='subscribe' from='+1555@" SMS "' to='romeo@" DOMAIN "'/>"));
	assert_once();
	assert_int_equal(seen_such(TAP_OUT, KIND_NOTIFY, TYPE_AVAILABLE, "romeo@" DOMAIN "/orchard", NULL), 1);
	assert_int_equal(heard_such(KIND_SUBSCRIBE, TYPE_SUBSCRIBED, "+1555@" SMS, NULL), 1);
	client_says(romeo, "<presence id='away'><show>away</show></presence>");
	assert_once();
	assert_int_equal(heard_such(KIND_NOTIFY, TYPE_AVAILABLE, "+1555@" SMS, "away"), 1);
}

static void it_speaks_for_nobody_else(void **state)
{
	static const char *const others[] = {
		"<message from='juliet@" DOMAIN "' to='romeo@" DOMAIN "'/>", "<message to='romeo@" DOMAIN "'/>", "<message from='a@b@c' to='romeo@" DOMAIN "'/>",
		"<message from='x@sub." SMS "' to='romeo@" DOMAIN "'/>", "<message xmlns='urn:x' from='" SMS "' to='romeo@" DOMAIN "'/>",
		"<kick xmlns='urn:jackdaw:call' from='" SMS "' to='romeo@" DOMAIN "'/>",
	};
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(says(&sms, others[i]));
	assert_false(says(&mail, "<message from='romeo@" DOMAIN "' to='romeo@" DOMAIN "'/>"));
	homes_settle();
	assert_int_equal(seen_count, 0);
}

static void a_place_is_taken_once(void **state)
{
	static struct gateway second = { .address = SMS, .receive = receive }, ours = { .address = DOMAIN, .receive = receive };
	assert_false(opened(&second));
	assert_false(opened(&ours));
}

static bool is_never_sent(struct carrier *c, const struct xml *stanza)
{
	return false;
}

static void join_as_a_component(void *thing)
{
	static const struct carrier_kind kind = { .send = is_never_sent };
	static struct carrier carrier = { .kind = &kind };
	answer = link_join(&carrier, ((struct errand *)thing)->gateway->address);
	if (answer)
		link_leave(&carrier);
	sem_post(&done);
}

/* Not even one that is configured, and may share its place with others of its kind. */
static void no_component_takes_its_place(void **state)
{
	static struct gateway shared = { .address = "shared.example.net", .receive = receive };
	assert_true(opened(&shared));
	homes_settle();
	run(&shared, join_as_a_component, NULL);
	assert_false(answer);
	client_says(romeo, "<message id='h1' to='shared.example.net'><body>1</body></message>");
	assert_once();
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_NORMAL, "shared.example.net", "h1"), 1);
	run(&shared, close_it, NULL);
	run(&shared, join_as_a_component, NULL);
	assert_true(answer);
}

/* The last test. */
static void closed_it_is_nobodys_address(void **state)
{
	run(&sms, close_it, NULL);
	run(&mail, close_it, NULL);
	homes_settle();
	client_says(romeo, "<message id='c1' to='+1555@" SMS "'><body>1</body></message>");
	client_says(romeo, "<message id='c2' to='" MAIL "'><body>2</body></message>");
	assert_once();
	assert_int_equal(heard_count, 0);
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_ERROR, "romeo@" DOMAIN "/orchard", NULL), 2);
	assert_true(opened(&sms));
	homes_settle();
	client_says(romeo, "<message id='c3' to='+1555@" SMS "'><body>3</body></message>");
	assert_once();
	assert_int_equal(heard_such(KIND_MESSAGE, TYPE_NORMAL, "+1555@" SMS, "c3"), 1);
	run(&sms, close_it, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_is_given_what_is_addressed_to_it, forget),
		cmocka_unit_test_setup(it_says_what_it_likes, forget),
		cmocka_unit_test_setup(it_answers_and_is_answered, forget),
		cmocka_unit_test_setup(it_has_contacts, forget),
		cmocka_unit_test_setup(it_speaks_for_nobody_else, forget),
		cmocka_unit_test_setup(a_place_is_taken_once, forget),
		cmocka_unit_test_setup(no_component_takes_its_place, forget),
		cmocka_unit_test_setup(closed_it_is_nobodys_address, forget),
	};
	return cmocka_run_group_tests(tests, begin, end);
}

/* Every stanza that passes a door is seen there once, whole, as the signal that it is: with four loops at work. */
#include "homes.h"
#include "base/mem.h"
#include <setjmp.h>          /* our headers come first: cmocka makes a macro of fail() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FRIENDS = 12 };
static const char *jids[] = { "romeo@" DOMAIN, "juliet@" DOMAIN, "tybalt@" DOMAIN,
	"f0@" DOMAIN, "f1@" DOMAIN, "f2@" DOMAIN, "f3@" DOMAIN, "f4@" DOMAIN, "f5@" DOMAIN, "f6@" DOMAIN, "f7@" DOMAIN, "f8@" DOMAIN, "f9@" DOMAIN, "f10@" DOMAIN,
	"f11@" DOMAIN };
static struct client *romeo, *juliet, *friends[FRIENDS];

static int begin(void **state)
{
	homes_begin(sizeof jids / sizeof *jids, jids);
	romeo = client_bind(jids[0], "orchard");
	juliet = client_bind(jids[1], "balcony");
	for (unsigned i = 0; i < FRIENDS; i++)
		friends[i] = client_bind(jids[3 + i], "verona");
	romeo->grants = true;
	homes_settle();
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
	return 0;
}

/* --- exactly once --- */

static void messages(void **state)
{
	client_says(romeo, "<message id='full' type='chat' to='juliet@" DOMAIN "/balcony'><body>1</body></message>");
	client_says(romeo, "<message id='bare' type='chat' to='juliet@" DOMAIN "'><body>2</body><x xmlns='urn:x'>kept</x></message>");
	client_says(romeo, "<message id='away' to='tybalt@" DOMAIN "'><body>3</body></message>");
	client_says(romeo, "<message id='nobody' to='nobody@" DOMAIN "'><body>4</body></message>");
	client_says(romeo, "<message id='far' to='nobody@other.example'><body>5</body></message>");
	client_says(romeo, "<message id='host' to='" DOMAIN "'><body>6</body></message>");
	client_says(romeo, "<message id='wrong' to='@@'><body>7</body></message>");
	client_says(romeo, "<message id='own'><body>8</body></message>");
	assert_once();
	assert_int_equal(seen_such(TAP_IN, KIND_MESSAGE, TYPE_CHAT, NULL, NULL), 2);
	assert_int_equal(seen_such(TAP_IN, KIND_MESSAGE, TYPE_NORMAL, NULL, NULL), 6);
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_CHAT, "juliet@" DOMAIN "/balcony", "full"), 1);
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_CHAT, "juliet@" DOMAIN "/balcony", "bare"), 1);
	const char *bounced[] = { "nobody", "far", "host", "wrong" };
	for (unsigned i = 0; i < sizeof bounced / sizeof *bounced; i++)
		assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_ERROR, "romeo@" DOMAIN "/orchard", bounced[i]), 1);
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_ERROR, NULL, "away"), 0);

	/* Who was away hears it later: that one comes out then. */
	client_bind("tybalt@" DOMAIN, "street");
	assert_once();
	assert_int_equal(seen_such(TAP_OUT, KIND_MESSAGE, TYPE_NORMAL, "tybalt@" DOMAIN "/street", "away"), 1);
}

static void a_presence_for_many(void **state)
{
	for (unsigned i = 0; i < FRIENDS; i++)
		client_says(friends[i], "<presence to='romeo@" DOMAIN "' type='subscribe'/>");
	assert_once();
	assert_int_equal(seen_such(TAP_IN, KIND_SUBSCRIBE, TYPE_SUBSCRIBE, NULL, NULL), FRIENDS);
	assert_int_equal(seen_such(TAP_OUT, KIND_SUBSCRIBE, TYPE_SUBSCRIBE, "romeo@" DOMAIN "/orchard", NULL), FRIENDS);
	assert_int_equal(seen_such(TAP_IN, KIND_SUBSCRIBE, TYPE_SUBSCRIBED, "romeo@" DOMAIN "/orchard", NULL), FRIENDS);
	homes_forget();

	client_says(romeo, "<presence id='show'><show>away</show></presence>");
	assert_once();
	assert_int_equal(seen_such(TAP_IN, KIND_NOTIFY, TYPE_AVAILABLE, NULL, "show"), 1);
	for (unsigned i = 0; i < FRIENDS; i++)
		assert_int_equal(seen_such(TAP_OUT, KIND_NOTIFY, TYPE_AVAILABLE, friends[i]->session->jid->full, "show"), 1);
}

static void infos(void **state)
{
	client_says(romeo, "<iq id='host' type='get' to='" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>");
	client_says(romeo, "<iq id='self' type='get'><query xmlns='jabber:iq:roster'/></iq>");
	client_says(romeo, "<iq id='set' type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@" DOMAIN "'/></query></iq>");
	client_says(romeo, "<iq id='nobody' type='get' to='nobody@" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>");
	client_says(romeo, "<iq id='far' type='set' to='x@other.example'><ping xmlns='urn:xmpp:ping'/></iq>");
	client_says(romeo, "<iq id='none' type='wish' to='" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>");
	client_says(romeo, "<iq id='through' type='get' to='Juliet@" DOMAIN "/balcony'><x xmlns='urn:x'/></iq>");
	assert_once();
	client_says(juliet, "<iq id='through' type='result' to='romeo@" DOMAIN "/orchard'><x xmlns='urn:x'/></iq>");
	assert_once();
	assert_int_equal(seen_such(TAP_OUT, KIND_INFO, TYPE_RESULT, "romeo@" DOMAIN "/orchard", NULL), 4);
	assert_int_equal(seen_such(TAP_OUT, KIND_INFO, TYPE_ERROR, "romeo@" DOMAIN "/orchard", NULL), 3);
	assert_int_equal(seen_such(TAP_IN, KIND_INFO, TYPE_RESULT, "juliet@" DOMAIN "/balcony", "through"), 1);
	assert_int_equal(seen_such(TAP_OUT, KIND_INFO, TYPE_SET, "romeo@" DOMAIN "/orchard", NULL), 1);       /* the roster's push */
}

/* MSG-04: each request has one response with its id that goes the other way. */
static void requests_and_responses_belong_together(void **state)
{
	infos(state);
	for (unsigned i = 0; i < seen_count; i++) {
		const struct passed *request = &seen[i];
		unsigned answers = 0;
		if (request->way != TAP_IN || (request->type != TYPE_GET && request->type != TYPE_SET) || request->kind != KIND_INFO || request->is_wrong)
			continue;
		for (unsigned k = 0; k < seen_count; k++) {
			const struct passed *p = &seen[k];
			struct tap_view v = { .way = p->way, .kind = p->kind, .type = p->type, .from = p->from, .to = p->to, .id = p->id };
			answers += p->way == TAP_OUT && tap_answers(&v, request->from, request->to, request->id);
		}
		if (answers != 1)
			fail_msg("%u answers to %s", answers, request->xml);
	}
}

/* --- as which signal --- */

/* MSG-03: each type of presence is one of the two, and each of the others what it is. */
static void each_type_is_its_kind(void **state)
{
	static const struct { const char *name, *type; enum kind kind; enum type is; bool is_wrong; } table[] = {
		{ "presence", NULL, KIND_NOTIFY, TYPE_AVAILABLE }, { "presence", "unavailable", KIND_NOTIFY, TYPE_UNAVAILABLE },
		{ "presence", "error", KIND_NOTIFY, TYPE_ERROR }, { "presence", "subscribe", KIND_SUBSCRIBE, TYPE_SUBSCRIBE },
		{ "presence", "subscribed", KIND_SUBSCRIBE, TYPE_SUBSCRIBED }, { "presence", "unsubscribe", KIND_SUBSCRIBE, TYPE_UNSUBSCRIBE },
		{ "presence", "unsubscribed", KIND_SUBSCRIBE, TYPE_UNSUBSCRIBED }, { "presence", "probe", KIND_SUBSCRIBE, TYPE_PROBE },
		{ "presence", "available", KIND_NOTIFY, TYPE_AVAILABLE, true },
		{ "message", NULL, KIND_MESSAGE, TYPE_NORMAL }, { "message", "normal", KIND_MESSAGE, TYPE_NORMAL }, { "message", "chat", KIND_MESSAGE, TYPE_CHAT },
		{ "message", "groupchat", KIND_MESSAGE, TYPE_GROUPCHAT }, { "message", "headline", KIND_MESSAGE, TYPE_HEADLINE },
		{ "message", "error", KIND_MESSAGE, TYPE_ERROR }, { "message", "telegram", KIND_MESSAGE, TYPE_NORMAL },
		{ "iq", "get", KIND_INFO, TYPE_GET }, { "iq", "set", KIND_INFO, TYPE_SET }, { "iq", "result", KIND_INFO, TYPE_RESULT },
		{ "iq", "error", KIND_INFO, TYPE_ERROR }, { "iq", NULL, KIND_INFO, TYPE_AVAILABLE, true },
	};
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		char *type = table[i].type ? mem_printf(" type='%s'", table[i].type) : mem_string("");
		char *stanza = mem_printf("<%s id='t%u' to='juliet@" DOMAIN "'%s><x xmlns='urn:x'/></%s>", table[i].name, i, type, table[i].name);
		client_says(romeo, stanza);
		mem_free(type);
		mem_free(stanza);
	}
	assert_once();
	for (unsigned i = 0, found = 0; i < sizeof table / sizeof *table; i++, found = 0) {
		char id[8];
		snprintf(id, sizeof id, "t%u", i);
		for (unsigned k = 0; k < seen_count; k++) {
			if (seen[k].way != TAP_IN || strcmp(seen[k].id, id) != 0)
				continue;
			found++;
			assert_int_equal(seen[k].kind, table[i].kind);
			assert_int_equal(seen[k].type, table[i].is);
			assert_int_equal(seen[k].is_wrong, table[i].is_wrong);
		}
		assert_int_equal(found, 1);
	}
}

/* --- what a view says --- */

static char *body, *thread, *data, peer[64];

static void look(struct tap *tap, const struct tap_view *v)
{
	struct arena *a = arena_new();
	if (v->way == TAP_IN && v->id && strcmp(v->id, "view") == 0) {
		body = mem_string(tap_text(v, a, "body"));
		thread = mem_string(tap_text(v, a, "thread"));
		data = mem_string(tap_data(a, v));
		tap_peer(v, peer);
		assert_null(tap_text(v, a, "subject"));
		assert_string_equal(tap_type_word(v), "chat");
		assert_string_equal(v->place->front, "client");
		assert_string_equal(v->place->host->name, DOMAIN);
	}
	arena_free(a);
}

static atomic_uint let_go;

static void closed(struct tap *tap)
{
	atomic_fetch_add(&let_go, 1);
}

static void a_view_says_it_all(void **state)
{
	struct tap other = { .saw = look, .closed = closed };
	tap_open(&other);
	client_says(romeo, "<message id='view' type='chat' to='juliet@" DOMAIN "'><body>Soft! &lt;</body><thread>t</thread></message>");
	homes_settle();
	tap_close(&other);
	for (int i = 0; i < 2000 && !atomic_load(&let_go); i++)
		usleep(1000);
	assert_int_equal(atomic_load(&let_go), 1);
	assert_string_equal(body, "Soft! <");
	assert_string_equal(thread, "t");
	assert_string_equal(peer, "192.0.2.1:40312");
	assert_string_equal(data, "<message xmlns='jabber:client' id='view' type='chat' to='juliet@" DOMAIN "' from='romeo@" DOMAIN "/orchard'>"
		"<body>Soft! &lt;</body><thread>t</thread></message>");
	mem_free(body);
	mem_free(thread);
	mem_free(data);
}

/* One takes another's place without a stanza between them, on every loop. */
static atomic_uint counted;

static void count(struct tap *tap, const struct tap_view *v)
{
	atomic_fetch_add(&counted, 1);
}

static void one_takes_anothers_place(void **state)
{
	static struct tap one = { .saw = count, .closed = closed }, two = { .saw = count, .closed = closed };
	atomic_store(&let_go, 0);
	tap_open(&one);
	for (unsigned i = 0; i < 40; i++) {
		client_says(friends[i % FRIENDS], "<iq id='p' type='get' to='" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>");
		if (i == 20)
			tap_replace(&one, &two);
	}
	homes_settle();
	tap_close(&two);
	for (int i = 0; i < 2000 && atomic_load(&let_go) < 2; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&let_go), 2);
	assert_int_equal(atomic_load(&counted), 80);
	client_says(romeo, "<iq id='p' type='get' to='" DOMAIN "'><ping xmlns='urn:xmpp:ping'/></iq>");
	homes_settle();
	assert_int_equal(atomic_load(&counted), 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(messages, forget),
		cmocka_unit_test_setup(a_presence_for_many, forget),
		cmocka_unit_test_setup(requests_and_responses_belong_together, forget),
		cmocka_unit_test_setup(each_type_is_its_kind, forget),
		cmocka_unit_test_setup(a_view_says_it_all, forget),
		cmocka_unit_test_setup(one_takes_anothers_place, forget),
	};
	return cmocka_run_group_tests(tests, begin, end);
}

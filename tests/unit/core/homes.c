/* Streams that lead nowhere, and a tap that keeps all it sees. */
#include "base/mem.h"
#include "core/config.h"
#include "core/module.h"
#include "core/command.h"
#include "core/server.h"
#include "xml/parser.h"
#include <pthread.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "homes.h"

const struct command *const commands[] = { NULL };     /* nobody administrates here */
struct server server;

struct passed said[PASSED], seen[PASSED];
unsigned said_count, seen_count;
pthread_mutex_t passed_lock = PTHREAD_MUTEX_INITIALIZER;

static struct client clients[CLIENTS];
static unsigned client_count;
static struct store *store;
static struct hosts *hosts;
static char folder[] = "/tmp/homes-XXXXXX";

/* --- what passes --- */

static char *copy(const char *text)
{
	return mem_string(text ? text : "");
}

static void clear(struct passed *p)
{
	mem_free(p->at);
	mem_free(p->from);
	mem_free(p->to);
	mem_free(p->id);
	mem_free(p->xml);
	*p = (struct passed){ 0 };
}

static char *print(const struct xml *stanza)
{
	struct arena *a = arena_new();
	char *text = copy(xml_string(a, stanza, NS_CLIENT));
	arena_free(a);
	return text;
}

static void saw(struct tap *tap, const struct tap_view *v)
{
	pthread_mutex_lock(&passed_lock);
	assert(seen_count < PASSED);
	seen[seen_count++] = (struct passed){ v->way, v->kind, v->type, v->is_wrong, copy(v->place->address), copy(v->from), copy(v->to), copy(v->id),
		print(v->stanza) };
	pthread_mutex_unlock(&passed_lock);
}

static struct tap tap = { .saw = saw };

void homes_note(enum tap_way way, const char *at, const struct xml *stanza)
{
	pthread_mutex_lock(&passed_lock);
	assert(said_count < PASSED);
	said[said_count++] = (struct passed){ .way = way, .at = copy(at), .xml = print(stanza) };
	pthread_mutex_unlock(&passed_lock);
}

static bool is_same(const struct passed *a, const struct passed *b)
{
	return a->way == b->way && strcmp(a->at, b->at) == 0 && strcmp(a->xml, b->xml) == 0;
}

static unsigned times(const struct passed *in, unsigned count, const struct passed *what)
{
	unsigned n = 0;
	for (unsigned i = 0; i < count; i++)
		n += is_same(&in[i], what);
	return n;
}

static const char *difference(void)
{
	static char words[4096];
	for (unsigned i = 0; i < said_count; i++) {
		unsigned wanted = times(said, said_count, &said[i]), is = times(seen, seen_count, &said[i]);
		if (is != wanted) {
			snprintf(words, sizeof words, "%s: seen %u times and not %u: %s", said[i].at, is, wanted, said[i].xml);
			return words;
		}
	}
	snprintf(words, sizeof words, "%u seen of %u", seen_count, said_count);
	return seen_count == said_count ? NULL : words;
}

const char *homes_difference(void)
{
	homes_settle();
	pthread_mutex_lock(&passed_lock);
	const char *why = difference();
	pthread_mutex_unlock(&passed_lock);
	return why;
}

unsigned seen_such(enum tap_way way, enum kind kind, enum type type, const char *at, const char *id)
{
	unsigned n = 0;
	pthread_mutex_lock(&passed_lock);
	for (unsigned i = 0; i < seen_count; i++) {
		const struct passed *p = &seen[i];
		n += p->way == way && p->kind == kind && p->type == type && (!at || strcmp(at, p->at) == 0) && (!id || strcmp(id, p->id) == 0);
	}
	pthread_mutex_unlock(&passed_lock);
	return n;
}

void homes_forget(void)
{
	pthread_mutex_lock(&passed_lock);
	while (said_count)
		clear(&said[--said_count]);
	while (seen_count)
		clear(&seen[--seen_count]);
	pthread_mutex_unlock(&passed_lock);
}

/* --- a client --- */

struct saying {
	struct client *client;
	char *stanza;
};

static void say(void *thing)
{
	struct saying *s = thing;
	struct arena *a = arena_new();
	struct xml *el = xml_parse(a, s->stanza, strlen(s->stanza), NS_CLIENT);
	assert(el);
	struct xml *stamped = xml_shallow(a, el);
	xml_set(a, stamped, "from", s->client->session->jid->full);
	homes_note(TAP_IN, s->client->session->jid->full, stamped);
	session_receive(s->client->session, a, el, strlen(s->stanza));
	mem_free(s->stanza);
	mem_free(s);
}

void client_says(struct client *c, const char *stanza)
{
	struct saying *s = NEW(struct saying);
	*s = (struct saying){ c, mem_string(stanza) };
	post(home_of(c->jid)->loop, say, s);
}

static void answer_subscribe(struct client *c, const struct xml *stanza)
{
	const char *type = xml_get(stanza, "type");
	char *answer = NULL;
	if (c->grants && type && strcmp(stanza->name, "presence") == 0 && strcmp(type, "subscribe") == 0)
		answer = mem_printf("<presence to='%s' type='subscribed'/>", xml_get(stanza, "from"));
	if (answer)
		client_says(c, answer);
	mem_free(answer);
}

static uint64_t hear(void *with, const struct xml *stanza)
{
	struct client *c = with;
	char *at = mem_printf("%s/%s", c->jid, c->resource);
	homes_note(TAP_OUT, at, stanza);
	mem_free(at);
	answer_subscribe(c, stanza);
	return ++c->heard;
}

static void ended(void *with, enum stream_error error, const char *text)
{
}

static void settled(void *with, uint32_t count, unsigned unsettled, size_t bytes)
{
}

static struct session_facts facts(void *with)
{
	return (struct session_facts){ .tag = "HOMES", .peer = "192.0.2.1:40312" };
}

static bool is_slow(void *with)
{
	return false;
}

static void bound(void *with, struct session *s, enum stanza_error error)
{
	struct client *c = with;
	pthread_mutex_lock(&passed_lock);
	c->session = s;
	pthread_mutex_unlock(&passed_lock);
}

static const struct session_stream transport = { hear, ended, settled, facts, is_slow, bound };

static void bind_here(void *thing)
{
	struct client *c = thing;
	session_bind(c->jid, c->resource, &transport, c);
}

static bool is_bound(const struct client *c)
{
	pthread_mutex_lock(&passed_lock);
	bool yes = c->session != NULL;
	pthread_mutex_unlock(&passed_lock);
	return yes;
}

struct client *client_bind(const char *jid, const char *resource)
{
	assert(client_count < CLIENTS);
	struct client *c = &clients[client_count++];
	*c = (struct client){ .jid = jid, .resource = resource };
	post(home_of(jid)->loop, bind_here, c);
	for (int i = 0; i < 5000 && !is_bound(c); i++)
		usleep(1000);
	assert(is_bound(c));
	client_says(c, "<presence/>");
	return c;
}

/* --- waiting --- */

static unsigned passed_so_far(void)
{
	pthread_mutex_lock(&passed_lock);
	unsigned n = said_count + seen_count;
	pthread_mutex_unlock(&passed_lock);
	return n;
}

void homes_settle(void)
{
	unsigned still = 0, before = passed_so_far();
	for (int i = 0; i < 2000 && still < 20; i++) {
		usleep(5000);
		unsigned now = passed_so_far();
		still = now == before && !store_waiting(store) ? still + 1 : 0;
		before = now;
	}
}

/* --- the server --- */

static char *path_of(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static struct hosts *read_hosts(void)
{
	struct fail why = { "" };
	struct config_report report;
	char *path = path_of("conf");
	FILE *f = fopen(path, "w");
	fprintf(f, "limits { enabled = no }\ndomain \"" DOMAIN "\" { tls = off }\n"
		"component \"shared.example.net\" { secret = s  conflict = share  queue = 10 }\n");
	fclose(f);
	config_report_init(&report);
	struct config *config = config_load(path, CONFIG_MAIN_ONLY, &report);
	assert(config);
	struct hosts *h = hosts_new(config, 1, &why);
	assert(h);
	config_drop(config);
	config_report_clear(&report);
	mem_free(path);
	return h;
}

static void add_account(int id, const char *jid)
{
	static const char insert[] = "INSERT INTO account (id, jid, host, created) VALUES (?, ?, ?, 0)";
	struct value values[] = { V(id), V(jid), V(DOMAIN) };
	struct statement statement = { .sql = insert, .values = values, .count = 3 };
	struct store_job job = { .first = &statement };
	assert(store_run(store, &job));
}

static void first(void *thing)
{
	struct home *home = thing;
	clock_key_loop(home->number);
	loop_on_round(home->loop, home_round, home);
	loop_on_second(home->loop, home_second, home);
}

void homes_begin(unsigned accounts, const char *const jids[])
{
	struct fail why;
	size_t count;
	ns_intern();
	modules_declare();
	assert(modules_wire(&why) && mkdtemp(folder));
	hosts = read_hosts();
	char *path = path_of("db");
	struct store_options o = { .path = path, .synchronous = "OFF", .readers = 1 };
	const struct migration *migrations = modules_migrations(&count);
	store = store_open(&o, migrations, count, &why);
	assert(store);
	mem_free(path);
	for (unsigned i = 0; i < accounts; i++)
		add_account((int)i + 1, jids[i]);
	homes_start(HOMES, HOMES, (const unsigned char *)"0123456789abcdef", store, hosts);
	tap_open(&tap);
	for (unsigned i = 0; i < HOMES; i++)
		loop_start(home_number(i)->loop, first, home_number(i));
}

void homes_end(void)
{
	for (unsigned i = 0; i < HOMES; i++)
		loop_stop(home_number(i)->loop);
	for (unsigned i = 0; i < HOMES; i++)
		loop_join(home_number(i)->loop);
	loop_workers_stop();
	store_close(store);
	hosts_drop(hosts);
	homes_forget();
	char *command = mem_printf("rm -r %s", folder);
	assert(system(command) == 0);
	mem_free(command);
}

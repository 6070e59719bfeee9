/* What the core would do, as far as a module can see. */
#include "fake.h"
#include "core/command_may.h"
#include "core/credentials.h"
#include "core/limit.h"
#include "core/link.h"
#include "core/server.h"
#include "core/source.h"
#include "modules/modules.h"
#include "modules/presence.h"
#include "modules/roster.h"
#include "xml/parser.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;
struct server server;
__attribute__((weak)) const struct command *const commands[] = { NULL };      /* a test may have some */
const struct module *const modules[] = { &mod_disco, &mod_stanza_id, &mod_offline, &mod_ping, &mod_version, &mod_time, &mod_vcard, &mod_register, &mod_contact, &mod_shim, NULL };

/* --- the test's side --- */

int fake_begin(void **state)
{
	ns_intern();
	memset(&fake, 0, sizeof fake);
	fake.arena = arena_new();
	fake.hosts.generation = 1;
	fake.host = (struct host){ .name = "example", .hosts = &fake.hosts };
	fake.account = (struct account){ .state = ACCOUNT_READY, .address = jid_parse(fake.arena, "juliet@example"), .host = &fake.host, .id = 7 };
	fake.account.jid = fake.account.address->bare;
	fake.account.local = fake.account.address->local;
	list_init(&fake.account.sessions);
	return 0;
}

int fake_end(void **state)
{
	arena_free(fake.arena);
	free(fake.data);
	free(fake.live);
	return 0;
}

static bool slow(void *with)
{
	return fake.is_slow;
}

static struct session_facts facts(void *with)
{
	struct session_facts f = { .tls = with ? "TLSv1.3" : NULL };
	snprintf(f.peer, sizeof f.peer, "%s", fake.peer ? fake.peer : "");
	return f;
}

struct session *fake_session(const char *resource, int priority)
{
	static const struct session_stream stream = { .is_slow = slow, .facts = facts };
	struct session *s = &fake.session[fake.sessions++];
	*s = (struct session){ .account = &fake.account, .jid = jid_with(fake.arena, fake.account.address, resource), .stream = &stream,
		.stream_with = &fake, .number = fake.sessions, .is_available = true, .priority = priority };
	s->resource = s->jid->resource;
	list_append(&fake.account.sessions, &s->in_account);
	return s;
}

void fake_option(const char *name, const char *value)
{
	unsigned i = 0;
	while (fake.option[i])
		i++;
	fake.option[i] = name;
	fake.value[i] = value;
}

struct xml *fake_parse(const char *text)
{
	struct xml *el = xml_parse(fake.arena, text, strlen(text), NS_CLIENT);
	assert(el);
	return el;
}

struct turn *fake_turn(const struct xml *stanza, enum kind kind, enum type type, const char *from, const char *to)
{
	struct turn *t = ARENA_NEW(fake.arena, struct turn);
	*t = (struct turn){ .arena = fake.arena, .account = &fake.account, .host = &fake.host, .stanza = stanza, .kind = kind, .type = type,
		.from = from ? jid_parse(fake.arena, from) : NULL, .to = to ? jid_parse(fake.arena, to) : fake.account.address, .was_addressed = to };
	fake.flight = 0;
	fake.reply = NULL;
	fake.has_replied = false;
	fake.found = NULL;
	return t;
}

const char *fake_ask(const struct module *m, enum type type, unsigned asked, const char *from, const char *payload)
{
	struct turn *t = fake_turn(NULL, KIND_INFO, type, from, asked & TO_HOST ? "example" : "juliet@example");
	t->payload = fake_parse(payload);
	for (unsigned i = 0; i < fake.sessions; i++)
		if (strcmp(fake.session[i].jid->full, from) == 0)
			t->session = &fake.session[i];
	for (const struct iq_handler *h = m->iqs; h->run; h++) {
		if (!xml_is(t->payload, h->ns, h->name) || !(h->asked & asked) || !(h->types & (type == TYPE_GET ? IQ_GET : IQ_SET)))
			continue;
		enum stanza_error e = h->run(t);
		if (e != OK && e != HANDLED)
			return stanza_error_name(e);
		return fake.reply ? xml_string(fake.arena, fake.reply, NS_CLIENT) : fake.has_replied ? "" : "waits";
	}
	return "nobody";
}

enum stanza_error fake_hook(const struct module *m, enum event event, enum station station, struct turn *t)
{
	enum stanza_error e = OK;
	for (const struct hook *h = m->hooks; h->run; h++)
		if (h->event == event && h->station == station)
			e = h->run(t);
	return e;
}

const struct rows *fake_rows(const struct value *values, unsigned columns, unsigned count)
{
	struct rows *rows = ARENA_NEW(fake.arena, struct rows);
	struct row **end = &rows->first;
	*rows = (struct rows){ NULL, count, columns };
	for (unsigned i = 0; i < count; i++) {
		*end = ARENA_NEW(fake.arena, struct row);
		(*end)->columns = arena_alloc(fake.arena, columns * sizeof *values);
		memcpy((*end)->columns, values + (size_t)i * columns, columns * sizeof *values);
		end = &(*end)->next;
	}
	return rows;
}

/* --- the module's side --- */

void turn_reply(struct turn *t, struct xml *payload)
{
	fake.reply = payload;
	fake.has_replied = true;
}

void turn_deliver_kept(struct turn *t, struct session *s, const struct xml *stanza, const char *sql, int64_t key)
{
	fake.deliveries[fake.delivered++] = (struct fake_delivery){ s, stanza, key };
}

static void write_down(struct fake_write *w, const char *sql, const struct value *values, size_t count)
{
	w->sql = sql;
	memcpy(w->values, values, count * sizeof *values);
}

void turn_write_values(struct turn *t, const char *sql, const struct value *values, size_t count)
{
	write_down(&fake.writes[fake.written++], sql, values, count);
}

void turn_append_values(struct turn *t, const char *sql, const struct value *values, size_t count)
{
	write_down(&fake.appends[fake.appended++], sql, values, count);
}

void turn_flight(struct turn *t, const char *sql, int64_t key)
{
	fake.flight = key;
}

int64_t turn_kept_key(const struct turn *t)
{
	return fake.flight ? fake.flight : fake.kept;
}

msec turn_since(const struct turn *t)
{
	return fake.since ? fake.since : clock_wall();
}

void turn_then(struct turn *t, void (*fn)(struct turn *, void *), void *with)
{
	fn(t, with);
}

void turn_answer(struct turn *t, struct xml *payload)
{
	fake.answer = payload;
}

void turn_later(struct turn *t, msec wait, const struct xml *question)
{
	fake.later = question;
}

enum stanza_error turn_read_values(struct turn *t, read_function *found, bool holds, const char *sql, const struct value *values, size_t count)
{
	fake.found = found;
	fake.sql = sql;
	return HANDLED;
}

bool account_is_in_flight(const struct account *a, int64_t key)
{
	for (size_t i = 0; i < sizeof fake.in_flight / sizeof *fake.in_flight; i++)
		if (fake.in_flight[i] == key)
			return true;
	return false;
}

bool sessions_hibernate(const struct account *a)
{
	return true;
}

unsigned session_flights(const struct session *s, unsigned most)
{
	return 0;
}

void *account_data(const struct account *a, const struct module *m) { return fake.data; }
void account_set_data(struct account *a, const struct module *m, void *data) { fake.data = data; }
void *account_live(const struct account *a, const struct module *m) { return fake.live; }
void account_set_live(struct account *a, const struct module *m, void *data) { fake.live = data; }

struct session *account_session(const struct account *a, const char *resource)
{
	EACH_SESSION(a, s)
		if (strcmp(s->resource, resource) == 0)
			return s;
	return NULL;
}

struct session *session_find(const struct account *a, int64_t number)
{
	EACH_SESSION(a, s)
		if (s->number == number)
			return s;
	return NULL;
}

void session_end(struct session *s, enum stream_error error, const char *text)
{
	fake.ended++;
}

static const char *option(const struct module *m, const char *name)
{
	for (unsigned i = 0; i < 4; i++)
		if (fake.option[i] && strcmp(fake.option[i], name) == 0)
			return fake.value[i];
	const struct option *o = m->options;
	while (strcmp(o->name, name) != 0)
		o++;
	return o->fallback;
}

/* One option of a list has one item here. */
const char *const *host_list(const struct host *h, const struct module *m, const char *name)
{
	static const char *list[2];
	list[0] = option(m, name);
	return list;
}

enum stanza_error turn_command(struct turn *t, const struct command *command, const char *const *values, const char *input,
	command_found *found, void *with)
{
	fake.command = command;
	memcpy(fake.values, values, sizeof fake.values);
	fake.ran = found;
	fake.ran_with = with;
	return HANDLED;
}

enum stanza_error turn_refuse_with(struct turn *t, enum stanza_error error, const char *text, const struct xml *application, struct xml *beside)
{
	fake.condition = application ? application->name : NULL;
	return error;
}

struct hosts *hosts_here(void) { return &fake.hosts; }
bool command_may_see(const struct hosts *h, const struct command *c, const char *domain, const char *jid) { return fake.may_administrate; }
bool command_may(const struct hosts *h, const struct command *c, const char *const *values, const char *jid, struct fail *why) { return fake.may_administrate; }
bool host_has(const struct host *h, const struct module *m) { return true; }

const char *host_text(const struct host *h, const struct module *m, const char *name) { return option(m, name); }
bool host_bool(const struct host *h, const struct module *m, const char *name) { return strcmp(option(m, name), "yes") == 0; }

int64_t host_int(const struct host *h, const struct module *m, const char *name)
{
	char *unit;
	int64_t n = strtoll(option(m, name), &unit, 10);
	if (strcmp(unit, "min") == 0)
		return n * 60000;
	return *unit == 'm' || *unit == 'M' ? n << 20 : *unit == 'k' ? n << 10 : n;
}

static const char *const nothing[] = { NULL };
const char *const *host_list_of_all(const struct host *h, const struct module *m, const char *name) { return fake.items ? fake.items : nothing; }
const char *const *host_list_of_its_own(const struct host *h, const struct module *m, const char *name) { return nothing; }

const struct component *component_of(const char *domain) { return &fake.component; }
void links_reachable(void (*fn)(const char *name, void *with), void *with)
{
	if (fake.connected)
		fn(fake.connected, with);
}

void limit_reached(enum limit limit) { fake.reached = limit; }
bool presence_is_invisible(const struct session *s) { return false; }

const struct host *host_find(const char *name) { return strcmp(name, "example") == 0 ? &fake.host : NULL; }
bool roster_may_see(const struct account *a, const struct jid *who) { return fake.may_see || jid_same_bare(who, a->address); }

enum stanza_error credentials_change(struct turn *t, const char *prepared, hook_function *done)
{
	fake.is_changed = true;
	return done(t);
}

struct source *source_of_host(const struct host *h, enum source_use use) { return NULL; }
unsigned source_can(const struct host *h, enum source_use use) { return SOURCE_KEYS | SOURCE_WRITES; }

enum stanza_error credentials_remove(struct turn *t)
{
	fake.is_removed = true;
	return OK;
}

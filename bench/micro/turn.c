/*
 * What a turn costs: from a stanza's tree to what its session is given.
 *
 * All rooms but streams, on one loop and a database in the folder: romeo and
 * juliet are bound to streams that drop what they get. A ping to the host is
 * one turn; a message passes romeo's stations, and then juliet's. The stanza is
 * copied for each; that alone stands beside them.
 */
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "core/config.h"
#include "core/home.h"
#include "core/module.h"
#include "core/session.h"
#include "micro.h"

#define DOMAIN "bench.example"
enum { ROUNDS = 30, TURNS = 20000, TOGETHER = 16, BYTES = 300 };

static sem_t done;
static struct user {
	const char     *jid;
	struct session *session;
	uint64_t        heard;
} romeo = { .jid = "romeo@" DOMAIN }, juliet = { .jid = "juliet@" DOMAIN };
static struct xml *message, *ping, *presence;

static void stop(const char *why)
{
	fprintf(stderr, "bench-turn: %s\n", why);
	exit(1);
}

/* --- a stream that leads nowhere --- */

static void measure_all(void *unused);

static uint64_t send(void *user, const struct xml *stanza)
{
	return ++((struct user *)user)->heard;
}

static void end(void *user, enum stream_error error, const char *text)
{
	stop("a stream was ended");
}

static void settled(void *user, uint32_t count, unsigned unsettled, size_t bytes)
{
}

static struct session_facts facts(void *user)
{
	return (struct session_facts){ .tag = "BENCH" };
}

static bool is_slow(void *user)
{
	return false;
}

static void bound(void *user, struct session *s, enum stanza_error error)
{
	struct user *u = user;
	if (!s)
		stop("no session");
	u->session = s;
	if (romeo.session && juliet.session)
		post(home_here()->loop, measure_all, NULL);
}

static const struct session_stream nowhere = { send, end, settled, facts, is_slow, bound };

/* --- on the loop --- */

static void say(struct user *u, const struct xml *stanza)
{
	struct arena *a = arena_new();
	session_receive(u->session, a, xml_clone(a, stanza), BYTES);
}

static void turns(const struct xml *stanza)
{
	for (int i = 0; i < TURNS; i += TOGETHER) {
		for (int k = 0; k < TOGETHER; k++)
			say(&romeo, stanza);
		while (home_round(home_here()))
			continue;
	}
}

static void copies(const struct xml *stanza)
{
	for (int i = 0; i < TURNS; i++) {
		struct arena *a = arena_new();
		xml_clone(a, stanza);
		arena_free(a);
	}
}

static double best_of(void (*what)(const struct xml *), const struct xml *stanza)
{
	double best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		double from = cpu_ns();
		what(stanza);
		double ns = (cpu_ns() - from) / TURNS;
		best = ns < best ? ns : best;
	}
	return best;
}

static void measure(const char *what, const struct xml *stanza, const struct user *hears)
{
	char words[80];
	uint64_t before = hears->heard;
	double copy = best_of(copies, stanza), turn = best_of(turns, stanza);
	if (hears->heard - before != ROUNDS * TURNS)
		stop("not all of it arrived");
	figure(what, turn - copy, "ns");
	snprintf(words, sizeof words, "%s: the copy, taken off above", what);
	figure(words, copy, "ns");
}

static void measure_all(void *unused)
{
	say(&romeo, presence);
	say(&juliet, presence);
	while (home_round(home_here()))
		continue;
	measure("a ping to the host, one turn and its answer", ping, &romeo);
	measure("a message between sessions, two turns", message, &juliet);
	sem_post(&done);
}

static void bind_both(void *home)
{
	loop_on_round(((struct home *)home)->loop, home_round, home);
	session_bind(romeo.jid, "orchard", &nowhere, &romeo);
	session_bind(juliet.jid, "balcony", &nowhere, &juliet);
}

/* --- before it --- */

static void build(struct arena *a)
{
	presence = EL(a, NS_CLIENT, "presence");
	ping = EL(a, NS_CLIENT, "iq", ATTR(a, "type", "get"), ATTR(a, "id", "p1"), ATTR(a, "to", DOMAIN), EL(a, NS_PING, "ping"));
	message = EL(a, NS_CLIENT, "message", ATTR(a, "to", "juliet@" DOMAIN "/balcony"), ATTR(a, "type", "chat"), ATTR(a, "id", "m1"),
		EL(a, NS_CLIENT, "body", TEXT(a, "It is the east, and Juliet is the sun. Arise, fair sun, and kill the envious")));
}

static struct hosts *make_hosts(const char *folder)
{
	struct fail why = { "" };
	struct config_report report;
	char *path = mem_printf("%s/turn.conf", folder);
	FILE *f = fopen(path, "w");
	if (!f || fputs("limits { enabled = no }\ndomain \"" DOMAIN "\" { tls = off }\n", f) < 0 || fclose(f))
		stop("the folder can't be written");
	config_report_init(&report);
	struct config *config = config_load(path, 0, &report);
	struct hosts *hosts = config ? hosts_new(config, 1, &why) : NULL;
	if (!hosts)
		stop("the configuration is refused");
	unlink(path);
	mem_free(path);
	config_report_clear(&report);
	return hosts;
}

static void add_account(struct store *store, int id, const char *jid)
{
	static const char insert[] = "INSERT INTO account (id, jid, host, created) VALUES (?, ?, ?, 0)";
	struct value values[] = { V(id), V(jid), V(DOMAIN) };
	struct statement statement = { .sql = insert, .values = values, .count = 3 };
	struct store_job job = { .first = &statement };
	if (!store_run(store, &job))
		stop(job.why.text);
}

static struct store *make_store(const char *folder)
{
	struct fail why;
	size_t count;
	const struct migration *migrations = modules_migrations(&count);
	char *path = mem_printf("%s/turn.sqlite", folder);
	struct store_options o = { .path = path, .synchronous = "OFF" };
	struct store *store = store_open(&o, migrations, count, &why);
	if (!store)
		stop(why.text);
	add_account(store, 1, romeo.jid);
	add_account(store, 2, juliet.jid);
	mem_free(path);
	return store;
}

static void remove_folder(const char *folder)
{
	static const char *const names[] = { "turn.sqlite", "turn.sqlite-wal", "turn.sqlite-shm", "turn.sqlite.lock" };
	for (unsigned i = 0; i < 4; i++) {
		char *path = mem_printf("%s/%s", folder, names[i]);
		unlink(path);
		mem_free(path);
	}
	rmdir(folder);
}

int main(void)
{
	struct fail why;
	char folder[] = "/tmp/bench-turn-XXXXXX";
	ns_intern();
	modules_declare();
	if (!modules_wire(&why) || !mkdtemp(folder))
		stop("can't begin");
	struct hosts *hosts = make_hosts(folder);
	struct store *store = make_store(folder);
	build(arena_new());
	sem_init(&done, 0, 0);
	homes_start(1, (const unsigned char *)"0123456789abcdef", store, hosts);
	loop_start(home_number(0)->loop, bind_both, home_number(0));
	while (sem_wait(&done))
		continue;
	loop_stop(home_number(0)->loop);
	loop_join(home_number(0)->loop);
	store_close(store);
	remove_folder(folder);
	return 0;
}

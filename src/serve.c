/*
 * The order of a start matters (docs/architecture.md): a helper that may start
 * programs is forked, if one is needed; the data folder is locked and ports are opened while we may still be root; then
 * privileges go, and the sandbox closes; certificates are read by the very code
 * that a reload uses; then the database is opened, and threads come last.
 *
 * The main thread then only waits for signals: TERM and INT stop, HUP reloads.
 */
#include "serve.h"
#include "certificate_watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/audit.h"
#include "core/clear_sweep.h"
#include "core/config.h"
#include "core/config_diff.h"
#include "core/control.h"
#include "core/home.h"
#include "core/log_levels.h"
#include "core/module.h"
#include "core/pool.h"
#include "core/server.h"
#include "core/signal.h"
#include "modules/xmpp_logger.h"
#include "core/source.h"
#include "helper.h"
#include "net/loop.h"
#include "privileges.h"
#include "sandbox.h"
#include "source_watch.h"
#include "store/store.h"
#include "streams/c2s.h"
#include "streams/component.h"
#include "streams/sasl_library.h"
#include "streams/guest.h"
#include "streams/kept.h"
#include "streams/listen.h"
#include "supervisor.h"
#include "xmpp/ns.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STOP_WITHIN = 10000, STOP_LOOK = 20 };

struct server server;

static struct config *config;        /* the snapshot in force: the main thread's, or of a reload's worker, which holds `reloading` */
static unsigned generation;
static struct store *store;
static char *database;

/* --- telling --- */

static void print_notes(const struct config_report *r)
{
	for (int i = 0; i < r->error_count && i < CONFIG_NOTES; i++)
		fprintf(stderr, "%s\n", config_note_text(r->arena, &r->errors[i]));
	for (int i = 0; i < r->warning_count && i < CONFIG_NOTES; i++)
		log_major("CONFIG", "%s", config_note_text(r->arena, &r->warnings[i]));
}

/* --- settings --- */

static bool open_log(const struct config *c, struct fail *why)
{
	const struct config_scope *g = config_global(c);
	log_levels_take(c);
	return log_open(config_text(g, "log.output"), (enum log_format)config_enum(g, "log.format"), why);
}

/*
 * One core is left to what loops wait for: the kernel's network, commits, keys of passwords. A loop for each core makes a
 * message dearer, by hand-overs to a loop that sleeps, and slower, by loops that wait for a core: docs/profile.md.
 */
static unsigned loops_wanted(const struct config *c)
{
	int64_t n = config_int(config_global(c), "threads");
	if (!n)
		n = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	return n > HOMES_LIMIT ? HOMES_LIMIT : n < 1 ? 1 : (unsigned)n;
}

static struct config *load(const char *path)
{
	struct config_report report;
	config_report_init(&report);
	struct config *c = config_load(path, 0, &report);
	print_notes(&report);
	config_report_clear(&report);
	return c;
}

/* --- reload --- */

static pthread_mutex_t reloading = PTHREAD_MUTEX_INITIALIZER;        /* guards config and generation: HUP and a command may come together */

/* What of the new configuration has no effect before a restart; NULL: nothing. */
static const char *what_waits(struct arena *a, struct config *fresh, const char *words)
{
	for (const struct config_change *c = config_diff(a, config, fresh); c; c = c->next)
		if (c->reload == RELOAD_RESTART)
			words = arena_printf(a, "%s%s%s", words ? words : "", words ? ", " : "", c->entry ? c->entry->path : c->scope);
	return words ? arena_printf(a, "needs a restart: %s", words) : NULL;
}

static bool take(struct arena *a, struct config *fresh, const char **words)
{
	struct fail why;
	const char *unopened;
	struct traffic_plan *traffic = NULL;
	if ((*words = sandbox_lacks(a, fresh)) || (*words = helper_lacks(a, fresh)))
		return false;
	struct hosts *hosts = hosts_new(fresh, generation + 1, &why);
	if (!hosts || !sources_look(hosts->sources, &why) || !xmpp_logger_prepare(fresh, &traffic, &why)
	    || !listen_prepare(hosts->entrances, a, &unopened, &why)) {
		*words = arena_string(a, why.text);
		xmpp_logger_forget(traffic);
		hosts_drop(hosts);
		return false;
	}
	generation++;
	log_levels_take(fresh);
	*words = what_waits(a, fresh, unopened);
	homes_take_hosts(hosts);
	clear_sweep(store, hosts);
	xmpp_logger_follow(traffic);
	listen_follow(hosts->entrances);
	certificate_watch_follow(hosts);
	source_watch_follow(hosts);
	hosts_drop(hosts);
	config_drop(config);
	config = config_share(fresh);
	return true;
}

/* Their files have changed: the configuration in force is read anew as far as they go, and not the file that somebody may be editing. */
static void reload_certificates(void)
{
	struct fail why;
	pthread_mutex_lock(&reloading);
	struct hosts *hosts = hosts_new(config, generation + 1, &why);
	if (hosts) {
		generation++;
		homes_take_hosts(hosts);
		certificate_watch_follow(hosts);
		source_watch_follow(hosts);
		log_major("TLS", "certificates are read anew, because a file of theirs changed");
	} else {
		log_major("TLS", "a certificate's file changed and can't be used, so the old ones stay: %s", why.text);
	}
	hosts_drop(hosts);
	pthread_mutex_unlock(&reloading);
}

static bool reload(struct arena *a, const char **words)
{
	struct config_report report;
	pthread_mutex_lock(&reloading);
	*words = NULL;
	config_report_init(&report);
	struct config *fresh = config_load(server.config_path, 0, &report);
	bool ok = fresh && take(a, fresh, words);
	if (!fresh)
		*words = config_report_errors(a, &report);
	config_drop(fresh);
	config_report_clear(&report);
	pthread_mutex_unlock(&reloading);
	if (ok)
		log_major("CONFIG", "reloaded%s%s", *words ? "; " : "", *words ? *words : "");
	else
		log_major("CONFIG", "not reloaded, nothing changed: %s", *words);
	return ok;
}

/* Certificates are read too: a reload that would fail on them says so now. Only ports are not tried. */
static struct config *preview(struct arena *a, struct config_change **changes, const char **words)
{
	struct config_report report;
	struct fail why = { "" };
	pthread_mutex_lock(&reloading);
	config_report_init(&report);
	struct config *fresh = config_load(server.config_path, 0, &report);
	struct hosts *hosts = fresh ? hosts_new(fresh, 0, &why) : NULL;
	*words = fresh ? arena_string(a, why.text) : config_report_errors(a, &report);
	if (hosts)
		*changes = config_diff(a, config, fresh);
	config_drop(hosts ? NULL : fresh);
	hosts_drop(hosts);
	config_report_clear(&report);
	pthread_mutex_unlock(&reloading);
	return hosts ? fresh : NULL;
}

static void reopen_traffic(void)
{
	pthread_mutex_lock(&reloading);
	xmpp_logger_reopen();
	pthread_mutex_unlock(&reloading);
}

static void reload_by_signal(void)
{
	struct arena *a = arena_new();
	const char *words;
	log_reopen(NULL);
	reopen_traffic();
	supervisor_tell(arena_printf(a, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_now() * 1000));
	reload(a, &words);
	supervisor_tell("READY=1");
	arena_free(a);
}

/* --- the store --- */

static void broken(const char *why)
{
	log_failure("STORE", "the disk did not keep what was written: %s. Stopping; the restart recovers what was acknowledged", why);
	log_flush();                         /* the loops go on logging while we leave */
	_exit(1);
}

static bool run_sql(const char *sql, const struct value *values, unsigned count, struct arena *a, struct store_job *job)
{
	struct statement *s = ARENA_NEW(a, struct statement);
	s->sql = sql;
	s->values = mem_copy(values, count * sizeof *values);
	s->count = count;
	*job = (struct store_job){ .first = s, .is_read = sql[0] == 'S', .arena = a };
	bool ok = store_run(store, job);
	mem_free(s->values);
	return ok;
}

/* The secret by which addresses find their homes: made once. */
static bool home_secret(unsigned char secret[16], struct fail *why)
{
	static const char get[] = "SELECT value FROM secret WHERE name = 'home'", put[] = "INSERT INTO secret (name, value) VALUES ('home', ?1)";
	struct arena *a = arena_new();
	struct store_job job;
	size_t size = 0;
	bool ok = run_sql(get, NULL, 0, a, &job);
	const struct row *row = ok ? job.results[0]->first : NULL;
	const void *kept = row ? row_blob(row, 0, &size) : NULL;
	if (kept && size == 16) {
		memcpy(secret, kept, 16);
	} else if (ok) {
		random_fill(secret, 16);
		struct value v = value_blob(secret, 16);
		ok = run_sql(put, &v, 1, a, &job);
	}
	if (!ok)
		fail(why, "the database can't be used: %s", job.why.text);
	arena_free(a);
	return ok;
}

static bool make_folder(const char *folder, struct fail *why)
{
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return fail_errno(why, "can't make the data folder %s", folder);
	return true;
}

/* A server built for tests can be told to trust its disk: a power cut must then be seen to lose something. */
static const char *synchronous(void)
{
#ifdef TEST_HOOKS
	const char *wish = getenv("JACKDAW_SYNCHRONOUS");
	return wish ? wish : "FULL";
#else
	return "FULL";
#endif
}

/* One built for tests prints and parses signals again, as a cluster would: every JACKDAW_PRINT_SIGNALS-th. */
static void take_test_wishes(void)
{
#ifdef TEST_HOOKS
	const char *every = getenv("JACKDAW_PRINT_SIGNALS");
	signal_print_every = every ? (unsigned)strtoul(every, NULL, 10) : 0;
#endif
}

static bool open_store(int lock, struct fail *why)
{
	size_t count;
	const struct migration *migrations = modules_migrations(&count);
	struct store_options o = {
		.path = database, .readers = (unsigned)config_int(config_global(config), "store.readers"),
		.synchronous = synchronous(), .broken = broken, .lock = lock,
	};
	store = store_open(&o, migrations, count, why);
	return store != NULL;
}

/* --- loops --- */

/* One built for tests may be told to hold a loop: JACKDAW_HOLD="loop second milliseconds". */
static void hold_for_a_test(const struct home *home)
{
#ifdef TEST_HOOKS
	static _Thread_local unsigned seconds;
	unsigned loop, second, ms;
	const char *wish = getenv("JACKDAW_HOLD");
	if (wish && sscanf(wish, "%u %u %u", &loop, &second, &ms) == 3 && home->number == loop && ++seconds == second)
		usleep(ms * 1000);
#endif
}

static void each_second(void *thing)
{
	struct home *home = thing;
	hold_for_a_test(home);
	supervisor_turned(home->number);
	home_second(home);
	c2s_second();
	component_second();
}

#ifdef TEST_HOOKS
/* A pool's loops can be told to stand still: those of JACKDAW_BLOCKED_POOL, while the file JACKDAW_BLOCK_WHILE exists. */
static bool stand_still(void *thing)
{
	struct home *home = thing;
	const char *name = getenv("JACKDAW_BLOCKED_POOL"), *file = getenv("JACKDAW_BLOCK_WHILE");
	if (!name || !file || strcmp(pool_of_loop(home->number)->name, name) != 0)
		return false;
	for (int i = 0; i < 3000 && access(file, F_OK) == 0; i++)
		usleep(10000);
	return false;
}
#endif

static void first_on_loop(void *thing)
{
	struct home *home = thing;
	clock_key_loop(home->number);
	loop_on_round(home->loop, home_round, home);
#ifdef TEST_HOOKS
	loop_on_round(home->loop, stand_still, home);
#endif
	loop_on_second(home->loop, each_second, home);
	kept_restore();
	listen_start(home->number);
	if (home->number == 0) {
		control_start();
		certificate_watch_start(reload_certificates);
	}
}

/* As ps and top show them: "loop 0", "web 0". */
static void name_loop(unsigned number)
{
	char name[16];
	const struct pool *pool = pool_of_loop(number);
	snprintf(name, sizeof name, "%.9s %u", *pool->name ? pool->name : "loop", number - pool->first);
	loop_name(home_number(number)->loop, name);
}

static bool start(struct fail *why)
{
	unsigned char secret[16];
	if (!modules_wire(why) || !make_folder(config_data_dir(config), why) || !privileges_prepare(config, why)
	    || !pools_read(config, loops_wanted(config), why) || !helper_start(config, why))
		return false;
	int lock = store_lock(database, why);
	if (lock < 0 || !listen_open(config, why) || !privileges_drop(why))
		return false;
	sasl_library_start(config_text(config_global(config), "auth.gssapi.keytab"));
	if (!sandbox_enter(config, why))
		return false;
#ifdef TEST_HOOKS
	sandbox_try();
#endif
	struct hosts *hosts = hosts_new(config, ++generation, why);
	if (!hosts)
		return false;
	if (!open_store(lock, why) || !home_secret(secret, why)) {
		hosts_drop(hosts);
		return false;
	}
	int64_t workers = config_int(config_global(config), "pool_threads");
	loop_workers(workers ? (unsigned)workers : (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
	take_test_wishes();
	homes_start(pools_loops(), pool_number(0)->count, secret, store, hosts);
	clear_sweep(store, hosts);
	certificate_watch_follow(hosts);
	source_watch_follow(hosts);
	hosts_drop(hosts);
	struct traffic_plan *traffic;
	if (!kept_read(why) || !control_open(config, why) || !xmpp_logger_prepare(config, &traffic, why))
		return false;
	xmpp_logger_follow(traffic);
	struct arena *a = arena_new();
	audit_begin(audit_path(a, config));
	arena_free(a);
	guest_table_open();
	log_start();
	for (unsigned i = 0; i < homes_count(); i++) {
		name_loop(i);
		loop_start(home_number(i)->loop, first_on_loop, home_number(i));
	}
	return true;
}

/* --- the end --- */

static atomic_uint quiet_loops;

struct leaving {
	struct timer timer;
	struct home *home;
	msec         until;
	bool         is_quiet;
};

/* A loop may end when no stream is left anywhere and nothing waits for a commit; or when it takes too long. */
static void look_whether_quiet(struct timer *timer)
{
	struct leaving *l = CONTAINER(timer, struct leaving, timer);
	c2s_stop_all();                              /* again: one may just have come from another loop */
	component_stop_all();
	bool quiet = !c2s_count() && !component_count() && home_is_quiet(l->home) && !loop_is_working() && !store_waiting(store);
	if (quiet != l->is_quiet) {
		l->is_quiet = quiet;
		if (quiet)
			atomic_fetch_add(&quiet_loops, 1);
		else
			atomic_fetch_sub(&quiet_loops, 1);
	}
	if (atomic_load(&quiet_loops) == homes_count() || clock_now() >= l->until) {
		loop_stop(l->home->loop);
		mem_free(l);
		return;
	}
	timer_start(timer, STOP_LOOK, look_whether_quiet);
}

static void leave_loop(void *thing)
{
	struct leaving *l = NEW(struct leaving);
	l->home = thing;
	l->until = clock_now() + STOP_WITHIN;
	listen_stop(l->home->number);
	if (l->home->number == 0) {
		control_stop();
		certificate_watch_stop();
		source_watch_stop();
	}
	timer_start(&l->timer, STOP_LOOK, look_whether_quiet);
}

static void keep_sessions(void)
{
	struct fail why;
	if (!kept_write(&why))
		log_problem("SERVER", "sessions that hibernate could not be kept: %s", why.text);
}

static void stop_all(void)
{
	log_major("SERVER", "stopping");
	supervisor_tell("STOPPING=1");
	homes_stop();
	sources_quit();
	for (unsigned i = 0; i < homes_count(); i++)
		post(home_number(i)->loop, leave_loop, home_number(i));
	for (unsigned i = 0; i < homes_count(); i++)
		loop_join(home_number(i)->loop);
	sources_stop();
	loop_workers_stop();                         /* before exit takes away what they use */
	keep_sessions();
	store_close(store);
	xmpp_logger_stop();
	config_drop(config);
	log_major("SERVER", "stopped");
	log_close();
}

static atomic_int exit_status;

static void ask_to_stop(void)
{
	kill(getpid(), SIGTERM);
}

static void ask_to_restart(void)
{
	atomic_store(&exit_status, SERVER_RESTART);
	ask_to_stop();
}

static void wait_for_signals(const sigset_t *signals)
{
	const struct timespec patience = { supervisor_watch() / 1000, supervisor_watch() % 1000 * 1000000 };
	for (;;) {
		int signal = sigtimedwait(signals, NULL, &patience);
		supervisor_look();
		if (signal == SIGHUP)
			reload_by_signal();
		else if (signal > 0)
			return;
	}
}

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int serve(const char *config_path)
{
	sigset_t signals;
	struct fail why = { "" };
	block_signals(&signals);
	mallopt(M_ARENA_MAX, 2);
	privileges_raise_descriptors();
	supervisor_open();
	ns_intern();
	modules_declare();
	server = (struct server){ config_path, clock_wall(), reload, preview, ask_to_stop, ask_to_restart };
	config = load(config_path);
	if (!config)
		return 1;
	struct arena *a = arena_new();
	database = mem_string(config_database(a, config));
	arena_free(a);
	if (!open_log(config, &why) || !start(&why)) {
		log_failure("SERVER", "can't start: %s", why.text);
		log_close();
		return 1;
	}
	log_major("SERVER", "ready: version %s, %u loops", SERVER_VERSION, homes_count());
	fprintf(stderr, "ready\n");
	supervisor_tell("READY=1");
	wait_for_signals(&signals);
	stop_all();
	mem_free(database);
	return atomic_load(&exit_status);
}

/*
 * The homes of this process, and what each does in a round.
 *
 * The array is made before the loops start and never changes; a home is
 * touched by its own loop alone.
 */
#include "core/home.h"
#include "base/block.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/call.h"
#include "core/link.h"
#include "core/session.h"
#include "core/tap.h"
#include "core/turn_out.h"
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TROUBLE_LASTS = 5000, SHED = 100 };       /* ms; sessions in a second */

static struct home *homes[HOMES_LIMIT];
static unsigned count, living;
static uint64_t secret[2];
static struct store *store;

struct home *home_number(unsigned n)
{
	return homes[n];
}

unsigned homes_count(void)
{
	return count;
}

struct store *home_store(void)
{
	return store;
}

struct home *home_here(void)
{
	struct loop *loop = loop_here();
	return loop ? homes[loop_number(loop)] : NULL;
}

struct home *home_of(const char *bare)
{
	if (living == 1)
		return homes[0];
	size_t size = strlen(bare);
	uint64_t shard = (hash_bytes(secret[0], bare, size) ^ hash_bytes(secret[1], bare, size)) % SHARDS;
	return homes[shard * living / SHARDS];
}

uint64_t home_mark(const char *text)
{
	size_t size = strlen(text);
	return hash_bytes(secret[1], text, size) + hash_bytes(~secret[0], text, size);
}

static struct home *home_new(unsigned number, struct hosts *hosts)
{
	struct home *home = NEW(struct home);
	home->number = number;
	home->loop = loop_new(number);
	home->hosts = hosts_share(hosts);
	list_init(&home->ready);
	list_init(&home->jobs);
	list_init(&home->quiet);
	list_init(&home->wanting);
	return home;
}

void homes_start(unsigned n, unsigned with_accounts, const unsigned char key[16], struct store *s, struct hosts *hosts)
{
	ASSERT(with_accounts >= 1 && with_accounts <= n && n <= HOMES_LIMIT);
	living = with_accounts;
	memcpy(secret, key, sizeof secret);
	store = s;
	for (count = 0; count < n; count++)
		homes[count] = home_new(count, hosts);
}

/* Every entity that may run gets a bounded number of turns; then all store jobs of the round leave at once. */
bool home_round(void *thing)
{
	struct home *home = thing;
	struct list now;
	list_init(&now);
	if (!list_is_empty(&home->ready)) {
		now = home->ready;
		now.next->prev = now.prev->next = &now;
		list_init(&home->ready);
	}
	for (struct list *link; (link = list_first(&now));) {
		list_remove(link);
		turns_run(CONTAINER(link, struct account, mailbox.ready), home->hosts->limits.turns_per_round);
	}
	if (!list_is_empty(&home->jobs))
		store_submit_many(store, &home->jobs);
	return !list_is_empty(&home->ready);
}

static void notice_slow_store(struct home *home)
{
	msec since = store_waiting_since(store), limit = home->hosts->limits.slow_store;
	bool slow = since && limit && clock_now() - since > limit;
	if (slow != home->is_degraded && home->number == 0)
		log_major("STORE", slow ? "nothing was committed for %lld s: degraded, new logins are refused" : "commits again after %lld s: no longer degraded",
			(long long)limit / 1000);
	home->is_degraded = slow;
}

/* The same disk fails for every home: the first says so, and one says that it is over. */
static atomic_bool writes_fail;
static atomic_llong write_failed_at;

void home_write_failed(struct home *home, const char *why)
{
	home->trouble_at = clock_now();
	snprintf(home->trouble, sizeof home->trouble, "%s", why);
	atomic_store(&write_failed_at, home->trouble_at);
	if (!atomic_exchange(&writes_fail, true))
		log_major("STORE", "a write failed: %s. Messages are tried again for some time, changes are refused", why);
}

static void notice_good_store(struct home *home)
{
	msec now = clock_now();
	if (home->trouble_at && now - home->trouble_at > TROUBLE_LASTS)
		home->trouble_at = 0;
	if (home->number == 0 && now - atomic_load(&write_failed_at) > TROUBLE_LASTS && atomic_exchange(&writes_fail, false))
		log_major("STORE", "no write has failed for %d s", TROUBLE_LASTS / 1000);
}

/* Resident bytes of this process. */
static size_t memory_held(void)
{
	unsigned long all = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f && fscanf(f, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void give_memory_back(void *home)                         /* on a worker */
{
	blocks_release();
	malloc_trim(0);
}

static void given(void *home)
{
}

/* Over the limit nobody is read (design: memory is bounded at the doors); what malloc keeps goes back to the system. */
static void watch_memory(struct home *home)
{
	size_t held = memory_held(), limit = home->hosts->limits.memory;
	bool over = limit && held > limit;
	if (over != home->is_over_memory && home->number == 0)
		log_major("SERVER", over ? "%zu MiB of memory: over the limit, streams are not read" : "%zu MiB of memory: streams are read again", held >> 20);
	if (over && home->number == 0)
		limit_reached(LIMIT_MEMORY);
	home->is_over_memory = over;
	if (home->number == 0 && (over || ++home->seconds % 30 == 0))
		loop_work(give_memory_back, given, home);
}

static bool shed_account(struct hash_node *n, void *with)
{
	unsigned *left = with;
	EACH_SESSION(CONTAINER(n, struct account, by_jid), s) {
		if (!*left || !s->stream || !s->stream->hibernates)
			continue;
		session_end(s, STREAM_RESOURCE_CONSTRAINT, "the server is short of memory");
		--*left;
	}
	return *left;
}

/* What sessions hold that hibernate needs no memory: it can wait on disk. */
static void shed(struct home *home)
{
	unsigned left = SHED;
	if (home->is_over_memory && home->counts.sessions_hibernating)
		hash_each(&home->accounts, shed_account, &left);
}

void home_second(void *thing)
{
	struct home *home = thing;
	watch_memory(home);
	shed(home);
	notice_slow_store(home);
	notice_good_store(home);
	accounts_sweep(home);
	calls_sweep(home);
	if (home->number == 0)
		taps_second(home);
	links_sweep(home);
	blocks_pass_on();
}

/* --- a reload --- */

struct handing_over {
	struct home  *home;
	struct hosts *hosts;
};

static void take_hosts(void *thing)
{
	struct handing_over *h = thing;
	struct hosts *old = h->home->hosts;
	h->home->hosts = h->hosts;
	accounts_take_hosts(h->home);
	links_take_hosts(h->home);
	hosts_drop(old);
	mem_free(h);
}

void homes_take_hosts(struct hosts *hosts)
{
	for (unsigned i = 0; i < count; i++) {
		struct handing_over *h = NEW(struct handing_over);
		*h = (struct handing_over){ homes[i], hosts_share(hosts) };
		post(homes[i]->loop, take_hosts, h);
	}
}

/* --- the end --- */

static bool end_sessions(struct hash_node *n, void *with)
{
	EACH_SESSION(CONTAINER(n, struct account, by_jid), s)
		session_end(s, STREAM_SYSTEM_SHUTDOWN, NULL);
	return true;
}

static void stop(void *thing)
{
	struct home *home = thing;
	home->is_stopping = true;
	hash_each(&home->accounts, end_sessions, NULL);
	links_stop(home);
}

static bool has_settled(struct hash_node *n, void *with)
{
	bool *all = with;
	EACH_SESSION(CONTAINER(n, struct account, by_jid), s)
		*all &= s->settled == s->received;
	return *all;
}

bool home_is_quiet(struct home *home)
{
	bool all = home->counts.sessions == home->counts.sessions_hibernating && list_is_empty(&home->ready);
	if (all && home->counts.sessions)
		hash_each(&home->accounts, has_settled, &all);
	return all;
}

void homes_stop(void)
{
	for (unsigned i = 0; i < count; i++)
		post(homes[i]->loop, stop, homes[i]);
}

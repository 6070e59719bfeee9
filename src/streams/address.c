/*
 * A table by address, kept while there are connections or debts.
 *
 * Wrong logins are counted when they are known to be wrong, so they may go into
 * debt; what can be asked before is taken only when it is there.
 */
#include "streams/address.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/meter.h"
#include "core/host.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600, REMEMBERED = 4096 };

struct address {
	struct hash_node by_name;
	char         name[48];
	unsigned     connections;
	struct meter wrong, registrations, connects;
};

/* Guards the table and what is in it. Held for a look-up, once or twice in a connection's life; nothing else is taken while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hash addresses;

static void name_of(const struct sockaddr_storage *peer, char name[48])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
	const struct sockaddr_in *four = (const struct sockaddr_in *)peer;
	const unsigned char *b = six->sin6_addr.s6_addr;
	if (peer->ss_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, name, 48);
	else if (peer->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, b + 12, name, 48);
	else if (peer->ss_family == AF_INET6)
		snprintf(name, 48, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
	else
		snprintf(name, 48, "unix");
}

static bool is_limited(void)
{
	return hosts_here()->limits.enabled;
}

static bool owes_nothing(struct meter *m, msec now)
{
	meter_take(m, 0, now);
	return m->level == m->burst;
}

/* Takes the units if they are there: no debt, so that who asks too often isn't kept out for ever. */
static bool take(struct meter *m, int64_t units)
{
	meter_take(m, 0, clock_now());
	if (!is_limited() || !m->per_second)
		return true;
	if (m->level < units)
		return false;
	m->level -= units;
	return true;
}

/* What owes nothing needs no memory. */
static void forget_if_idle(struct address *a)
{
	msec now = clock_now();
	if (a->connections || !owes_nothing(&a->wrong, now) || !owes_nothing(&a->registrations, now) || !owes_nothing(&a->connects, now))
		return;
	hash_remove(&addresses, &a->by_name);
	mem_free(a);
}

static bool sweep(struct hash_node *n, void *with)
{
	forget_if_idle(CONTAINER(n, struct address, by_name));
	return true;
}

/* Units are parts of a minute or an hour, so that "so many in an hour" is a whole rate. One that changes keeps what is owed. */
static void take_limit(struct meter *m, unsigned most, int64_t span)
{
	int64_t owed = m->burst - m->level;
	if (m->per_second == most && m->burst)
		return;
	meter_init(m, most, most * span, clock_now());
	m->level -= most ? owed : 0;
}

static void take_limits(struct address *a, const struct core_limits *l)
{
	take_limit(&a->wrong, l->wrong_logins, MINUTE);
	take_limit(&a->connects, l->connects, MINUTE);
}

static struct address *address_new(const char *name)
{
	struct address *a = NEW(struct address);
	if (addresses.count >= REMEMBERED)
		hash_each(&addresses, sweep, NULL);
	snprintf(a->name, sizeof a->name, "%s", name);
	hash_put(&addresses, &a->by_name, a->name);
	return a;
}

static bool may_enter(struct address *a, const struct core_limits *l, enum limit *limit)
{
	take_limits(a, l);
	*limit = LIMIT_CONNECTIONS_PER_ADDRESS;
	if (is_limited() && l->per_address && a->connections >= l->per_address)
		return false;
	*limit = LIMIT_CONNECTS;
	return take(&a->connects, MINUTE);
}

struct address *address_enter(const struct sockaddr_storage *peer, const struct core_limits *limits, enum limit *limit)
{
	char name[48];
	name_of(peer, name);
	pthread_mutex_lock(&lock);
	struct hash_node *n = hash_find(&addresses, name);
	struct address *a = n ? CONTAINER(n, struct address, by_name) : address_new(name);
	if (may_enter(a, limits, limit))
		a->connections++;
	else
		a = NULL;
	pthread_mutex_unlock(&lock);
	return a;
}

void address_leave(struct address *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&lock);
	a->connections--;
	forget_if_idle(a);
	pthread_mutex_unlock(&lock);
}

bool address_may_login(struct address *a)
{
	pthread_mutex_lock(&lock);
	bool may = !is_limited() || !meter_take(&a->wrong, 0, clock_now());
	pthread_mutex_unlock(&lock);
	return may;
}

void address_wrong_login(struct address *a)
{
	pthread_mutex_lock(&lock);
	meter_take(&a->wrong, MINUTE, clock_now());
	pthread_mutex_unlock(&lock);
}

bool address_may_register(struct address *a, unsigned most)
{
	pthread_mutex_lock(&lock);
	take_limit(&a->registrations, most, HOUR);
	bool may = take(&a->registrations, HOUR);
	pthread_mutex_unlock(&lock);
	return may;
}

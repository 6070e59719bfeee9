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
#include "core/home.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600, REMEMBERED = 4096 };

struct address {
	struct hash_node by_name;
	char         name[48];
	unsigned     connections;
	struct meter wrong, registrations, connects;
};

static struct hash tables[HOMES_LIMIT];          /* one for each loop, touched by that loop alone */

static struct hash *addresses(void)
{
	return &tables[home_here()->number];
}

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

static const struct core_limits *limits(void)
{
	return &hosts_here()->limits;
}

static unsigned share(unsigned limit)
{
	return (limit + homes_count() - 1) / homes_count();
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
	if (!limits()->enabled || !m->per_second)
		return true;
	if (m->level < units)
		return false;
	m->level -= units;
	return true;
}

/* What owes nothing needs no memory. */
static bool is_idle(struct address *a, msec now)
{
	return !a->connections && owes_nothing(&a->wrong, now) && owes_nothing(&a->registrations, now) && owes_nothing(&a->connects, now);
}

static bool sweep(struct hash_node *n, void *with)
{
	struct address *a = CONTAINER(n, struct address, by_name);
	if (is_idle(a, clock_now())) {
		hash_remove(addresses(), n);
		mem_free(a);
	}
	return true;
}

static struct address *address_new(const char *name)
{
	struct address *a = NEW(struct address);
	msec now = clock_now();
	unsigned wrong = share(limits()->wrong_logins), registrations = share(limits()->registrations), connects = share(limits()->connects);
	if (addresses()->count >= REMEMBERED)
		hash_each(addresses(), sweep, NULL);
	snprintf(a->name, sizeof a->name, "%s", name);
	/* units of a minute or an hour, so that "so many in an hour" is a whole rate */
	meter_init(&a->wrong, wrong, (int64_t)wrong * MINUTE, now);
	meter_init(&a->registrations, registrations, (int64_t)registrations * HOUR, now);
	meter_init(&a->connects, connects, (int64_t)connects * MINUTE, now);
	hash_put(addresses(), &a->by_name, a->name);
	return a;
}

struct address *address_enter(const struct conn_facts *facts)
{
	char name[48];
	name_of(&facts->peer, name);
	struct hash_node *n = hash_find(addresses(), name);
	struct address *a = n ? CONTAINER(n, struct address, by_name) : address_new(name);
	if (limits()->enabled && limits()->per_address && a->connections >= share(limits()->per_address))
		return NULL;
	if (!take(&a->connects, MINUTE))
		return NULL;
	a->connections++;
	return a;
}

void address_leave(struct address *a)
{
	if (a && !--a->connections && is_idle(a, clock_now())) {
		hash_remove(addresses(), &a->by_name);
		mem_free(a);
	}
}

bool address_may_login(struct address *a)
{
	return !limits()->enabled || !a || !meter_take(&a->wrong, 0, clock_now());
}

void address_wrong_login(struct address *a)
{
	if (a)
		meter_take(&a->wrong, MINUTE, clock_now());
}

bool address_may_register(struct address *a)
{
	return !a || take(&a->registrations, HOUR);
}

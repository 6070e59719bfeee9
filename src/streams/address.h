/*
 * Address: what one IP address may do (XEP-0205).
 *
 * IPv6 is counted by its /64. It is counted once, whatever listener it comes
 * by; how much it may is what the listener of its newest connection says. One table for the whole process: connections of
 * an address come in on any loop, and a limit shared out among loops would
 * refuse some long before it is reached.
 */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>
#include "core/host.h"
#include "core/limit.h"

struct address;

/* NULL: the address has too many connections, or connects too often; `limit` says which. Given back with address_leave, on any loop. */
struct address *address_enter(const struct sockaddr_storage *, const struct core_limits *, enum limit *);
void address_leave(struct address *);                /* NULL is fine */
bool address_may_login(struct address *);            /* not too many wrong passwords lately */
void address_wrong_login(struct address *);
bool address_may_register(struct address *, unsigned most);  /* in an hour; counts it too */

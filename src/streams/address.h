/*
 * Address: what one IP address may do on this loop (XEP-0205).
 *
 * IPv6 is counted by its /64. Each loop counts by itself, so a limit is shared
 * out: its part for each loop is rounded up (docs/limits.md).
 */
#pragma once
#include <stdbool.h>
#include "net/conn.h"

struct address;

/* NULL: the address has too many connections. Given back with address_leave. */
struct address *address_enter(const struct conn_facts *);
void address_leave(struct address *);                /* NULL is fine */
bool address_may_login(struct address *);            /* not too many wrong passwords lately */
void address_wrong_login(struct address *);
bool address_may_register(struct address *);         /* counts it too */

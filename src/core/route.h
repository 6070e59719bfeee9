/*
 * Route: which way leads to a domain.
 *
 *	a domain of ours          → the account's home, or the host itself
 *	a component's             → its link: core/link.h
 *	another server's          → its link too, once servers are built: all that route_link will add
 *	anything else             → nowhere: remote-server-not-found
 *
 * What is asked here is what the configuration says, so every home knows it.
 * Who is there at the other end of a link, the link's home knows.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

/* The name of the link that leads to a domain which isn't ours; in the arena. NULL: none does. */
const char *route_link(struct arena *, const char *domain);
bool route_leads_to(const char *domain);     /* it is ours, or a link leads there */

/*
 * Session, inside: what its files know of it, and nobody else.
 */
#pragma once
#include "core/session.h"

struct flight {                      /* a message on its way to the client, whose row goes when it is there */
	struct flight *next;
	uint64_t    number;
	const char *sql;
	int64_t     key;
};
void flight_add(struct session *, uint64_t number, const char *sql, int64_t key);    /* the newest */

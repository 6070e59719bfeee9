/*
 * Session, inside: what its files know of it, and nobody else.
 */
#pragma once
#include "core/session.h"

struct delivery {                    /* a message on its way to several sessions of one account at once */
	unsigned holders;            /* sessions whose clients may yet have it */
	bool     is_taken;           /* one of them has it: the others need not be sent it once more when they end */
};

struct flight {                      /* a message on its way to the client, of which something is to be done when it is there */
	struct flight *next;
	uint64_t    number;
	const char *sql;             /* its row goes so; NULL: it has none */
	int64_t     key;
	struct delivery *delivery;   /* NULL: to this session alone */
};
void flight_add(struct session *, uint64_t number, const char *sql, int64_t key, struct delivery *);         /* the newest */

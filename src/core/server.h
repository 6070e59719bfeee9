/*
 * Server: what commands may ask of the process itself.
 *
 * Filled in by whoever runs it (src/serve.c); commands are its users.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"
#include "base/clock.h"

struct config;
struct config_change;

enum { SERVER_RESTART = 75 };        /* EX_TEMPFAIL: what packaging/jackdaw.service starts again */

struct server {
	const char *config_path;
	msec        started;                 /* wall clock */
	/* Reads the configuration again; false: nothing was changed. *words says what was wrong, or what waits for a restart (NULL:
	 * nothing). Blocks: on a worker only, one at a time. */
	bool      (*reload)(struct arena *, const char **words);
	/* What a reload would do now, in the arena, and the configuration it would take, which is the caller's to drop; NULL: it would
	 * refuse, and *words says why. Changes nothing. Blocks: on a worker only. */
	struct config *(*preview)(struct arena *, struct config_change **changes, const char **words);
	void      (*stop)(void);             /* begins the orderly stop */
	void      (*restart)(void);          /* the same, with SERVER_RESTART as exit status */
};

extern struct server server;

/*
 * Stream table: the connections that are there, whatever they speak and
 * however far they are.
 *
 * The streams know them; commands ask through here, one loop at a time, on
 * that loop.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"

enum stream_step { STEP_CONNECTED, STEP_NEGOTIATING, STEP_WAITING, STEP_BOUND, STEP_LEAVING, STEP_CLOSING, STREAM_STEPS };

struct stream_row {                  /* strings live as long as the call that is told of it */
	uint64_t    number;          /* of the tag; grows with the connections */
	char        kind;            /* of the tag */
	const char *peer, *gate;
	const char *host, *jid;      /* NULL: not known yet; the JID is full once it is bound */
	enum stream_step step;
	const char *doing;           /* what is under way, or why it isn't read; NULL: nothing */
	msec        since;           /* wall clock */
	const char *tls, *cipher, *mechanism;        /* NULL: none */
	bool        has_acks;
	uint64_t    stanzas_in, stanzas_out, bytes_in, bytes_out;
	uint64_t    queued, unsettled;       /* bytes */
};

typedef void stream_seen(void *with, const struct stream_row *);

/* Filled in by the streams, before loops start. */
struct stream_table {
	void (*each)(stream_seen *, void *with);             /* this loop's, in no order */
	bool (*end)(uint64_t number, const char *why);       /* one of this loop's; false: it isn't here */
};
extern struct stream_table stream_table;

const char *stream_step_name(enum stream_step);              /* "connected", … */
bool stream_step_named(const char *name, enum stream_step *);
uint64_t stream_number(const char *tag);                     /* of "XMPPS-000017", or "17"; 0: it is none */
uint64_t stream_number_next(void);                           /* a new connection's */
enum { STREAM_TAG = 32 };
void stream_tag(char tag[STREAM_TAG], char kind, uint64_t number);   /* 'I', 17: "XMPPI-000017" */

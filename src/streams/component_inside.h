/*
 * Inside: what the files of a component's stream know of each other, and nobody else.
 */
#pragma once
#include "base/meter.h"
#include "core/entrance.h"
#include "core/link.h"
#include "net/conn.h"
#include "streams/component.h"

enum component_state { COMPONENT_HANDSHAKE, COMPONENT_MOVING, COMPONENT_OPEN };

struct component_stream {
	struct carrier     carrier;
	struct debtor      debtor;
	enum component_state state;
	struct list        in_loop;
	struct conn       *conn;             /* NULL: it is gone, and so is the stream once nothing of it is unsettled */
	struct xml_parser *parser;
	struct gate       *gate;
	struct address    *address;
	struct arrival     arrival;
	char               id[20];
	char              *name, *secret;
	uint64_t           bytes_in, stanzas_in, stanzas_out;
	struct timer       timer;            /* until its handshake; then silence */
	struct timer       pause;            /* it went too fast */
	struct timer       overflow;
	struct meter       stanzas, bytes;
	msec               heard_at, asked_at, patience;     /* asked_at 0: it wasn't asked whether it is there */
	msec               pinged_at;        /* 0: no question is under way */
	char               ping[13];         /* its id */
	uint64_t           kept_before_ping;
	unsigned           events;           /* stanzas in a round; 0: no limit */
	bool               is_mute;          /* it doesn't answer questions: what the socket took counts as taken */
	bool               is_full, is_slowed, is_starved, is_overflowing;
	bool               is_inside, is_over;       /* in our input function: what is over is freed when it is left */
};

/* By the snapshot of this home; NULL: it may not serve its name any more. */
const struct component *component_terms(const struct component_stream *);
struct log_who component_who(const struct component_stream *);
#define component_log(c, level, ...) LOG_OF(level, component_who(c), __VA_ARGS__)
void component_error(struct component_stream *, enum stream_error, const char *text);
void component_finish(struct component_stream *, const char *why);
void component_free_if_settled(struct component_stream *);
void component_read_again(struct component_stream *);

void component_tell(const struct component_stream *, stream_seen *, void *with);     /* component_table.c */

/* component_stream.c: it is there. */
extern const struct carrier_kind component_carrier;
void component_settled(struct debtor *);
void component_watch(struct component_stream *);             /* its silence, from now on */
void component_check_doors(struct component_stream *);
void component_slow_down(struct component_stream *, size_t bytes);
void component_stanza(struct component_stream *, struct arena *, struct xml *, size_t bytes);        /* takes the arena */
void component_written(void *stream, uint64_t total);
void component_ask_for_receipts(struct component_stream *);

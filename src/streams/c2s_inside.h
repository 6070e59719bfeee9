/*
 * Inside: what the files of the client's stream know of each other, and nobody else.
 */
#pragma once
#include "core/entrance.h"
#include "core/tap.h"
#include "streams/c2s.h"

static inline const struct core_limits *limits(struct c2s *c)
{
	return &c2s_terms(c)->limits;
}

/* c2s.c */
void c2s_lose(struct c2s *, const char *why);        /* its connection ends without a word. The stream may be freed */
void c2s_finish(struct c2s *, const char *why);      /* what is written goes out, and the connection is closed behind it. The stream may be freed */

void c2s_show(const struct c2s *, enum tap_way, const struct xml *stanza);       /* to taps */

struct stream_row c2s_row(const struct c2s *, struct conn_facts *);  /* c2s_table.c */

/* c2s_element.c: an element at depth one. Takes the arena. */
void c2s_element(struct c2s *, struct arena *, struct xml *, size_t bytes);

/* c2s_session.c */
extern const struct session_stream c2s_transport;
void c2s_bound(struct c2s *);                        /* it has a session: reads on */
void c2s_watch_idleness(struct c2s *, msec after);
void c2s_check_doors(struct c2s *);                  /* too much is unsettled, or the memory is short: not read for now */
void c2s_slow_down(struct c2s *, size_t bytes);      /* a stanza of this size was read: a pause if that was too fast */
void c2s_read_again(struct c2s *);                   /* if nothing speaks against it */
void c2s_client_closes(struct c2s *);                /* its closing tag came: the last answers, then ours */
void c2s_begin_session(struct c2s *, struct session *);      /* the bind was granted: what follows is the session's */
void c2s_bind_refused(struct c2s *, const char *id, enum stanza_error);      /* may end the stream, and it with it */
void c2s_written(void *stream, uint64_t total);

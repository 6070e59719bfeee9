/*
 * Hibernation: what carries the session of a client that has lost its
 * connection and may resume (XEP-0198 §5).
 *
 *   its connection is lost → hibernate → what the client had sent settles → woken: another stream carries it
 *                                      ↘ time is over, too much is queued, or somebody ends it: session_ended
 *
 * To all others the session is what it was: it is available and receives. What
 * it is sent is kept among its acks, within their bounds.
 */
#pragma once
#include "core/session.h"
#include "core/stream_table.h"
#include "streams/acks.h"

struct last_stream {                 /* what is told of the one that was lost */
	char        tag[STREAM_TAG];
	const char *mechanism;       /* a static string */
};

/* Carries the session from now on. Takes the acks, which have an id. */
void hibernate(struct session *, struct acks *, const struct last_stream *);
bool hibernates(const struct session *);
struct acks *hibernation_acks(const struct session *);       /* NULL: it doesn't hibernate */

/* Over a restart: all but the session itself, as an element in NS_CALL, and back. False: it is none. */
struct xml *hibernation_save(const struct session *, struct arena *);
const struct untaken *hibernation_untaken(const struct xml *, struct arena *, uint64_t *first);      /* what its client may not have; NULL: it is none */
bool hibernation_restore(struct session *, const struct xml *);      /* as its first stream */

struct waker {
	/* All that the client had sent is settled. The acks are the waker's now, and it must give the session its stream before it returns. */
	void (*woken)(void *with, struct session *, struct acks *);
	/* It has ended, or somebody else wakes it. */
	void (*missed)(void *with);
};
/* At once or later, on this loop. One at a time: who comes later gets it. */
void hibernation_wake(struct session *, const struct waker *, void *with);
void hibernation_leave(struct account *, void *with);        /* this waker doesn't wait any more, if it did */

/* A session that could be resumed ends: its h, when it is certain, is remembered at this home for some time. */
void hibernation_remember(const struct session *, const char *id);
bool hibernation_remembers(const char *bare, const char *id, uint32_t *h);

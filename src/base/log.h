/*
 * Log: one line an event.
 *
 * A line is a level, a tag that says which part or stream it is (XMPPI-000017
 * before a stream is known, XMPPS-000017 for a client's, XMPPO-000017 for one
 * to another server, or the name of a part: STORE, CONFIG, …) and words; of a
 * stream also the JID and the peer, as far as they are known. Callable from
 * any thread; never blocks a loop on the disk. Secrets never come here.
 * What peers sent may stand in the words: control characters are escaped, so
 * one event is always one line.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/fail.h"
#include "base/list.h"

enum log_level { LOG_FAILURE, LOG_MAJOR, LOG_PROBLEM, LOG_LOW, LOG_ALL };
enum log_format { LOG_TEXT, LOG_JSON, LOG_JOURNAL };

void log_line(enum log_level, const char *tag, const char *format, ...) __attribute__((format(printf, 3, 4)));
extern atomic_int log_limit;                 /* what is more detailed than this is written for no tag */
#define LOG_AT(level, tag, ...) \
	((int)(level) <= atomic_load_explicit(&log_limit, memory_order_relaxed) ? log_line(level, tag, __VA_ARGS__) : (void)0)

/* The same of a stream: whom it concerns. `who` is evaluated only when a line of this level may be wanted. */
enum { LOG_TAG = 32, LOG_PEER = 64 };
struct log_who { char tag[LOG_TAG]; const char *jid; char peer[LOG_PEER]; };         /* jid NULL, peer "": not known */
bool log_wants(enum log_level, const struct log_who *);
void log_line_of(enum log_level, const struct log_who *, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define LOG_OF(level, who, ...) do { \
	if ((int)(level) <= atomic_load_explicit(&log_limit, memory_order_relaxed)) { \
		struct log_who log_who_ = (who); \
		if (log_wants(level, &log_who_)) \
			log_line_of(level, &log_who_, __VA_ARGS__); \
	} \
} while (0)

#define log_failure(tag, ...) LOG_AT(LOG_FAILURE, tag, __VA_ARGS__)   /* the server, or a part of it, cannot go on; waits until it is written */
#define log_major(tag, ...)   LOG_AT(LOG_MAJOR, tag, __VA_ARGS__)     /* start, stop, reload, degraded mode, logins refused */
#define log_problem(tag, ...) LOG_AT(LOG_PROBLEM, tag, __VA_ARGS__)   /* somebody should look at it some day */
#define log_low(tag, ...)     LOG_AT(LOG_LOW, tag, __VA_ARGS__)       /* streams and logins; what peers did wrong */
#define log_all(tag, ...)     LOG_AT(LOG_ALL, tag, __VA_ARGS__)       /* every stanza */

bool log_level_named(const char *name, enum log_level *);
const char *log_level_name(enum log_level);
bool log_format_named(const char *name, enum log_format *);

/* How detailed: for all tags, and apart from that for those that begin with a prefix (the longest counts), in any case. Live, from any
 * thread. The number of a stream may be written without its zeros: XMPPS-17. */
void log_set_limit(enum log_level);
bool log_set_tag_limit(const char *prefix, enum log_level);          /* false: there are too many already */
void log_forget_tag_limits(void);

/*
 * A follower sees lines of some streams or tags as they are made, however detailed the log itself is, and the log stays as it is.
 * What it doesn't fetch in time is dropped and counted.
 */
struct log_follower {
	enum log_level level;
	const char *tag;             /* a prefix as above, and a stream whatever it has become; each of these NULL: any */
	const char *jid;             /* a full one, a bare one with all its resources, or a domain */
	const char *address;         /* without a port: "192.0.2.1", "2001:db8::1" */
	enum log_format format;      /* text or JSON */
	/* The log's: */
	struct list link;
	struct buf  lines;
	uint64_t    dropped;
};
void log_follow(struct log_follower *);
void log_follow_fetch(struct log_follower *, struct buf *lines, uint64_t *dropped);  /* what has come; `lines` must be empty */
void log_unfollow(struct log_follower *);    /* and frees what it holds; the strings are the caller's */

/* "stderr", "journal" or a file's path. Before log_open, lines go to stderr directly. */
bool log_open(const char *output, enum log_format, struct fail *why);
/* Its file, opened by root, becomes that user's, who will have to open it again. */
bool log_give(unsigned user, unsigned group, struct fail *why);
void log_start(void);                        /* starts the thread that writes: from here no caller waits for the disk */
bool log_reopen(struct fail *why);           /* the file was rotated */
void log_flush(void);                        /* waits until what is queued is written, two seconds at most */
void log_close(void);                        /* writes what is queued, ends the thread; lines go to stderr again */

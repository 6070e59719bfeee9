/*
 * Inside: what the files of this room know of a loop, and nobody else.
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>
#include "net/loop.h"
#include "net/wheel.h"

enum {
	LOOP_MAGIC = 0x100b100b,
	LOOP_LIMIT = 256,                    /* loops a process may have: a key has eight bits for them */
	LOOP_HOOKS = 8,
	WIRE_SIZE  = 64 * 1024,              /* read from one connection in one round, at most */
	PLAIN_SIZE = 96 * 1024,              /* what that may hold when opened, with a record begun earlier */
	SEALED_SIZE = 96 * 1024,
};

struct letter {
	void (*fn)(void *);
	void *thing;
};

struct letters {                             /* grows, is emptied, and keeps its array */
	struct letter *all;
	size_t count, size;
};

struct outbox {                              /* what this round has for one other loop */
	struct loop   *to;
	struct letters letters;
};

struct loop {
	unsigned  magic, number;
	uv_loop_t uv;
	uv_async_t wake;
	uv_timer_t alarm;                    /* rings when the wheel is due */
	msec      alarm_at;                  /* -1: it isn't set */
	pthread_t thread;
	bool      has_thread, has_ticked, has_more;
	atomic_bool stopping;
	atomic_bool is_asleep;               /* waits for events, or is about to: whoever fills the inbox has to wake it */
	void    (*first)(void *);
	void     *first_with;

	/* Guards `inbox` and nothing else; no other lock is taken and nothing is called while it is held. */
	pthread_mutex_t inbox_lock;
	struct letters inbox;
	struct letters reading;              /* swapped with the inbox, then read without the lock */
	struct outbox *out;                  /* LOOP_LIMIT of them */
	unsigned char  touched[LOOP_LIMIT];  /* numbers of the outboxes that hold something */
	unsigned       touched_count;

	struct wheel   wheel;
	struct timer   second;
	struct { bool (*fn)(void *); void *with; } on_round[LOOP_HOOKS];
	struct { void (*fn)(void *); void *with; } on_second[LOOP_HOOKS];
	unsigned rounds, seconds;
	unsigned jobs;                       /* workers have them; under the lock of work.c */

	struct list dirty;                   /* connections to flush */
	struct list offers;                  /* connections whose kept bytes are to be offered again */

	/* What TLS reads from and writes to while one connection is served; empty between connections. */
	const char *feed;
	size_t feed_left, sealed_size;
	char   wire[WIRE_SIZE], plain[PLAIN_SIZE], sealed[SEALED_SIZE];
};

void loop_woke(struct loop *);               /* a socket is ready: read the clock, once a round */
void post_init(struct loop *);
void post_free(struct loop *);
void post_read(struct loop *);               /* runs what lies in the inbox */
bool post_hand_over(struct loop *);          /* true: something was for ourselves */
bool post_may_sleep(struct loop *);          /* false: something lies in the inbox. True: whoever posts from now on wakes it */
void work_wait(struct loop *);               /* until no worker will post to this loop any more */
void work_end(void);                         /* no loop is left: the workers go home */
void conns_offer(struct loop *);
void conns_flush(struct loop *);
void conns_end(struct loop *);               /* the loop ends: what is left is closed */

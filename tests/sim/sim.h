/*
 * The simulation: the server's core and streams on N loops in one thread, where
 * a seed decides what happens next.
 *
 * Ours are the things that have an order of their own: loops and their inboxes
 * (sim_loop.c), connections (sim_conn.c), the store (sim_store.c), the clock and
 * chance itself (dice.c). Everything else is what users run. Clients are
 * speakers (speaker.c); what they saw outlives the process (record.h), which
 * may stop between any two steps.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/clock.h"

enum { LOOPS = 4 };

/* --- dice.c --- */
void     dice_seed(uint64_t seed);
uint64_t dice(void);
unsigned dice_below(unsigned n);             /* 0 … n - 1 */
unsigned dice_between(unsigned least, unsigned most);
bool     dice_chance(unsigned percent);
size_t   dice_piece(size_t size);            /* 1 … size: of every size, small and whole ones more often */

/* --- steps.c: what may happen next --- */
enum part { IN_LOOPS, IN_STORE, IN_NET, IN_SPEAKERS, PARTS };
void step_may(enum part, void (*run)(void *), void *with);
bool step_once(void);                        /* false: nothing may happen before time goes on */
void steps_weigh(void);                      /* draws how eager each part is in this life */
void time_pass(msec);

/* --- the plan of one life --- */
struct plan {
	unsigned loops;
	unsigned fail, unknown;              /* percent of the store's jobs */
	bool     reads_fail;                 /* not only writes */
	bool     losses;                     /* connections are lost, clients are slow */
	bool     restless;                   /* and often, and who can resumes */
	bool     is_last;
	const char *database;
	uint64_t secret[2];                  /* of the homes: the same in every life */
};
extern struct plan plan;
extern bool verbose;
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void life_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- sim_loop.c --- */
struct loop;
void loops_steps(void);
void loop_enter(struct loop *);              /* from here on we are its thread; */
void loop_leave(void);                       /* and now nobody's */
enum poster { FROM_WRITER = LOOPS, FROM_READER_1, FROM_READER_2, FROM_WORKER, SOURCES };
void posts_come_from(enum poster);           /* what is posted outside of the loops */
msec loops_next_timer(void);                 /* when the next one is due; 0: none runs */
struct loop *loop_any(void);
void loops_seconds(void);                    /* each loop's sweeping */

/* --- sim_conn.c: a wire between a speaker and a connection --- */
struct wire {
	struct conn *conn;                   /* NULL: the server has let go */
	struct buf   up, down;               /* on their way */
	size_t       room;                   /* what the server's socket takes before it is full */
	bool         up_is_shut;             /* the client sends no more */
	bool         down_is_shut;           /* the server sends no more */
	bool         is_cut;                 /* nothing passes any more; the server isn't told before it finds out */
	bool         has_client;
};
struct wire *wire_connect(void);             /* accepted on some loop */
void wire_leave(struct wire *);              /* the client is done with it */
void conns_steps(void);
unsigned conns_count(void);

/* --- sim_store.c --- */
void store_steps(void);
void store_begin(void);
void store_template(const char *path);       /* makes the database that every seed begins with */
bool store_is_idle(void);

/* --- sim_host.c --- */
enum { RESUME_MOST = 60000 };                /* ms that a session waits for its client */
void config_begin(const char *path);         /* once, before the first life; the file is for a moment */
void hosts_begin(void);
struct hosts *hosts_of_sim(void);
struct gate *gate_of_sim(void);

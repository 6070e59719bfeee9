/*
 * Questions wait in their home's table, by number, until their answer or
 * their time comes.
 */
#include "core/call.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/account.h"
#include <stdio.h>

enum { PATIENCE = 30000 };           /* ms */

struct call {
	struct hash_node by_number;
	char             key[24];
	call_answered   *answered;
	void            *with;       /* NULL and answered NULL: cancelled */
	msec             until;
};

static struct call *call_new(struct home *home, call_answered *answered, void *with)
{
	struct call *c = NEW(struct call);
	snprintf(c->key, sizeof c->key, "%llu", (unsigned long long)++home->calls_made);
	c->answered = answered;
	c->with = with;
	c->until = clock_now() + PATIENCE;
	hash_put(&home->calls, &c->by_number, c->key);
	return c;
}

void call_account(const char *bare, struct arena *a, struct xml *question, call_answered *answered, void *with)
{
	struct home *home = home_here();
	struct signal *s = signal_new(a, question, NULL, jid_parse(a, bare), KIND_CALL, TYPE_GET);
	if (answered) {
		call_new(home, answered, with);
		s->ticket = (struct ticket){ home->number, home->calls_made };
	}
	signal_send(s);
}

/* --- answers --- */

struct coming_back {                 /* lies in its arena */
	struct arena *arena;
	struct ticket ticket;
	const struct xml *answer;
};

static void came_back(void *thing)
{
	struct coming_back *b = thing;
	call_arrived(home_number(b->ticket.home), b->ticket.number, b->arena, b->answer);
}

void call_answer(struct ticket ticket, const struct xml *answer)
{
	struct arena *a = arena_new();
	struct coming_back *b = ARENA_NEW(a, struct coming_back);
	b->arena = a;
	b->ticket = ticket;
	b->answer = answer ? xml_clone(a, answer) : NULL;
	post(home_number(ticket.home)->loop, came_back, b);
}

static void finish(struct home *home, struct call *c, const struct xml *answer)
{
	hash_remove(&home->calls, &c->by_number);
	if (c->answered)
		c->answered(c->with, answer);
	mem_free(c);
}

void call_arrived(struct home *home, uint64_t number, struct arena *a, const struct xml *answer)
{
	char key[24];
	snprintf(key, sizeof key, "%llu", (unsigned long long)number);
	struct hash_node *n = hash_find(&home->calls, key);
	if (n)
		finish(home, CONTAINER(n, struct call, by_number), answer);
	arena_free(a);
}

static bool cancel_if(struct hash_node *n, void *with)
{
	struct call *c = CONTAINER(n, struct call, by_number);
	if (c->with == with)
		c->answered = NULL;
	return true;
}

void call_cancel(void *with)
{
	hash_each(&home_here()->calls, cancel_if, with);
}

struct sweep { msec now; struct call *late; };

static bool find_late(struct hash_node *n, void *with)
{
	struct sweep *s = with;
	struct call *c = CONTAINER(n, struct call, by_number);
	if (c->until <= s->now)
		s->late = c;
	return !s->late;
}

void calls_sweep(struct home *home)
{
	for (;;) {
		struct sweep s = { clock_now(), NULL };
		hash_each(&home->calls, find_late, &s);
		if (!s.late)
			return;
		finish(home, s.late, NULL);
	}
}

/* --- to oneself, later --- */

struct later {                       /* lies in its arena */
	struct timer  timer;
	struct arena *arena;
	const char   *bare;
	struct xml   *question;
};

static void later_is_now(struct timer *timer)
{
	struct later *l = CONTAINER(timer, struct later, timer);
	call_account(l->bare, l->arena, l->question, NULL, NULL);
}

void turn_later(struct turn *t, msec wait, const struct xml *question)
{
	struct arena *a = arena_new();
	struct later *l = ARENA_NEW(a, struct later);
	l->arena = a;
	l->bare = arena_string(a, t->account->jid);
	l->question = xml_clone(a, question);
	timer_start(&l->timer, wait, later_is_now);
}

/* --- to every home --- */

struct round_trip {                  /* goes from home to home, and back to the asker */
	struct arena *arena;
	struct xml   *result;
	unsigned      asker, at;
	void        (*fn)(struct home *, struct arena *, struct xml *, void *);
	void        (*done)(struct arena *, struct xml *, void *);
	void         *with;
};

static void round_trip_back(void *thing)
{
	struct round_trip *r = thing;
	struct arena *a = r->arena;
	r->done(a, r->result, r->with);
	arena_free(a);
}

static void round_trip_visit(void *thing)
{
	struct round_trip *r = thing;
	r->fn(home_number(r->at), r->arena, r->result, r->with);
	if (++r->at < homes_count())
		post(home_number(r->at)->loop, round_trip_visit, r);
	else
		post(home_number(r->asker)->loop, round_trip_back, r);
}

void call_homes(void (*fn)(struct home *, struct arena *, struct xml *, void *), void (*done)(struct arena *, struct xml *, void *), void *with)
{
	struct arena *a = arena_new();
	struct round_trip *r = ARENA_NEW(a, struct round_trip);
	*r = (struct round_trip){ a, EL(a, NS_CALL, "result"), home_here()->number, 0, fn, done, with };
	post(home_number(0)->loop, round_trip_visit, r);
}

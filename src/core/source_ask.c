/*
 * One thread asks those who answer late: it hands each question to its
 * source's kind, waits for all of them at once, and posts the answers home.
 *
 * A source is asked so many questions at once, and so many wait; one too many
 * is told to come back later, and so is one that has waited too long. A source
 * that can't be asked is told of in one line of the log, and in another when
 * it answers again.
 */
#include "core/source_inside.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "core/limit.h"
#include "core/source_wait.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

enum { MOST_WAITING = 1000, LONGEST_SLEEP = 5000 };

/* Guards the inbox and the three words behind it; nothing is called while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list inbox = { &inbox, &inbox };
static bool has_thread, is_quitting, is_ending;
static pthread_t thread;

static struct list actives = { &actives, &actives };         /* the thread's: sources that it holds a share of */

/* --- a question's way home --- */

static void wipe(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	mem_free(text);
}

static void question_free(struct question *q)
{
	source_drop(q->source);
	mem_free(q->user);
	mem_free(q->domain);
	mem_free(q->trusted);
	wipe(q->password);
	mem_free(q);
}

static void came_home(void *thing)                               /* on the loop that asked */
{
	struct question *q = thing;
	home_here()->counts.source_questions++;
	if (q->answer == SOURCE_LATER)
		home_here()->counts.source_failures++;
	if (q->is_late)
		limit_reached(LIMIT_SOURCE_TIMEOUT);
	q->answered(q->with, q->answer);
	question_free(q);
}

static void go_home(struct question *q, enum source_answer answer)
{
	q->answer = answer;
	post(q->from, came_home, q);
}

/* --- asking, on a loop --- */

static void *ask_for_ever(void *unused);

static void need_thread(void)                                    /* with the lock */
{
	if (has_thread)
		return;
	if (!wait_open() || pthread_create(&thread, NULL, ask_for_ever, NULL))
		BUG("cannot start the thread that asks");
	has_thread = true;
}

void source_ask(struct source *s, enum source_question what, const struct jid *jid, const char *password, source_answered *answered, void *with)
{
	struct hosts *hosts = home_here()->hosts;
	struct question *q = NEW(struct question);
	*q = (struct question){
		.source = source_share(s), .what = what, .user = mem_string(jid->local), .domain = mem_string(jid->domain),
		.password = mem_string(password), .trusted = mem_string(hosts->source_trusted), .until = clock_now() + hosts->limits.source_timeout,
		.most = hosts->limits.source_workers, .from = home_here()->loop, .answered = answered, .with = with,
	};
	pthread_mutex_lock(&lock);
	need_thread();
	list_append(&inbox, &q->link);
	pthread_mutex_unlock(&lock);
	wait_wake();
}

/* --- on the thread --- */

static void tell_state(struct source *s, const char *why)
{
	if (why && !s->is_down)
		log_major("AUTH", "%s can't be asked for passwords: %s. Who logs in by it is told to try later", s->name, why);
	else if (!why && s->is_down)
		log_major("AUTH", "%s answers again", s->name);
	s->is_down = why != NULL;
}

void source_answer(struct question *q, enum source_answer answer, const char *why)
{
	struct source *s = q->source;
	list_remove(&q->link);
	s->under_way_count--;
	if (why || answer != SOURCE_LATER)
		tell_state(s, why);
	go_home(q, answer);
}

static void put_back(struct question *q)
{
	struct source *s = q->source;
	list_remove(&q->link);
	s->under_way_count--;
	list_prepend(&s->waiting, &q->link);
	s->waiting_count++;
}

void source_again(struct question *q)
{
	q->is_second_try = true;
	put_back(q);
}

static void take(struct question *q, bool is_over)
{
	struct source *s = q->source;
	list_remove(&q->link);
	if (is_over || s->waiting_count >= MOST_WAITING) {
		q->is_late = !is_over;
		go_home(q, SOURCE_LATER);
		return;
	}
	if (list_is_empty(&s->active)) {
		source_share(s);
		list_append(&actives, &s->active);
	}
	list_append(&s->waiting, &q->link);
	s->waiting_count++;
}

/* The server ends: nobody is waited for. */
static void hurry(void)
{
	LIST_EACH(&actives, struct source, active, s) {
		LIST_EACH(&s->waiting, struct question, link, q)
			q->until = 0;
		LIST_EACH(&s->under_way, struct question, link, asked)
			asked->until = 0;
	}
}

/* False: it is all over. */
static bool take_all(void)
{
	struct list taken = { &taken, &taken }, *first;
	pthread_mutex_lock(&lock);
	bool is_over = is_quitting;
	bool goes_on = !is_ending;
	while ((first = list_first(&inbox))) {
		list_remove(first);
		list_append(&taken, first);
	}
	pthread_mutex_unlock(&lock);
	LIST_EACH(&taken, struct question, link, q)
		take(q, is_over);
	if (is_over)
		hurry();
	return goes_on;
}

/* Those that waited too long; `until` 0 is the end of the server. */
static void expire(struct source *s, msec now)
{
	LIST_EACH(&s->under_way, struct question, link, q)
		if (q->until <= now) {
			q->is_late = q->until;
			s->kind->abandon(q);
			source_answer(q, SOURCE_LATER, q->until ? "it takes too long to answer (auth.source_timeout)" : NULL);
		}
	LIST_EACH(&s->waiting, struct question, link, q)
		if (q->until <= now) {
			list_remove(&q->link);
			s->waiting_count--;
			q->is_late = q->until;
			go_home(q, SOURCE_LATER);
		}
}

static void begin_what_may(struct source *s)
{
	struct list *first;
	while ((first = list_first(&s->waiting))) {
		struct question *q = CONTAINER(first, struct question, link);
		if (s->under_way_count >= q->most)
			return;
		list_remove(first);
		s->waiting_count--;
		list_append(&s->under_way, first);
		s->under_way_count++;
		if (!s->kind->begin(q)) {
			put_back(q);
			return;
		}
	}
}

/* Nobody names it any more: what it holds ends. */
static void look_whether_forgotten(struct source *s)
{
	if (s->waiting_count || s->under_way_count || !source_is_forgotten(s))
		return;
	if (s->kind->quiet)
		s->kind->quiet(s);
	list_remove(&s->active);
	source_drop(s);
}

static msec next_time(msec now)
{
	msec soonest = now + LONGEST_SLEEP;
	LIST_EACH(&actives, struct source, active, s) {
		LIST_EACH(&s->under_way, struct question, link, q)
			soonest = q->until < soonest ? q->until : soonest;
		LIST_EACH(&s->waiting, struct question, link, q)
			soonest = q->until < soonest ? q->until : soonest;
	}
	return soonest > now ? soonest - now : 0;
}

static void end_all(void)
{
	LIST_EACH(&actives, struct source, active, s) {
		expire(s, INT64_MAX);
		if (s->kind->quiet)
			s->kind->quiet(s);
		list_remove(&s->active);
		source_drop(s);
	}
	wait_close();
}

static void *ask_for_ever(void *unused)
{
	pthread_setname_np(pthread_self(), "sources");
	while (take_all()) {
		msec now = clock_now();
		LIST_EACH(&actives, struct source, active, s) {
			expire(s, now);
			begin_what_may(s);
		}
		wait_once(next_time(clock_now()));
		LIST_EACH(&actives, struct source, active, s)
			look_whether_forgotten(s);
	}
	end_all();
	return NULL;
}

/* --- the end --- */

static void set(bool *what)
{
	pthread_mutex_lock(&lock);
	*what = true;
	bool has = has_thread;
	pthread_mutex_unlock(&lock);
	if (has)
		wait_wake();
}

void sources_quit(void)
{
	set(&is_quitting);
}

void sources_stop(void)
{
	set(&is_quitting);
	set(&is_ending);
	if (has_thread)
		pthread_join(thread, NULL);
	has_thread = false;
}

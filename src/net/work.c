/*
 * The workers: what would block a loop is done on one of a few threads, and
 * its end is told on the loop that asked.
 *
 * They start with the first job, so that no thread exists before the process
 * has given up its rights, and end when the last loop is freed.
 */
#include "net/inside.h"
#include "base/check.h"
#include "base/mem.h"

enum { WORKERS_MOST = 64 };

struct job {
	struct list link;
	struct loop *from;
	void (*work)(void *);
	void (*done)(void *);
	void *thing;
};

/* Guards everything below; no other lock is taken and nothing is called while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER, done_with = PTHREAD_COND_INITIALIZER;
static struct list jobs = { &jobs, &jobs };
static pthread_t workers[WORKERS_MOST];
static unsigned wanted = 2, running;
static bool ending;

void loop_workers(unsigned threads)
{
	ASSERT(threads > 0);
	pthread_mutex_lock(&lock);
	wanted = threads < WORKERS_MOST ? threads : WORKERS_MOST;
	pthread_mutex_unlock(&lock);
}

static void finish(void *thing)
{
	struct job job = *(struct job *)thing;
	mem_free(thing);
	job.done(job.thing);
}

static struct job *next_job(void)            /* NULL: go home */
{
	pthread_mutex_lock(&lock);
	while (!ending && list_is_empty(&jobs))
		pthread_cond_wait(&more, &lock);
	struct list *first = list_first(&jobs);
	if (first)
		list_remove(first);
	pthread_mutex_unlock(&lock);
	return first ? CONTAINER(first, struct job, link) : NULL;
}

static void let_go(struct loop *from)
{
	pthread_mutex_lock(&lock);
	if (!--from->jobs)
		pthread_cond_broadcast(&done_with);
	pthread_mutex_unlock(&lock);
}

static void *toil(void *unused)
{
	pthread_setname_np(pthread_self(), "worker");        /* else it has the name of the loop that gave the first job */
	for (struct job *job; (job = next_job()); ) {
		job->work(job->thing);
		struct loop *from = job->from;
		post(from, finish, job);
		let_go(from);
	}
	return NULL;
}

static void hire(void)                       /* with the lock */
{
	while (running < wanted) {
		if (pthread_create(&workers[running], NULL, toil, NULL))
			BUG("cannot start a worker");
		running++;
	}
}

void loop_work(void (*work)(void *), void (*done)(void *), void *thing)
{
	struct job *job = NEW(struct job);
	*job = (struct job){ .from = loop_here(), .work = work, .done = done, .thing = thing };
	ASSERT(job->from);
	pthread_mutex_lock(&lock);
	hire();
	job->from->jobs++;
	list_append(&jobs, &job->link);
	pthread_cond_signal(&more);
	pthread_mutex_unlock(&lock);
}

bool loop_is_working(void)
{
	pthread_mutex_lock(&lock);
	bool is = loop_here()->jobs > 0;
	pthread_mutex_unlock(&lock);
	return is;
}

void loop_workers_stop(void)
{
	pthread_mutex_lock(&lock);
	list_init(&jobs);
	pthread_mutex_unlock(&lock);
	work_end();
}

void work_wait(struct loop *l)
{
	pthread_mutex_lock(&lock);
	while (l->jobs)
		pthread_cond_wait(&done_with, &lock);
	pthread_mutex_unlock(&lock);
}

void work_end(void)
{
	pthread_mutex_lock(&lock);
	ending = true;
	pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
	for (unsigned i = 0; i < running; i++)
		pthread_join(workers[i], NULL);
	running = 0;
	ending = false;
}

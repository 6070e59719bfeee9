/*
 * What it costs to hand something over to another loop.
 *
 * Two loops; one gives so many letters to the other in a round, which answers
 * with one when it has read them all. The processor's time is that of both
 * threads. One letter at a time is the price of an idle server: each hand-over
 * wakes a thread. A busy one hands over many at once.
 */
#include <semaphore.h>
#include "micro.h"
#include "net/loop.h"

enum { ROUNDS = 20000, LETTERS_MOST = 500 };

static struct loop *here, *there;
static sem_t done;
static int batch, rounds, read_so_far;
static double cpu;

static void give(void *unused);

static void answer(void *unused)
{
	if (++read_so_far < batch)
		return;
	read_so_far = 0;
	post(here, give, NULL);
}

static void give(void *unused)
{
	if (!rounds--) {
		sem_post(&done);
		return;
	}
	for (int i = 0; i < batch; i++)
		post(there, answer, NULL);
}

static void read_cpu(void *unused)
{
	cpu += cpu_ns();
	sem_post(&done);
}

static void ask(struct loop *l, void (*fn)(void *))
{
	post(l, fn, NULL);
	while (sem_wait(&done))
		continue;
}

static double cpu_of_both(void)
{
	cpu = 0;
	ask(here, read_cpu);
	ask(there, read_cpu);
	return cpu;
}

static void hand_over(int letters)
{
	char what[80];
	batch = letters;
	rounds = letters == 1 ? ROUNDS : ROUNDS / 4;
	double all = (double)rounds * letters, used = cpu_of_both(), from = clock_ns(CLOCK_MONOTONIC);
	ask(here, give);
	double took = clock_ns(CLOCK_MONOTONIC) - from;
	used = cpu_of_both() - used;
	snprintf(what, sizeof what, "%d at once: a letter, from giving to answer", letters);
	figure(what, took / all, "ns");
	snprintf(what, sizeof what, "%d at once: its processor time, both loops", letters);
	figure(what, used / all, "ns");
}

static void end(struct loop *l)
{
	loop_stop(l);
	loop_join(l);
	loop_free(l);
}

int main(void)
{
	sem_init(&done, 0, 0);
	here = loop_new(0);
	there = loop_new(1);
	loop_start(here, NULL, NULL);
	loop_start(there, NULL, NULL);
	hand_over(1);
	hand_over(16);
	hand_over(64);
	hand_over(LETTERS_MOST);
	end(here);
	end(there);
	return 0;
}

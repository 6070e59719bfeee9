/*
 * Nanoseconds per JID and per part; sixteen share an arena, as in a turn.
 *
 * Prints the best of several rounds: neighbours on the machine only add.
 */
#include <stdio.h>
#include <stdint.h>
#include <time.h>
#include "xmpp/jid.h"

enum { ROUNDS = 50, CALLS = 20000, PER_ARENA = 16 };

static const void *volatile sink;

static const void *parse(struct arena *a, const char *text) { return jid_parse(a, text); }
static const void *local(struct arena *a, const char *text) { return jid_local(a, text); }
static const void *domain(struct arena *a, const char *text) { return jid_domain(a, text); }
static const void *resource(struct arena *a, const char *text) { return jid_resource(a, text); }
static const void *nothing(struct arena *a, const char *text) { return text; }

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double round_ns(const void *(*call)(struct arena *, const char *), const char *text)
{
	double start = now_ns();
	for (int i = 0; i < CALLS; i += PER_ARENA) {
		struct arena *a = arena_new();
		for (int k = 0; k < PER_ARENA; k++)
			sink = call(a, text);
		arena_free(a);
	}
	return (now_ns() - start) / CALLS;
}

static void measure(const char *name, const void *(*call)(struct arena *, const char *), const char *text)
{
	double best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		double ns = round_ns(call, text);
		if (ns < best)
			best = ns;
	}
	printf("%-10s %-40s %8.1f ns\n", name, text, best);
}

int main(void)
{
	measure("nothing", nothing, "");
	measure("jid", parse, "romeo@example.net/orchard");
	measure("jid", parse, "Romeo@Example.NET/orchard");
	measure("jid", parse, "romeo@example.net");
	measure("jid", parse, "rom\u00e9o@example.net/orchard");
	measure("jid", parse, "romeo@m\u00fcnchen.example/orchard");
	measure("local", local, "romeo.montague");
	measure("local", local, "rom\u00e9o.montague");
	measure("domain", domain, "conference.example.net");
	measure("domain", domain, "m\u00fcnchen.example");
	measure("resource", resource, "orchard");
	measure("resource", resource, "balc\u00f3n");
	return 0;
}

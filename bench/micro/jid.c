/*
 * Nanoseconds per JID and per part; sixteen share an arena, as in a turn.
 *
 * Prints the best of several rounds: neighbours on the machine only add.
 */
#include "micro.h"
#include "xmpp/jid.h"

enum { ROUNDS = 50, CALLS = 20000, PER_ARENA = 16 };

static const void *volatile sink;

static const void *parse(struct arena *a, const char *text) { return jid_parse(a, text); }
static const void *local(struct arena *a, const char *text) { return jid_local(a, text); }
static const void *domain(struct arena *a, const char *text) { return jid_domain(a, text); }
static const void *resource(struct arena *a, const char *text) { return jid_resource(a, text); }
static const void *nothing(struct arena *a, const char *text) { return text; }

static double round_ns(const void *(*call)(struct arena *, const char *), const char *text)
{
	double start = cpu_ns();
	for (int i = 0; i < CALLS; i += PER_ARENA) {
		struct arena *a = arena_new();
		for (int k = 0; k < PER_ARENA; k++)
			sink = call(a, text);
		arena_free(a);
	}
	return (cpu_ns() - start) / CALLS;
}

static void measure(const char *name, const void *(*call)(struct arena *, const char *), const char *text)
{
	double best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		double ns = round_ns(call, text);
		if (ns < best)
			best = ns;
	}
	char what[80];
	snprintf(what, sizeof what, "%s %s", name, text);
	figure(what, best, "ns");
}

int main(void)
{
	measure("the bench itself", nothing, "");
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

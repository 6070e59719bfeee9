/*
 * How long a usual message takes: parsed to a tree, printed, its arena freed.
 * The best of several rounds.
 *
 *   bench-xml [stanzas]     with a number: one round of so many, parsed and printed, for bench/guard to count
 */
#include <stdlib.h>
#include <string.h>
#include "micro.h"
#include "xml/parser.h"

static const char *const interned[] = {
	"http://www.w3.org/XML/1998/namespace", "http://etherx.jabber.org/streams", "jabber:client", "urn:xmpp:receipts",
	"http://jabber.org/protocol/chatstates", "urn:xmpp:sid:0",
};

static const char header[] = "<?xml version='1.0'?><stream:stream to='example.net' version='1.0' xmlns='jabber:client' "
	"xmlns:stream='http://etherx.jabber.org/streams'>";
static const char stanza[] = "<message from='romeo@example.net/orchard' to='juliet@example.net/balcony' type='chat' id='ktx72v49'>"
	"<body>Wherefore art thou, Romeo &amp; Juliet? Deny thy father and refuse thy name.</body>"
	"<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"
	"<origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b'/></message>";

enum { ROUNDS = 9 };
static int stanzas = 200000;

static void expect(enum xml_event got, enum xml_event want)
{
	if (got != want)
		abort();
}

static double round_of(struct xml_parser *p, const char *text, size_t size, bool printing)
{
	struct buf out = { 0 };
	struct xml_found found;
	double from = cpu_ns();
	for (int i = 0; i < stanzas; i++) {
		const char *at = text;
		expect(xml_parser_next(p, &at, text + size, &found), XML_STANZA);
		if (printing) {
			xml_print(&out, found.element, interned[2]);
			out.end = out.start;
		}
		arena_free(found.arena);
	}
	buf_clear(&out);
	return (cpu_ns() - from) / stanzas;
}

static void measure(struct xml_parser *p, const char *what, bool printing)
{
	double best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		double ns = round_of(p, stanza, strlen(stanza), printing);
		best = ns < best ? ns : best;
	}
	figure(what, best, "ns");
}

int main(int argc, char **argv)
{
	const struct xml_limits limits = { 65536, 64, 64, 256 };
	struct xml_parser *p = xml_parser_new(&limits);
	struct xml_found found;
	const char *at = header;
	xml_intern(interned, sizeof interned / sizeof *interned);
	expect(xml_parser_next(p, &at, header + strlen(header), &found), XML_OPEN);
	arena_free(found.arena);
	if (argc > 1) {
		stanzas = atoi(argv[1]);
		round_of(p, stanza, strlen(stanza), true);
	} else {
		measure(p, "a message of 340 bytes: parse, free", false);
		measure(p, "the same: parse, print, free", true);
	}
	xml_parser_free(p);
	return 0;
}

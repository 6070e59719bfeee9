/*
 * The namespaces that the server knows, in a table that is made once.
 *
 * The hash looks at the size and the last eight bytes, where namespaces
 * differ; a place is tried and then the next ones, and a quarter of the table
 * at most is full, so a look-up compares about one string.
 */
#include <stdint.h>
#include "base/mem.h"
#include "xml/known.h"
#include "xml/xml.h"

struct place {
	const char *name;
	size_t size;
};

static struct place *places;
static size_t mask;

const char *known_xml = "http://www.w3.org/XML/1998/namespace";
const char *known_streams = "http://etherx.jabber.org/streams";

static size_t place_of(const char *ns, size_t size)
{
	uint64_t tail = 0;
	if (size >= 8)
		memcpy(&tail, ns + size - 8, 8);
	else
		memcpy(&tail, ns, size);
	return (size_t)((tail + size * 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u >> 40);
}

static struct place *find(const char *ns, size_t size)
{
	size_t i = place_of(ns, size) & mask;
	while (places[i].name && (places[i].size != size || memcmp(places[i].name, ns, size) != 0))
		i = (i + 1) & mask;
	return &places[i];
}

const char *xml_interned(const char *ns, size_t size)
{
	return places ? find(ns, size)->name : NULL;
}

void xml_intern(const char *const names[], size_t count)
{
	size_t room = 16;
	while (room < 4 * count)
		room *= 2;
	mem_free(places);
	places = mem_new(room * sizeof *places);
	mask = room - 1;
	for (size_t i = 0; i < count; i++) {
		struct place *p = find(names[i], strlen(names[i]));
		p->name = names[i];
		p->size = strlen(names[i]);
		if (strcmp(p->name, known_xml) == 0)
			known_xml = p->name;
		if (strcmp(p->name, known_streams) == 0)
			known_streams = p->name;
	}
}

/* In the order of their age; a client takes the strongest that it knows. */
#include "streams/bindings.h"

static void add(struct bindings *b, const char *type, const unsigned char *data, size_t size)
{
	b->all[b->count++] = (struct scram_binding){ type, data, size };
}

void bindings_take(struct bindings *b, const struct c2s *c)
{
	size_t size;
	b->count = 0;
	if (!c->conn || !c2s_is_secure(c))
		return;
	if (conn_binding_end_point(c->conn, b->end_point, &size))
		add(b, "tls-server-end-point", b->end_point, size);
	if (conn_binding_exporter(c->conn, b->exporter))
		add(b, "tls-exporter", b->exporter, sizeof b->exporter);
	if (conn_binding_unique(c->conn, b->unique, &size))
		add(b, "tls-unique", b->unique, size);
}

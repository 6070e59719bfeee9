/*
 * Component: a trusted program's stream (XEP-0114, jabber:component:accept).
 *
 *   header → header with an id → <handshake/> → [moves to its domain's home] → <handshake/> → stanzas
 *
 * It comes by any listener that takes components; c2s.c has read its header.
 * From its domain's home it carries a link (core/link.h).
 */
#pragma once
#include <stddef.h>
#include "core/stream_table.h"
#include "streams/c2s.h"

/* Its header was read: takes the conn, the parser, and a place of the gate and of its address. `open` is the caller's. */
void component_start(struct conn *, struct gate *, struct address *, const struct arrival *, struct xml_parser *,
		     const struct xml_found *open);
/* This loop's: for the table of streams, the stop, and every second. */
void component_each(stream_seen *, void *with);
bool component_end(uint64_t number, const char *why);
void component_stop_all(void);
void component_second(void);
size_t component_count(void);

/*
 * The two namespaces whose prefixes XML and XMPP fix. Pointers, because they
 * are the interned strings as soon as xml_intern was called.
 */
#pragma once
#include <stdbool.h>
#include <string.h>

extern const char *known_xml;        /* `xml:`, always declared */
extern const char *known_streams;    /* `stream:`, by custom */

static inline bool known_same(const char *a, const char *b)
{
	return a == b || (*a == *b && strcmp(a, b) == 0);      /* most differ at once */
}

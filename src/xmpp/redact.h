/*
 * Redact: XML as a log may show it, without passwords and the like.
 */
#pragma once
#include "xml/xml.h"

/* As xml_string, with "[hidden]" in place of what could open somebody's account. */
char *redact_print(struct arena *, const struct xml *, const char *around);
/* The same in place of every text: what is left are the elements, and attributes that are no secrets. */
char *redact_outline(struct arena *, const struct xml *, const char *around);

/*
 * Value: what was written becomes what was meant, in place.
 *
 * Entities and character references are shorter than what they are written
 * as, so nothing grows. Both return the new size, or -1 with the fault. The
 * bytes have passed lex_token.
 */
#pragma once
#include <stddef.h>
#include <sys/types.h>
#include "xml/parser.h"

ssize_t value_in_text(char *s, size_t size, enum xml_fault *);         /* CDATA opened, CR LF and CR become LF */
ssize_t value_attribute(char *s, size_t size, enum xml_fault *);    /* TAB, LF, CR and CR LF become one space */

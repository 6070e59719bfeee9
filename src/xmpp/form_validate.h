/*
 * Data forms validation (XEP-0122): of what datatype a field's values are, and
 * whether one that came back is.
 *
 * What we ask for says it in its <validate/>, and form_fault (xmpp/form.h)
 * looks at what is submitted. A datatype or a method that isn't known counts
 * as xs:string and <basic/> (§4.1).
 */
#pragma once
#include "base/arena.h"
#include "xml/xml.h"

/* One of them for a field. `least` and `most` as one would write such a value; both NULL: any. */
void form_validate(struct arena *, struct xml *field, const char *datatype, const char *least, const char *most);
void form_validate_open(struct arena *, struct xml *field, const char *datatype);            /* of a list: others than its options, too */
void form_validate_regex(struct arena *, struct xml *field, const char *pattern);            /* POSIX, extended; the whole value matches */
void form_validate_list(struct arena *, struct xml *field, unsigned least, unsigned most);   /* of a list-multi, beside: how many; 0: any */

/* A field without <validate/> takes any value. */
bool form_value_fits(const struct xml *field, const char *value, struct arena *);
bool form_is_open(const struct xml *field);                          /* of a list: its options are only proposals */
bool form_count_fits(const struct xml *field, size_t count);         /* so many values of a list-multi */

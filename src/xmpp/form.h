/*
 * Data forms: building and reading (XEP-0004, XEP-0068).
 *
 * A form is its <x/>. Labels and values are borrowed, as everywhere in trees.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "xml/xml.h"

enum form_kind { FORM_ASK, FORM_SUBMIT, FORM_CANCEL, FORM_RESULT, FORM_KINDS };       /* "form", "submit", … */

enum field_kind {
	FIELD_BOOLEAN, FIELD_FIXED, FIELD_HIDDEN, FIELD_JID_MULTI, FIELD_JID_SINGLE,
	FIELD_LIST_MULTI, FIELD_LIST_SINGLE, FIELD_TEXT_MULTI, FIELD_TEXT_PRIVATE, FIELD_TEXT_SINGLE,
	FIELD_KINDS
};

/* Building. `about` is the FORM_TYPE; it, title and instructions may be NULL, and so may labels and values. */
struct xml *form_new(struct arena *, enum form_kind, const char *about, const char *title, const char *instructions);
struct xml *form_part(struct arena *, struct xml *form, const char *name);    /* "reported" or "item": fields go into it as into a form */
struct xml *form_add(struct arena *, struct xml *form, enum field_kind, const char *var, const char *label, const char *value);
struct xml *form_add_bool(struct arena *, struct xml *form, const char *var, const char *label, bool value);
struct xml *form_add_number(struct arena *, struct xml *form, const char *var, const char *label, int64_t value);
struct xml *form_add_lines(struct arena *, struct xml *form, const char *var, const char *label, const char *text);   /* text-multi: a value for each line */
void form_add_value(struct arena *, struct xml *field, const char *value);
void form_add_option(struct arena *, struct xml *field, const char *label, const char *value);
void form_require(struct arena *, struct xml *field);
/* Shows what was submitted before; secrets aren't shown again. */
void form_refill(struct arena *, struct xml *form, const struct xml *submitted);

/* Reading. A form may be NULL: it has no fields then. */
const struct xml *form_find(const struct xml *parent, const char *about, struct arena *);     /* about NULL: any form */
bool form_is(const struct xml *form, enum form_kind);
const char *form_about(const struct xml *form, struct arena *);               /* NULL when there is no FORM_TYPE that counts */
const struct xml *form_field(const struct xml *form, const char *var);
const char *form_value(const struct xml *form, const char *var, struct arena *);      /* the first value; NULL when there is none */
const char *form_lines(const struct xml *form, const char *var, struct arena *);      /* all values, a line each; NULL when there is no field */
size_t form_values(const struct xml *form, const char *var, struct arena *, const char ***values);
size_t form_field_values(const struct xml *field, struct arena *, const char ***values);

/* False when there is a value and it is no such thing; without one, *value stays what it was. */
bool form_read_bool(const struct xml *form, const char *var, bool *value, struct arena *);
bool form_read_number(const struct xml *form, const char *var, int64_t least, int64_t most, int64_t *value, struct arena *);

/*
 * Does what was submitted fit what was asked? NULL, or the `var` of the first
 * field that doesn't: required and missing, several values or lines where one
 * may be, no boolean, no JID, not among the options, not of its datatype
 * (xmpp/form_validate.h), or a FORM_TYPE of something else. Fields that weren't
 * asked for are ignored.
 */
const char *form_fault(const struct xml *asked, const struct xml *submitted, struct arena *);

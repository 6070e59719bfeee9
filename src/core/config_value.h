/*
 * A value: words of the file become a number, a text or a list, of the type
 * its setting has; and back into words.
 */
#pragma once
#include <stdbool.h>
#include "core/config_parse.h"
#include "core/config_table.h"

/* What is wrong is reported, with what was expected. Everything lies in the arena. */
bool config_value_read(struct arena *, const struct config_entry *, const struct config_node *, struct config_value *, struct config_report *);

/* As one would write it in a file; a secret is hidden. */
const char *config_value_print(struct arena *, const struct config_value *);
/* As it is: for comparing, never for showing. */
const char *config_value_text(struct arena *, const struct config_value *);
const char *config_quote(struct arena *, const char *text);                  /* only where it must be */

/* What may be written there: "a duration from 1s to 1h". */
const char *config_entry_expects(struct arena *, const struct config_entry *);
const char *config_number_print(struct arena *, enum option_type, int64_t number);   /* "256k", "30min" */

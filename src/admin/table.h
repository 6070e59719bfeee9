/*
 * Table: the rows of an answer, as people read them.
 */
#pragma once
#include <jansson.h>
#include "base/buf.h"

/* Columns as wide as what is in them; the head is the fields' names. Rows may differ: each name has a column. */
void table_print(struct buf *, const json_t *rows);
/* One row, a field on each line; lists within it as tables. */
void table_print_card(struct buf *, const json_t *row);

/*
 * Pages made from the table of commands.
 */
#pragma once
#include "base/buf.h"

void command_markdown(struct buf *);         /* docs/commands.md */
void command_json_page(struct buf *);        /* docs/json.md: what answers hold */
void command_man(struct buf *);              /* jackdaw(1) */

/* As the manual's language wants it: for who writes other pages of it. */
void man_text(struct buf *, const char *text);               /* escapes what roff would take for its own */
void man_title(struct buf *, const char *name, int section);

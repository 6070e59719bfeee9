/*
 * A tree as text again: what config_parse reads as the same tree.
 */
#pragma once
#include "base/buf.h"
#include "core/config_parse.h"

void config_print(struct buf *, const struct config_node *);         /* it and those beside it */

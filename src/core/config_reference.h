/*
 * The reference page of all settings, made from the table.
 */
#pragma once
#include "base/buf.h"

void config_reference(struct buf *);         /* Markdown */

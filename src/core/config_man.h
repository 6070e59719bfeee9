/*
 * The manual's page of all settings, jackdaw.conf(5), made from the table.
 */
#pragma once
#include "base/buf.h"

void config_man(struct buf *);

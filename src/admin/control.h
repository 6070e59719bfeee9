/*
 * Control: the Unix socket through which commands reach the server.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

struct config;

bool control_open(const struct config *, struct fail *why);  /* before the loops start; served by the first loop */
void control_start(void);                                    /* on the first loop */
void control_stop(void);                                     /* on any loop: the first one's closes it */

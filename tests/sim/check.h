/*
 * Check: what must hold over all lives of a seed.
 */
#pragma once
#include <stdbool.h>

bool record_holds(void);             /* false: record->why says what is wrong */

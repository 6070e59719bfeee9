/*
 * Life: what one process does, from its start to its stop.
 */
#pragma once
#include <stdbool.h>

/* In a process of its own. It stops after so many steps, or ends when the speakers have had their say; exits with 0 unless something is wrong. */
_Noreturn void life_run(unsigned budget, unsigned stop_at, bool looks_for_leaks);

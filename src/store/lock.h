/*
 * Lock: one process to a database.
 *
 * The lock is a file beside the database, held as long as its descriptor is
 * open and let go by the kernel whatever becomes of us. It says who holds it.
 * A child that is forked holds it too: it closes the descriptor, or ends with us.
 */
#pragma once
#include "base/fail.h"

int  lock_take(const char *database, struct fail *why);      /* a descriptor; -1: another has it, with its pid in the words */
void lock_release(int lock);                                 /* -1 is fine */

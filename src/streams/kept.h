/*
 * Kept: sessions that hibernate live through an orderly restart.
 *
 * When its loops have ended, a server that stops writes them down. The next
 * one reads that before its loops start; then each home makes its own again,
 * behind which comes whoever wants to resume one. What was written is used up
 * in the commit that makes a session again, and with it every message that its
 * client may not have is safe in a row of its own: an end without warning, at
 * any moment, loses none.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

bool kept_write(struct fail *why);           /* all homes' */
bool kept_read(struct fail *why);            /* when the homes are made */
void kept_restore(void);                                     /* on each home, before anybody is accepted */

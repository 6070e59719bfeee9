/*
 * Supervisor: telling systemd, or who speaks like it, how we are.
 *
 * sd_notify(3) is one datagram; we need no library for it. The watchdog is
 * told that we live only while every loop has turned since the last time: a
 * loop that hangs in one thing hangs with all its accounts.
 */
#pragma once
#include "base/clock.h"

void supervisor_open(void);                  /* while its socket can still be reached: before the sandbox */
void supervisor_tell(const char *words);     /* "READY=1"; nobody asked: nothing happens */
msec supervisor_watch(void);                 /* how often supervisor_look wants to be called */
void supervisor_look(void);                  /* on the main thread: are all loops alive? */

void supervisor_turned(unsigned loop);       /* on a loop, every second */

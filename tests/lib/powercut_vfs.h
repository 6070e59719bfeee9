/*
 * A disk that forgets what was not synced, and that fails on demand.
 *
 * An SQLite VFS over the usual one. What is written stays in this process's
 * memory, seen by all its connections, until a sync of that file passes it on
 * to the real file. So the end of the process, whatever ends it, is a power
 * cut: `kill -9` of a server that runs on this VFS loses what a machine would
 * lose. Locks and shared memory are the real ones.
 *
 * Only one process at a time may have a database open on it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define POWERCUT "powercut"          /* the VFS's name */

/* More than once is fine. Reads JACKDAW_POWERCUT="operations:seed" and then plans that cut. */
void powercut_register(void);

/* The end, as SIGKILL. Seed 0: nothing that was not synced survives. Otherwise the seed chooses: each unsynced write
 * survives or not, whatever came before it, and some only up to a sector's end. */
_Noreturn void powercut_now(uint64_t seed);
void powercut_after(uint64_t operations, uint64_t seed);     /* at the n-th write, truncate or sync from now on; 0: never */
uint64_t powercut_operations(void);                          /* how many there have been */

/* Faults, till set to 0 again. Codes are SQLite's: SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR_FSYNC, … */
void powercut_fail_writes(int code);
void powercut_fail_syncs(int code);
void powercut_slow(unsigned write_ms, unsigned sync_ms);
/* For a server: JACKDAW_DISK names a file with these four numbers, read again before each write and sync. */

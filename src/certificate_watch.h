/*
 * Certificates: their files are watched, and their ends foretold.
 *
 * When something changes in a folder that has one of them, and a file of ours
 * is another than it was, they are read anew on a worker. A file that can't be
 * used, as one half written, leaves all as it is, and is tried again when it
 * changes again. Runs on the first loop.
 */
#pragma once
#include "core/host.h"

void certificate_watch_start(void (*reload)(void));       /* on the first loop; `reload` runs on a worker */
void certificate_watch_stop(void);
/* A snapshot that comes into force: what to watch from now on. Under the reload's lock, or at start. */
void certificate_watch_follow(struct hosts *);

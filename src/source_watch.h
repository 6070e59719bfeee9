/*
 * The files of passwords are read again when they change, by one who edits
 * them or by a program that writes another.
 */
#pragma once
#include "core/host.h"

void source_watch_follow(struct hosts *);    /* the snapshot in force is this one; from any thread */
void source_watch_stop(void);                /* on the first loop */

/*
 * Watch: tells when something in some folders has changed.
 *
 * Folders and not files, since editors and certificate tools put a new file in
 * the old one's place. What changed isn't told: whoever is called looks. Calls
 * are gathered: one comes when nothing has happened for a while.
 */
#pragma once

struct watch;

/* On this loop. A folder that can't be watched is left out, and logged. */
struct watch *watch_new(const char *const *folders, void (*changed)(void *), void *with);
void watch_free(struct watch *);                     /* NULL is fine; on the same loop */

/*
 * Why something of the world failed, in words for the log.
 *
 * Functions that may fail for the world's reasons (disk, DNS, a file) return
 * bool and fill the caller's struct fail. It is logged once, where handled.
 */
#pragma once

struct fail {
	char text[256];
};

/* All return false, so that `return fail(why, "…")` reads well. A NULL why is fine. */
__attribute__((format(printf, 2, 3))) int fail(struct fail *why, const char *format, ...);
__attribute__((format(printf, 2, 3))) int fail_errno(struct fail *why, const char *format, ...);   /* adds strerror(errno) */

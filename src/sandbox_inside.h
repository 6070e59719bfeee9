/* The two halves of the sandbox, for the file that decides what is in it. */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

enum folder_rights {
	MAY_READ = 1,
	MAY_WRITE = 2,                       /* and read, make, rename and remove files and folders */
	MAY_APPEND = 4,                      /* make files and write into them: a log and its successors */
	MAY_LISTEN = 8,                      /* make sockets, and remove what is there by that name */
	MAY_ROTATE = 32,                     /* MAY_APPEND, and rename and remove them */
	MAY_RUN = 16,                        /* only what sanitizers need */
};

struct folder {
	const char    *path;                 /* of a folder, or of a file */
	unsigned       rights;
	struct folder *next;
};

/* From here on nothing else can be opened. What isn't there is left out. False: this kernel can't, and nothing changed. */
bool landlock_enter(const struct folder *, struct fail *why);
/* From here on every system call that isn't on the list fails with ENOSYS. Not strict: what sanitizers need is on it too. */
bool seccomp_enter(bool is_strict, struct fail *why);

/*
 * Tar: the heads of an archive's members (POSIX ustar), for files that
 * anybody's tar reads. Regular files with short names only.
 *
 * A member is a head of one block, its bytes, and zeros up to a block's end;
 * two blocks of zeros end the archive.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/fail.h"

enum { TAR_BLOCK = 512, TAR_NAME = 100 };    /* bytes; a name's with its NUL */

struct tar_member {
	char     name[TAR_NAME];
	uint64_t size;
};

/* False: the name is too long. Access rights are 0600. */
bool tar_write(char block[TAR_BLOCK], const struct tar_member *, msec wall);
/* Name "": the end. False: that is no head, or of something that we don't write. */
bool tar_read(const char block[TAR_BLOCK], struct tar_member *, struct fail *why);

static inline uint64_t tar_padding(uint64_t size) { return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK; }

/*
 * Import: XEP-0227 files are read and cut into pieces that the import command
 * takes.
 */
#pragma once
#include <stdbool.h>
#include "base/fail.h"

enum { IMPORT_PIECE = 512 * 1024 };  /* bytes after which a piece is given away; one large element may exceed that */

/* `give` takes each piece, a whole <server-data/> document; false: no more of them, `why` says so. */
typedef bool import_give(void *with, const char *piece, struct fail *why);

/* "-": the input; a folder: all files *.xml in it. False: something can't be read, or isn't what it should be. */
bool import_read(const char *path, import_give *, void *with, struct fail *why);

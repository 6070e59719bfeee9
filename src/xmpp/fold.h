/*
 * Fold: texts that a person would take for the same become the same bytes,
 * to be looked up by. Case, width and composition go (Unicode's NFKC case
 * folding), and so does white space around words beyond one space.
 */
#pragma once
#include "base/arena.h"

char *fold(struct arena *, const char *text);        /* NULL: that is no UTF-8 */

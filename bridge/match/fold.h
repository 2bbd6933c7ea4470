/*
 * Case folding for comparing what people typed with what is written: one
 * character to one of the same length in UTF-8 (Latin, Greek, Cyrillic, Armenian,
 * full-width Latin), as i;unicode-casemap (RFC 5051) does for these. Malformed bytes
 * stay as they are.
 */
#ifndef MATCH_FOLD_H
#define MATCH_FOLD_H

#include "base/arena.h"

/* A folded copy in mem; null on no memory, and of null. */
struct bytes match_fold(struct arena *mem, struct bytes text);

#endif

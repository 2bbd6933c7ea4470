/*
 * Names of folders that are none: a server's name that is not what it should be (raw
 * Latin-1, "&" alone in modified UTF-7) must still be given back to it byte for byte.
 * In a path such a byte stands as two noncharacters of Unicode, U+FDD0 + its high half
 * and U+FDE0 + its low half, which no name of a person's holds; paths stay UTF-8.
 */
#ifndef MODEL_FOLDER_NAME_H
#define MODEL_FOLDER_NAME_H

#include "base/arena.h"
#include "base/buf.h"

#define FOLDER_NAME_RAW_BYTES 6 /* in a path, for one byte */

void folder_name_put_raw(struct buf *to, uint8_t byte);
/* Takes such a byte off the front of *rest; false when none stands there. */
bool folder_name_take_raw(struct bytes *rest, uint8_t *ret);
/* Is there any, or half of one? Then a person cannot have meant it. */
bool folder_name_has_raw(struct bytes path);

/* The last component of a path as people read it: raw bytes that are UTF-8 together
 * show as that, others as U+FFFD. Borrowed from the path where nothing is to be
 * changed, else in mem; the path's own bytes when memory is short. */
struct bytes folder_name_of(struct arena *mem, struct bytes path, char delimiter);

#endif

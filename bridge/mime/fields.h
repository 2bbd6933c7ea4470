/*
 * A block of header fields, cut into fields (RFC 5322 §2.2): CRLF or LF, folded
 * values, 8-bit, and whatever else is in it. A line that is no field (without a
 * colon, or with something else than a name before it, as the "From " line of
 * mbox has) is passed over together with its continuations. An empty line ends
 * the block.
 */
#ifndef MIME_FIELDS_H
#define MIME_FIELDS_H

#include "base/bytes.h"

#define MIME_BLOCK_MAX_BYTES (1024 * 1024) /* what follows is not looked at */

/* Borrowed from the block. */
struct mime_field {
	struct bytes name;  /* without white space before the colon */
	struct bytes value; /* raw: folded, without the line break at its end */
};

struct mime_fields {
	struct bytes rest;
};

struct mime_fields mime_fields_of(struct bytes block);
/* False at the end. */
bool mime_fields_next(struct mime_fields *f, struct mime_field *ret);

/* The value of the first field of that name; null when there is none. */
struct bytes mime_fields_find(struct bytes block, const char *name);

#endif

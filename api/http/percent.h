/* Percent-encoding, RFC 3986 §2.1. Pure. */
#ifndef HTTP_PERCENT_H
#define HTTP_PERCENT_H

#include "base/arena.h"
#include "base/buf.h"

/* Decodes into `to`, which has room for from.len bytes. False, with nothing
 * promised about `to`, when a % is not followed by two hexadecimal digits, or
 * when the result holds control characters (NUL among them) or is not UTF-8. */
MUST_CHECK bool percent_decode(struct bytes from, bool plus_is_space, uint8_t *to, size_t *ret_len);

/* The same into an arena; null when malformed or when memory is short. What
 * needs no decoding is not copied. */
struct bytes percent_decode_arena(struct arena *a, struct bytes from, bool plus_is_space);

/* Is this, decoded, the plain word? */
bool percent_equal(struct bytes encoded, struct bytes plain);

/* Appends with everything but unreserved characters encoded. */
void percent_encode(struct buf *to, struct bytes from);

#endif

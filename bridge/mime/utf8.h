/* UTF-8 by the character (RFC 3629). Malformed sequences are split as the
 * Unicode standard recommends: one U+FFFD for each maximal subpart. */
#ifndef MIME_UTF8_H
#define MIME_UTF8_H

#include "base/bytes.h"

/* How many bytes at the front are well-formed. Quick over ASCII. */
size_t utf8_valid_len(struct bytes b);
/* The length of the malformed sequence that b begins with (b.len > 0, and
 * utf8_valid_len() says 0). *ret_is_incomplete: it is the beginning of a
 * character and b ends in it. */
size_t utf8_broken_len(struct bytes b, bool *ret_is_incomplete);
/* Writes a scalar value; to takes 4 bytes. What is none becomes U+FFFD. */
size_t utf8_encode(uint8_t *to, uint32_t c);
/* The next character of well-formed UTF-8 that is not empty. */
uint32_t utf8_take(struct bytes *b);

#endif

/* Whether a server that decodes base64 can be believed. */
#ifndef IMAP_BASE64_FIT_H
#define IMAP_BASE64_FIT_H

#include "base/bytes.h"

#define IMAP_BASE64_HEAD_BYTES 1024
#define IMAP_BASE64_TAIL_BYTES 16

/* Are `encoded` octets, of which the first and the last few are given, base64 in lines
 * of one length that decodes to `decoded` bytes? Servers guess where it is cut off, has
 * a footer, or comes in several pieces (Cyrus), each in its own way. */
bool imap_base64_fits(uint64_t encoded, uint64_t decoded, struct bytes head, struct bytes tail);

#endif

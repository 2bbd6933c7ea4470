/*
 * Mailbox names in modified UTF-7 (RFC 3501 §5.1.3), both ways. Decoding is
 * strict: a name is decoded only if encoding the result gives the same bytes
 * back, so that two folders never get one name. What servers have that is not
 * so (raw UTF-8, "&" alone, plain ASCII in base64) is for imap/name.h to keep.
 */
#ifndef IMAP_UTF7_H
#define IMAP_UTF7_H

#include "base/arena.h"
#include "base/buf.h"

/* The UTF-8 of a modified UTF-7 name, in mem (or `name` itself where it is the
 * same). False, and *ret_utf8 is `name`, when it is not the encoding of any
 * UTF-8, or memory was short. */
bool imap_utf7_decode(struct arena *mem, struct bytes name, struct bytes *ret_utf8);

/* Appends the encoding; ERR_INVALID when utf8 is not UTF-8 or holds NUL. */
MUST_CHECK enum err imap_utf7_encode(struct buf *to, struct bytes utf8);

#endif

/*
 * Mailbox names both ways (RFC 9051 §5.1, RFC 3501 §5.1.3): every name that a server
 * may have becomes a path, and the path that same name again, byte for byte.
 */
#ifndef IMAP_NAME_H
#define IMAP_NAME_H

#include "base/arena.h"
#include "base/buf.h"

/* The path of a name as the server gave it: UTF-8 where `is_utf8`, else modified
 * UTF-7. Components between delimiters (0: none) that are neither are kept with raw
 * bytes (model/folder_name.h). In mem or the name itself; null when memory is short. */
struct bytes imap_name_decode(struct arena *mem, struct bytes name, char delimiter, bool is_utf8);

/* Appends the name of a path; ERR_INVALID when it is not UTF-8 or holds NUL. */
MUST_CHECK enum err imap_name_encode(struct buf *to, struct bytes path, bool is_utf8);

#endif

/*
 * Charsets that wrap double-byte text in seven bits: the escapes are undone and
 * what is left is an eight-bit charset that iconv knows in the form that mail
 * programs really write (with NEC's and IBM's additions, which glibc's
 * ISO-2022-JP lacks). For charset.c only. Malformed text comes out as bytes that
 * the charset does not have. Output is at most twice as long as `from`.
 */
#ifndef MIME_CHARSET_7BIT_H
#define MIME_CHARSET_7BIT_H

#include "base/buf.h"

/* ISO-2022-JP and its relatives (RFC 1468, RFC 2237, CP50221) to EUC-JP. */
void charset_7bit_undo_jp(struct bytes from, struct buf *to);
/* ISO-2022-KR (RFC 1557) to EUC-KR. */
void charset_7bit_undo_kr(struct bytes from, struct buf *to);
/* HZ (RFC 1843) to GB 2312. */
void charset_7bit_undo_hz(struct bytes from, struct buf *to);

#endif

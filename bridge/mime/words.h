/*
 * Header text as people read it: unfolded, encoded words (RFC 2047) decoded,
 * UTF-8, without control characters. Takes what mail programs write rather than
 * what the RFC allows: encoded words inside quotes or glued to text, with raw
 * spaces, without padding, with a character split over two of them; raw 8-bit
 * and raw ISO-2022-JP.
 */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include "base/arena.h"
#include "base/buf.h"

#define MIME_WORD_MAX_BYTES 1024 /* RFC 2047 allows 75 */

/* Length of the encoded word that b begins with, 0 when it is none or longer
 * than MIME_WORD_MAX_BYTES:
 *	"=?" charset ["*" language] "?" ("B" / "Q") "?" text "?="	*/
size_t mime_word_len(struct bytes b);

/* Appends `raw` decoded; at most MIME_WORDS_GROWTH times as many bytes.
 * `charset` is what 8-bit text is in when it is not UTF-8; null: windows-1252.
 * ERR_NOMEM or ERR_TOO_BIG (of `to`) only. */
MUST_CHECK enum err mime_words_append(struct bytes raw, struct bytes charset, struct buf *to);
#define MIME_WORDS_GROWTH 3

/* The whole value, trimmed, in mem. A null raw stays null. ERR_NOMEM only. */
MUST_CHECK enum err mime_decode_text(struct arena *mem, struct bytes raw, struct bytes charset,
				     struct bytes *ret);

#endif

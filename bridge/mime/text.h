/*
 * The text of a part: transfer encoding and charset undone, line ends LF, ready
 * for bodyValues (RFC 8621 §4.1.4). Text is given as it was sent: format=flowed
 * is not rewrapped, HTML not touched.
 */
#ifndef MIME_TEXT_H
#define MIME_TEXT_H

#include "model/message.h"

/*
 * `part` says encoding, charset, type and id (after mime_decode_part_names());
 * `encoded` are the bytes of its section, or the first of them: is_cut. At most
 * max_bytes of UTF-8 are given, never ending inside a character, nor inside a
 * tag of HTML. What declares no charset is UTF-8, ISO-2022-JP or what a <meta>
 * says, else windows-1252.
 *
 * is_encoding_problem: the transfer encoding or charset is unknown, or malformed
 * bytes were met. ERR_NOMEM only. The part id is part's own, the value mem's.
 */
MUST_CHECK enum err mime_body_value(struct arena *mem, const struct part *part,
				    struct bytes encoded, bool is_cut, uint64_t max_bytes,
				    struct body_value *ret);

/* The charset a <meta> at the front of HTML names, borrowed from it, or null. */
struct bytes mime_html_charset(struct bytes html);

#endif

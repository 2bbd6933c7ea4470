/*
 * Content-Transfer-Encodings (RFC 2045 §6, and uuencode) undone as a stream:
 * bytes in, bytes out, in constant memory, and the result does not depend on
 * how the input was cut. Lenient: what is no valid encoding is skipped or
 * passed through, and flagged.
 */
#ifndef MIME_DECODE_H
#define MIME_DECODE_H

#include "base/buf.h"
#include "model/part.h"

#define MIME_DECODER_LINE_MAX  128 /* uuencode has 61 characters and noise */
#define MIME_DECODER_SPACE_MAX 256 /* white space that may turn out to end a line */

/* Plain data; nothing to free. */
struct mime_decoder {
	enum part_encoding encoding;
	bool is_problem; /* read it after mime_decoder_end() */
	int state;
	uint32_t bits; /* base64: the digits of a group so far */
	unsigned bit_count;
	unsigned held_len;
	uint8_t held[MIME_DECODER_SPACE_MAX + MIME_DECODER_LINE_MAX];
};

void mime_decoder_init(struct mime_decoder *d, enum part_encoding encoding);
/* Appends to `to` what `in` decodes to: at most mime_decoder_bound(in.len)
 * bytes. ERR_TOO_BIG, ERR_NOMEM: `to` had no room; the decoder is of no more use. */
MUST_CHECK enum err mime_decoder_push(struct mime_decoder *d, struct bytes in, struct buf *to);
/* The input is complete: appends what was held back. */
MUST_CHECK enum err mime_decoder_end(struct mime_decoder *d, struct buf *to);

static inline size_t mime_decoder_bound(size_t input_bytes)
{
	return input_bytes + MIME_DECODER_SPACE_MAX + MIME_DECODER_LINE_MAX;
}

/* All at once: appends the decoded bytes; *ret_is_problem as above. */
MUST_CHECK enum err mime_decode_all(enum part_encoding encoding, struct bytes in, struct buf *to,
				    bool *ret_is_problem);

/* The encoding that a Content-Transfer-Encoding field names, comments and case
 * aside; false for a name nobody knows (identity then). */
bool mime_encoding_parse(struct bytes field, enum part_encoding *ret);

#endif

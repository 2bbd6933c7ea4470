/* The decoders behind decode.h, one file each. They write to `to`, which has
 * room for mime_decoder_bound(in.len) bytes, and return how many it were. */
#ifndef MIME_DECODE_STEPS_H
#define MIME_DECODE_STEPS_H

#include "mime/decode.h"

size_t decode_base64(struct mime_decoder *d, struct bytes in, uint8_t *to);
size_t decode_base64_end(struct mime_decoder *d, uint8_t *to);
size_t decode_quoted(struct mime_decoder *d, struct bytes in, uint8_t *to);
size_t decode_quoted_end(struct mime_decoder *d, uint8_t *to);
size_t decode_uu(struct mime_decoder *d, struct bytes in, uint8_t *to);
size_t decode_uu_end(struct mime_decoder *d, uint8_t *to);

#endif

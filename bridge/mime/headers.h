/*
 * What a header block says, decoded: for lists (struct headers) and field by
 * field. Input is a raw block as BODY[HEADER], BODY[HEADER.FIELDS (...)], TOP or
 * a message's own beginning give it; it may be broken in every way. Nothing
 * fails for what a block contains: what cannot be understood is left out.
 *
 * Why not GMime's parsers: one odd character makes them drop a whole list of
 * addresses, encoded words that split a character come out as "?", and a base64
 * word without padding as nothing. This runs for every message of every list:
 * 1 to 2 us for an everyday header. The unit tests compare it with GMime where
 * both must agree.
 */
#ifndef MIME_HEADERS_H
#define MIME_HEADERS_H

#include "mime/fields.h"
#include "model/message.h"

#define MIME_REFERENCES_MAX 200  /* the first and the last ones are kept */
#define MIME_FIELDS_MAX     5000 /* of a list of fields */

/*
 * Fills *ret from `block`; all memory is mem's, the block may go. `charset` is
 * what raw 8-bit text is in when it is not UTF-8: pass the text part's charset
 * where it is known; null: that of a Content-Type field in the block, else
 * windows-1252.
 *
 * Fields that may stand once and stand twice: addresses are put together, of all
 * others the first one counts. ERR_NOMEM only.
 */
MUST_CHECK enum err mime_headers_decode(struct arena *mem, struct bytes block, struct bytes charset,
					struct headers *ret);

/* When the message came, for those who are not told by a server: the date of
 * the topmost Received field, else Date. */
struct zoned_time mime_received_time(struct bytes block);

/* Is it multipart/mixed? Where the structure is not known, what has attachments mostly
 * is. */
bool mime_looks_mixed(struct bytes block);

struct header_fields {
	struct header_field *at;
	size_t count;
};

/* All fields in their order, or those with one of `names` (NULL: all), decoded
 * as text. ERR_NOMEM only. */
MUST_CHECK enum err mime_header_fields(struct arena *mem, struct bytes block, struct bytes charset,
				       const struct bytes_list *names, struct header_fields *ret);

/* The ids of a Message-ID, In-Reply-To or References value (RFC 5322 §3.6.4),
 * without angle brackets and white space. Words outside of brackets count only
 * where there are no brackets at all and the word has an "@". */
MUST_CHECK enum err mime_ids_parse(struct arena *mem, struct bytes value, struct bytes_list *ret);

#endif

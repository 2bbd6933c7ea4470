/*
 * Content-Type and Content-Disposition values: the type, the parameters
 * (RFC 2045 §5.1, RFC 2183), and what they mean once RFC 2231 (continuations,
 * charsets), RFC 2047 (encoded words, forbidden here and met everywhere) and raw
 * 8-bit are undone. Lenient: unquoted values with spaces, quotes inside quotes,
 * missing semicolons, Windows paths.
 */
#ifndef MIME_PARAMS_H
#define MIME_PARAMS_H

#include "model/part.h"

#define MIME_PARAMS_MAX         200 /* of one field; what follows is dropped */
#define MIME_FILENAME_MAX_BYTES 255 /* of mime_clean_filename() */

/* A value with parameters. */
struct mime_type {
	struct bytes type; /* lower-case; null when there is none */
	struct param_list params;
};

/* Content-Type. A broken one gives the nearest thing that makes sense: "text"
 * is text/plain, "foo" application/octet-stream; null or empty gives a null
 * type. ERR_NOMEM only. */
MUST_CHECK enum err mime_type_parse(struct arena *mem, struct bytes value, struct mime_type *ret);
/* Content-Disposition: type is "attachment", "inline" or another word. */
MUST_CHECK enum err mime_disposition_parse(struct arena *mem, struct bytes value,
					   struct mime_type *ret);

/* The charset that a raw Content-Type value names, borrowed from it; null when
 * it names none. */
struct bytes mime_type_charset(struct bytes value);

/* The value of one parameter, decoded, trimmed, UTF-8: "name*0*", "name*1",
 * "name*" or "name". `charset` as in words.h. Null when there is none.
 * ERR_NOMEM only. */
MUST_CHECK enum err mime_param_decode(struct arena *mem, const struct param_list *params,
				      const char *name, struct bytes charset, struct bytes *ret);

/*
 * Makes a tree presentable, whether it comes from BODYSTRUCTURE or from
 * mime_message_parse(): fills name (file name: `filename`, else `name`) and
 * charset (lower-case; us-ascii for text that does not say) of every part, takes
 * the brackets off the cid, and makes sure that every text in it is UTF-8.
 * ERR_NOMEM only.
 */
MUST_CHECK enum err mime_decode_part_names(struct arena *mem, struct part *root);

/* A file name that is safe to propose: no path, no control characters, nothing
 * that a file system refuses, at most MIME_FILENAME_MAX_BYTES with the
 * extension kept. Null when nothing is left. */
struct bytes mime_clean_filename(struct arena *mem, struct bytes name);

#endif

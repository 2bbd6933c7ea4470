/*
 * Cursors: "c1." and base64url of a check and the place in a list: the last
 * message's id and, where the order is not that of arrival, its sort value. The
 * check binds it to the list (account, folder, filters, order), so that a
 * cursor of another list, or one made up, is refused. It guards against
 * mistakes, not against malice: all that a cursor can name is the user's own.
 */
#ifndef ENDPOINT_CURSOR_H
#define ENDPOINT_CURSOR_H

#include "base/arena.h"
#include "base/hash.h"
#include "model/message_id.h"

struct cursor {
	struct message_id id;
	struct bytes sort_value; /* null in the order of arrival */
};

/* Longest one that is looked at. */
#define CURSOR_MAX_BYTES 4096

/* `list` is the digest of everything that makes the list. Null when memory is
 * short. */
struct bytes cursor_format(struct arena *mem, const struct hash_sha256 *list,
			   const struct cursor *c);
/* ERR_INVALID: malformed, or of another list. sort_value is in mem. */
MUST_CHECK enum err cursor_parse(struct bytes text, const struct hash_sha256 *list,
				 struct arena *mem, struct cursor *ret);

#endif

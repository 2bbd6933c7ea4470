/*
 * A summary as bytes, for a store that several processes share:
 *	version codec flags check lasting-length lasting [preview]
 * Numbers are little-endian. `check` is over all else and the key, so that what is
 * damaged, cut, or another message's is not taken for a summary. It is no protection
 * against who can write to the store.
 */
#ifndef CACHE_SUMMARY_SAVED_H
#define CACHE_SUMMARY_SAVED_H

#include "base/buf.h"
#include "cache/summary_cache.h"

/* Larger ones are not worth keeping. */
#define SUMMARY_SAVED_MAX ((size_t)64 << 10)

/* `codec`: the version of the form that whoever wrote the bytes gives them. The buffer
 * tells by its error when it was too much. */
void summary_save(struct buf *to, uint8_t codec, struct bytes key, const struct summary_bytes *s);
/* False: it is none of this codec and key. Borrows from `saved`; the serial is 0. */
MUST_CHECK bool summary_load(struct bytes saved, uint8_t codec, struct bytes key,
			     struct summary_bytes *ret);

#endif

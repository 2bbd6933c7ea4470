/*
 * What never changes of messages, as the front end's codec wrote it, for all accounts
 * of the process: bounded, the longest unused goes first. Holds only messages that
 * are named by UIDs. Nothing is lost with it but time.
 */
#ifndef CACHE_SUMMARY_CACHE_H
#define CACHE_SUMMARY_CACHE_H

#include "base/err.h"
#include "model/message_id.h"

struct cached_summary;

struct summary_cache {
	size_t max_bytes;
	size_t entries, bytes; /* bytes: of memory, about */
	uint64_t hits, misses, evicted;
	/* Private. */
	struct cached_summary **buckets;
	size_t bucket_count; /* a power of two */
	struct cached_summary *newest, *oldest;
	uint64_t seed, last_serial;
};

/* Borrowed until the next summary_cache_put(). */
struct summary_bytes {
	struct bytes lasting;
	struct bytes preview; /* null: not known */
	/* Another one whenever any of this became other bytes, or was forgotten in
	 * between; always higher than all before. */
	uint64_t serial;
};

/* ERR_NOMEM, ERR_INTERNAL (no random bytes). */
MUST_CHECK enum err summary_cache_init(struct summary_cache *c, size_t max_bytes);
void summary_cache_done(struct summary_cache *c);

MUST_CHECK bool summary_cache_find(struct summary_cache *c, const struct folder_id *folder,
				   uint32_t uidvalidity, uint32_t uid, struct summary_bytes *ret);
/* Copies. A null preview leaves the one that is known. Without memory, or where one
 * alone is over the limit, it is not kept. True when these bytes were not there before:
 * what is known now is in *ret then, borrowed as above, unless ret is NULL. */
bool summary_cache_put(struct summary_cache *c, const struct folder_id *folder,
		       uint32_t uidvalidity, uint32_t uid, const struct summary_bytes *summary,
		       struct summary_bytes *ret);

#endif
